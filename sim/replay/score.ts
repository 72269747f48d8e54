import { textOf, type Json, type Message, type Tape, type TapeLine } from '../../src/tape/format.js';

type Player = (m: Message) => void;

/**
 * What came to the gateway in a recorded call, each message with the player it is meant for. Code that asks for something gets
 * the next player of its kind, in the order of the tape.
 */
export class Score {
  /** The messages that came in, in their order. */
  readonly inputs: readonly TapeLine[];
  /** When the timers of the recorded run were due. */
  readonly timers: readonly number[];
  private readonly values = new Map<string, Json[]>();
  private readonly questions = new Map<string, Message[]>();
  private readonly sockets = new Map<string, number[]>();
  private readonly players = new Map<string, Player>();
  /** Messages that came before the code asked for them, because it asks later than it did when it was recorded. */
  private readonly early = new Map<string, Message[]>();

  private readonly lines: readonly TapeLine[];

  constructor({ lines }: Tape) {
    this.lines = lines;
    this.inputs = inputsOf(lines);
    this.timers = this.inputs.flatMap(({ m }) => (typeof m['timer'] === 'number' ? [m['timer']] : []));
    for (const { dir, leg, m } of lines) {
      if (leg === 'decision' && dir === 'in' && typeof m['value'] === 'string')
        listOf(this.values, m['value']).push(m['is'] ?? null);
      if (dir !== 'out') continue;
      if ('call' in m) listOf(this.questions, questionOf(m)).push(m);
      else if ('connect' in m) listOf(this.sockets, textOf(m['provider'])).push(Number(m['socket']));
      else if ('open' in m) listOf(this.sockets, `voice ${textOf(m['provider'])}`).push(Number(m['session']));
    }
  }

  /** Whether the gateway had a voice for its own lines. */
  get hasOwnVoice(): boolean {
    return [...this.questions.keys()].some((question) => question.startsWith('line '));
  }

  /** Whether the gateway never gave up the next socket of OpenAI, or this stream, because its other side was silent. */
  isAlive(name: 'socket' | 'stream', number = this.sockets.get('openai')?.[0]): boolean {
    const own = this.lines.filter(({ m }) => m[name] === number);
    const end = own.find(({ m }) => 'closed' in m || 'terminate' in m);
    return end === undefined || !('terminate' in end.m);
  }

  /** Returns the next recorded value. `undefined` if there are no more. */
  value(name: string): { value: unknown } | undefined {
    const value = this.values.get(name)?.shift();
    if (value === undefined) return undefined;
    if (value === null) return { value: undefined };
    const { base64 } = (typeof value === 'object' ? value : {}) as { base64?: unknown };
    return { value: typeof base64 === 'string' ? Buffer.from(base64, 'base64') : value };
  }

  /**
   * Lets `play` have what came on the next socket or session of this kind. Nothing comes if the tape has no more. `begin` is
   * called at once with what a session can do.
   */
  join(kind: string, play: Player, begin?: Player): void {
    const number = this.sockets.get(kind)?.shift();
    if (number === undefined) return;
    const key = `${kind.startsWith('voice ') ? 'session' : 'socket'} ${number}`;
    const ofSession = this.lines.filter(({ m }) => m['session'] === number);
    const can = ofSession.flatMap(({ m }) => [...((m['can'] ?? []) as readonly string[]), ...Object.keys(m)]);
    if (ofSession.length > 0) begin?.({ session: number, can });
    this.listen(key, play);
  }

  /** Resolves or rejects as the recorded question of this kind did. Never settles if the tape has none. */
  answer<T>(question: string, read: (answer: Json | undefined) => T, failed: (m: Message) => Error): Promise<T> {
    const m = this.questions.get(question)?.shift();
    return new Promise((resolve, reject) => {
      if (m === undefined) return;
      this.listen(`call ${textOf(m['call'])}`, (answer) => {
        if ('failed' in answer) reject(failed(answer['failed'] as Message));
        else resolve(read(answer['answer']));
      });
    });
  }

  /** Plays one message. */
  play(m: Message): void {
    const key = placeOf(m);
    const player = this.players.get(key);
    if (player === undefined) listOf(this.early, key).push(m);
    else player(m);
  }

  listen(key: string, play: Player): void {
    this.players.set(key, play);
    const early = this.early.get(key) ?? [];
    this.early.delete(key);
    // Not at once, because nobody listens to a socket before it is returned.
    if (early.length > 0) queueMicrotask(() => early.forEach(play));
  }
}

/** The kind of a question. Those of one kind are answered in their order. */
export function questionOf(m: Message): string {
  if ('method' in m && 'to' in m) return `${textOf(m['to'])}.${textOf(m['method'])}`;
  if ('host' in m) return `${textOf(m['method'])} ${textOf(m['path'])}`;
  if ('tool' in m) return `tool ${textOf(m['tool'])}`;
  if ('line' in m) return `line ${textOf(m['line'])}`;
  if ('write' in m) return 'write';
  return 'session' in m ? `session ${textOf(m['session'])} ${'render' in m ? 'render' : 'summarize'}` : '';
}

/**
 * What came from outside. That includes when the client of Nova took each event that the gateway had for it, because a service
 * that takes none has stalled.
 */
function inputsOf(lines: readonly TapeLine[]): TapeLine[] {
  const nova = new Set(lines.flatMap(({ m }) => (m['provider'] === 'nova' && 'connect' in m ? [m['socket']] : [])));
  return lines.flatMap((line): TapeLine[] => {
    const { dir, leg, m, t } = line;
    if (dir === 'in') return 'value' in m ? [] : [line];
    if (stopOf(line) !== undefined) return [line];
    if (dir !== 'out' || !('message' in m || 'close' in m) || !nova.has(m['socket'])) return [];
    return [{ t, leg, dir: 'in', m: { socket: m['socket'] ?? 0, pull: true } }];
  });
}

/** Whether the gateway was told to stop, or was closed, which is no decision of the call's own code. */
export function stopOf({ dir, leg, m }: TapeLine): 'drain' | 'close' | undefined {
  if (leg !== 'decision' || dir !== undefined) return undefined;
  if (((m['escalation'] ?? {}) as Message)['reason'] === 'stopping') return 'drain';
  return m['type'] === 'ended' && m['outcome'] === 'abandoned' ? 'close' : undefined;
}

function placeOf(m: Message): string {
  const kind = ['request', 'stream', 'socket', 'call', 'session'].find((name) => name in m) ?? '';
  return `${kind} ${textOf(m[kind])}`;
}

function listOf<T>(map: Map<string, T[]>, key: string): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}
