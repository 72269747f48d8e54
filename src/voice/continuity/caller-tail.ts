import type { AudioChunk } from '../../audio/chunk.js';

/** A detector notices speech late; this much before its signal still belongs to the utterance. In 20 ms frames. */
const PRE_ROLL_FRAMES = 30;
/** So much silence after an utterance tells the next session that it is over. */
const PAUSE_FRAMES = 100;
/** What is kept of one utterance, or of a time without a session: ten seconds. */
const MAX_FRAMES = 500;

type State =
  /** Nothing is said that a next session would need: only the last moments are kept. */
  | { name: 'rolling' }
  | { name: 'keeping'; isUtterance: boolean }
  /** The utterance is over, its text is not known yet: some silence after it is kept, and nothing more. */
  | { name: 'ended'; roomFrames: number };

/**
 * The caller's audio that a next session would need to hear: the utterance whose text is not known yet, and what is
 * said while there is no session. Keeps only references; nothing is copied or decoded.
 */
export class CallerTail {
  private frames: AudioChunk[] = [];
  private state: State = { name: 'rolling' };

  push(chunk: AudioChunk): void {
    if (this.state.name === 'ended' && this.state.roomFrames-- <= 0) return;
    this.frames.push(chunk);
    const limit = this.state.name === 'rolling' ? PRE_ROLL_FRAMES : MAX_FRAMES;
    // Dropped in blocks: shifting a frame off for every frame pushed would cost more than the push.
    if (this.frames.length >= limit + PRE_ROLL_FRAMES) this.frames.splice(0, this.frames.length - limit);
  }

  /** The caller began to speak: everything is kept from here on, the last moments included. */
  utteranceStarted(): void {
    this.state = { name: 'keeping', isUtterance: true };
  }

  utteranceEnded(): void {
    if (this.hasUtterance) this.state = { name: 'ended', roomFrames: PAUSE_FRAMES };
  }

  /** There is no session: everything is kept. */
  keep(): void {
    this.state = { name: 'keeping', isUtterance: this.hasUtterance };
  }

  /** What was kept has been understood, or answered. */
  forget(): void {
    this.state = { name: 'rolling' };
    this.frames = [];
  }

  /** Something was said whose words are not known. */
  get hasUtterance(): boolean {
    return this.state.name === 'ended' || (this.state.name === 'keeping' && this.state.isUtterance);
  }

  /** In the order it was heard. */
  get kept(): readonly AudioChunk[] {
    return this.state.name === 'rolling' ? [] : this.frames;
  }
}
