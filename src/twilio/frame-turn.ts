/** Takes one frame of caller audio. `receivedMs`: monotonic. */
export interface FrameTaker {
  takeFrame(payload: string, receivedMs: number): void;
}

/**
 * Frames passed on together at most. After a pause of the process (a garbage collection) a hundred are there at once: the
 * first of them would wait until the last is read, and more come meanwhile.
 */
export const MOST_TOGETHER = 8;

/**
 * Frames of all streams that arrive in one turn of the event loop, passed on together once they have been read, a few at
 * a time. A frame waits for those that came with it and for nothing else; and the processor, which does each step for several frames
 * in a row instead of all steps for each, needs less time for them (docs/performance.md).
 */
export class FrameTurn {
  private readonly onError: (error: unknown) => void;
  private takers: FrameTaker[] = [];
  private payloads: string[] = [];
  private receivedMs: number[] = [];

  /** `onError`: a taker threw; its frame is lost, and nobody else's. */
  constructor(onError: (error: unknown) => void) {
    this.onError = onError;
  }

  add(taker: FrameTaker, payload: string, receivedMs: number): void {
    if (this.takers.length === 0) setImmediate(this.passOn);
    this.takers.push(taker);
    this.payloads.push(payload);
    this.receivedMs.push(receivedMs);
    if (this.takers.length === MOST_TOGETHER) this.passOn();
  }

  private readonly passOn = (): void => {
    const { payloads, receivedMs, takers } = this;
    this.takers = [];
    this.payloads = [];
    this.receivedMs = [];
    for (const [index, taker] of takers.entries()) {
      try {
        taker.takeFrame(payloads[index] as string, receivedMs[index] as number);
      } catch (error) {
        this.onError(error);
      }
    }
  };
}
