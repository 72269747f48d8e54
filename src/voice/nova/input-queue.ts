interface Entry {
  bytes: Uint8Array;
  /** Undefined: not audio, and never dropped. */
  audioMs: number | undefined;
}

/** The shape in which the SDK takes an input event. */
export interface InputChunk {
  chunk: { bytes: Uint8Array };
}

type Pull = (result: IteratorResult<InputChunk, undefined>) => void;

/** `ending`: what waits is still given. */
type State = 'open' | 'ending' | 'over';

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };
const encoder = new TextEncoder();

/**
 * The body of the request: events wait here until the SDK pulls them. Bounded: when the service takes no more audio, the
 * oldest audio makes way, never another event. The SDK itself swallows some three seconds before it stops pulling.
 */
export class InputQueue implements AsyncIterable<InputChunk> {
  private readonly maxAudioMs: number;
  private readonly onDropped: () => void;
  private entries: Entry[] = [];
  private audioMs = 0;
  private droppedMs = 0;
  private pull: Pull | undefined;
  private state: State = 'open';

  constructor(options: { maxAudioMs: number; onDropped: () => void }) {
    this.maxAudioMs = options.maxAudioMs;
    this.onDropped = options.onDropped;
  }

  /** Audio dropped since something was last pulled. */
  get refusedMs(): number {
    return this.droppedMs;
  }

  /** Adds events that have to stay together, in order. */
  push(events: readonly string[]): void {
    for (const event of events) this.add({ bytes: encoder.encode(event), audioMs: undefined });
  }

  pushAudio(event: string, audioMs: number): void {
    if (this.state !== 'open') return;
    this.add({ bytes: encoder.encode(event), audioMs });
    while (this.audioMs > this.maxAudioMs) this.dropOldest();
  }

  /** What was pushed is still given, then the body ends. */
  end(): void {
    if (this.state !== 'open') return;
    this.state = 'ending';
    if (this.entries.length === 0) this.abort();
  }

  /** The body ends at once. */
  abort(): void {
    this.state = 'over';
    this.entries = [];
    this.audioMs = 0;
    this.pull?.(OVER);
    this.pull = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<InputChunk, undefined> {
    return { next: () => this.next(), return: () => this.leave() };
  }

  private next(): Promise<IteratorResult<InputChunk, undefined>> {
    this.droppedMs = 0;
    const entry = this.entries.shift();
    if (entry !== undefined) {
      this.audioMs -= entry.audioMs ?? 0;
      return Promise.resolve(given(entry));
    }
    if (this.state !== 'open') return Promise.resolve(OVER);
    return new Promise((resolve) => {
      this.pull = resolve;
    });
  }

  private leave(): Promise<IteratorReturnResult<undefined>> {
    this.abort();
    return Promise.resolve(OVER);
  }

  private add(entry: Entry): void {
    if (this.state !== 'open') return;
    const { pull } = this;
    if (pull !== undefined) {
      this.pull = undefined;
      pull(given(entry));
      return;
    }
    this.entries.push(entry);
    this.audioMs += entry.audioMs ?? 0;
  }

  private dropOldest(): void {
    const index = this.entries.findIndex((entry) => entry.audioMs !== undefined);
    const [dropped] = this.entries.splice(index, 1);
    const audioMs = dropped?.audioMs ?? 0;
    this.audioMs -= audioMs;
    this.droppedMs += audioMs;
    this.onDropped();
  }
}

function given(entry: Entry): IteratorYieldResult<InputChunk> {
  return { done: false, value: { chunk: { bytes: entry.bytes } } };
}
