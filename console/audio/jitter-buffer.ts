/** Length of a frame. */
const FRAME_MS = 20;
/** What is collected before the first frame is played, and again whenever there was none to play. */
const COLLECTED_MS = 80;
/** What is late by more than this is not played any more. */
const MAX_LATE_MS = 300;
/** How long frames wait for more. The end of what somebody said is short. */
const MAX_WAIT_MS = 120;

/** Holds frames of 20 ms back a little, so that one that comes late leaves no gap. */
export class JitterBuffer<Frame> {
  private frames: Frame[] = [];
  private isPlaying = false;
  private firstAtMs = 0;

  put(frame: Frame, nowMs: number): void {
    if (this.frames.length === 0) this.firstAtMs = nowMs;
    this.frames.push(frame);
    if (this.frames.length * FRAME_MS > MAX_LATE_MS)
      this.frames.splice(0, this.frames.length - COLLECTED_MS / FRAME_MS);
  }

  /** Returns the frame to play now. `undefined`: silence. */
  take(nowMs: number): Frame | undefined {
    const isFull = this.frames.length * FRAME_MS >= COLLECTED_MS || nowMs - this.firstAtMs >= MAX_WAIT_MS;
    this.isPlaying = this.frames.length > 0 && (this.isPlaying || isFull);
    return this.isPlaying ? this.frames.shift() : undefined;
  }
}
