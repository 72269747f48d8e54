interface Entry {
  bytes: Uint8Array;
  /** `undefined` for what is never dropped. */
  audioMs: number | undefined;
}

/** An input event in the shape that the SDK takes. */
export interface InputChunk {
  chunk: { bytes: Uint8Array };
}

type Pull = (result: IteratorResult<InputChunk, undefined>) => void;

/** While `ending`, the waiting events are still sent. */
type State = 'open' | 'ending' | 'over';

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };
const encoder = new TextEncoder();

/**
 * The body of the request, in which events wait until the SDK pulls them. It is bounded: when the service takes no more
 * audio, the oldest of the caller's audio is dropped. What the rest depends on is never dropped: the other events,
 * their order, and the silence before the first text. The SDK itself buffers some three seconds before it stops pulling.
 */
export class InputQueue implements AsyncIterable<InputChunk> {
  private readonly maxAudioMs: number;
  private readonly onDropped: () => void;
  private entries: Entry[] = [];
  private audioMs = 0;
  private unreadAudioMs = 0;
  private pull: Pull | undefined;
  private state: State = 'open';

  constructor(options: { maxAudioMs: number; onDropped: () => void }) {
    this.maxAudioMs = options.maxAudioMs;
    this.onDropped = options.onDropped;
  }

  /** Length of the audio added since the SDK last pulled an event. */
  get unreadMs(): number {
    return this.unreadAudioMs;
  }

  /** Adds events that must be sent one after the other and never dropped. */
  push(events: readonly string[]): void {
    for (const event of events) this.add({ bytes: encoder.encode(event), audioMs: undefined });
  }

  pushAudio(event: string, audioMs: number): void {
    if (this.state !== 'open') return;
    // Nothing is unread while a reader waits, because it takes this event at once.
    if (this.pull === undefined) this.unreadAudioMs += audioMs;
    this.add({ bytes: encoder.encode(event), audioMs });
    while (this.audioMs > this.maxAudioMs) this.dropOldest();
  }

  /** Ends the body after the events that wait. */
  end(): void {
    if (this.state !== 'open') return;
    this.state = 'ending';
    if (this.entries.length === 0) this.abort();
  }

  /** Ends the body at once. */
  abort(): void {
    this.state = 'over';
    this.entries = [];
    this.audioMs = 0;
    this.pull?.(OVER);
    this.pull = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<InputChunk, undefined> {
    return { next: () => this.next(), return: () => this.stop() };
  }

  private next(): Promise<IteratorResult<InputChunk, undefined>> {
    this.unreadAudioMs = 0;
    const entry = this.entries.shift();
    if (entry !== undefined) {
      this.audioMs -= entry.audioMs ?? 0;
      return Promise.resolve(yielded(entry));
    }
    if (this.state !== 'open') return Promise.resolve(OVER);
    return new Promise((resolve) => {
      this.pull = resolve;
    });
  }

  private stop(): Promise<IteratorReturnResult<undefined>> {
    this.abort();
    return Promise.resolve(OVER);
  }

  private add(entry: Entry): void {
    if (this.state !== 'open') return;
    const { pull } = this;
    if (pull !== undefined) {
      this.pull = undefined;
      pull(yielded(entry));
      return;
    }
    this.entries.push(entry);
    this.audioMs += entry.audioMs ?? 0;
  }

  private dropOldest(): void {
    const index = this.entries.findIndex((entry) => entry.audioMs !== undefined);
    const [dropped] = this.entries.splice(index, 1);
    this.audioMs -= dropped?.audioMs ?? 0;
    this.onDropped();
  }
}

function yielded(entry: Entry): IteratorYieldResult<InputChunk> {
  return { done: false, value: { chunk: { bytes: entry.bytes } } };
}
