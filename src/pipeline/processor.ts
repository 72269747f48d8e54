import type { Frame } from './frame.js';

/** A processor's place in the pipeline. Both methods are synchronous and never throw. */
export interface Link {
  /** Passes a frame to the next processor in its direction, as a function call. */
  push(frame: Frame): void;
  /**
   * Starts a new frame here. If another frame is on its way, the new one waits until that has arrived, so that every
   * processor sees frames in the same order. System frames overtake the frames that wait.
   */
  emit(frame: Frame): void;
}

/** One stage of the pipeline. Handles the frames it knows and pushes all others on. */
export interface Processor {
  readonly name: string;
  /** Called once, before the first frame. A processor that emits frames later keeps `link`. */
  attach?(link: Link): void;
  process(frame: Frame, link: Link): void;
  /** Called once, when the pipeline closes. Disposes of timers and listeners. */
  close?(): void;
}
