import type { Frame } from './frame.js';

/** A processor's place in the pipeline. Both methods are synchronous and never throw. */
export interface Link {
  /** Passes a frame on to the next processor in its direction, as a function call. */
  push(frame: Frame): void;
  /**
   * Starts a new frame here. While another frame is on its way this one waits until that has arrived, so that every
   * processor sees frames in the same order; system frames overtake what waits.
   */
  emit(frame: Frame): void;
}

/** One stage. Handles what concerns it and pushes everything else on. */
export interface Processor {
  readonly name: string;
  /** Called once, before the first frame; keep `link` to emit frames of one's own later. */
  attach?(link: Link): void;
  process(frame: Frame, link: Link): void;
  /** The call is over: dispose of timers and listeners. */
  close?(): void;
}
