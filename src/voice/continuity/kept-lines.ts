import { taped } from '../../base/taped.js';

/** Maximum number of lines kept in a process, of some seconds each. */
const MAX_LINES = 64;
/** Maximum length of a kept line in bytes of mu-law, 15 s. */
const MAX_BYTES = 120_000;
/** Maximum number of times a line is asked for that no model has spoken. */
const MAX_TRIES = 3;

/** A line as one voice says it. */
export interface LineInVoice {
  provider: string;
  /** `undefined` if the configured voice applies. */
  voice: string | undefined;
  language: string;
  text: string;
}

/**
 * Lines of the gateway that a model has spoken while all was well. When that model is lost or slow, the caller hears them
 * in its voice and in their language. All calls of a process share them.
 */
export class KeptLines {
  private readonly lines = new Map<string, Uint8Array>();
  private readonly tries = new Map<string, number>();

  get(line: LineInVoice): Uint8Array | undefined {
    return taped('kept-line', () => this.lines.get(keyOf(line)));
  }

  /** Takes mu-law at 8 kHz. The oldest line makes room. */
  keep(line: LineInVoice, mulaw: Uint8Array): void {
    if (mulaw.length === 0 || mulaw.length > MAX_BYTES) return;
    put(this.lines, keyOf(line), mulaw);
  }

  /** Whether a model should be asked for the line. Counts as a try. */
  isWanted(line: LineInVoice): boolean {
    return taped('line-wanted', () => this.wants(line));
  }

  private wants(line: LineInVoice): boolean {
    const key = keyOf(line);
    const tries = this.tries.get(key) ?? 0;
    if (this.lines.has(key) || tries >= MAX_TRIES) return false;
    put(this.tries, key, tries + 1);
    return true;
  }
}

function keyOf({ language, provider, text, voice }: LineInVoice): string {
  return JSON.stringify([provider, voice ?? '', language, text]);
}

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_LINES) return;
    map.delete(oldest);
  }
}
