import type { AudioChunk } from '../../audio/chunk.js';

/** A detector notices speech late; this much before its signal still belongs to the utterance. In 20 ms frames. */
const PRE_ROLL_FRAMES = 30;
/** What is kept of one utterance, or of a time without a session: ten seconds. */
const MAX_FRAMES = 500;

/**
 * The caller's audio that a next session would need to hear: the utterance whose text is not known yet, and what is
 * said while there is no session. Keeps only references; nothing is copied or decoded.
 */
export class CallerTail {
  private frames: AudioChunk[] = [];
  private keeps = false;

  push(chunk: AudioChunk): void {
    this.frames.push(chunk);
    const limit = this.keeps ? MAX_FRAMES : PRE_ROLL_FRAMES;
    // Dropped in blocks: shifting a frame off for every frame pushed would cost more than the push.
    if (this.frames.length >= limit + PRE_ROLL_FRAMES) this.frames.splice(0, this.frames.length - limit);
  }

  /** From here on everything is kept, the last moments included. */
  keep(): void {
    this.keeps = true;
  }

  /** What was kept is known in words now. */
  forget(): void {
    this.keeps = false;
    this.frames = [];
  }

  get isKeeping(): boolean {
    return this.keeps;
  }

  /** In the order it was heard. */
  get kept(): readonly AudioChunk[] {
    return this.keeps ? this.frames : [];
  }
}
