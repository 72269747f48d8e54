import type { Clock } from '../../base/clock.js';

/** Maximum time between the two signs of one beginning. The gateway's own comes first, unless the beginning is soft. */
const TOGETHER_MS = 500;

/**
 * Finds out that the caller speaks from two signs that confirm each other: the service's event and the loudness of the
 * line. The service's marker of an interruption was not seen everywhere, and the event alone may be noise.
 */
export class BargeIn {
  private readonly options: {
    clock: Clock;
    /** Returns whether the caller speaks, by loudness. */
    isLoud: () => boolean;
    onSpeech: () => void;
  };
  private noticedMs: number | undefined;

  constructor(options: BargeIn['options']) {
    this.options = options;
  }

  /** Called when the service noticed speech. */
  noticed(): void {
    const { clock, isLoud, onSpeech } = this.options;
    if (isLoud()) onSpeech();
    else this.noticedMs = clock.now();
  }

  /** Called when the line became loud. */
  loud(): void {
    const { noticedMs } = this;
    this.noticedMs = undefined;
    if (noticedMs !== undefined && this.options.clock.now() - noticedMs <= TOGETHER_MS) this.options.onSpeech();
  }
}
