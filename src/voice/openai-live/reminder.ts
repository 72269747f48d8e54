import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/**
 * Reminds a model that owes an answer and says nothing. A model that decides itself when to speak may take a question for a
 * thought, and it is cheaper to remind it than to replace its session.
 */
export class Reminder {
  private readonly options: {
    clock: Clock;
    /** Returns whether it would be wrong to speak now: somebody does, or the backend is at work. */
    isOccupied: () => boolean;
    remind: () => void;
  };
  private timer: Timer | undefined;

  constructor(options: Reminder['options']) {
    this.options = options;
  }

  /** Called when the model has to speak next. It is reminded once. */
  expect(): void {
    this.settle();
    this.timer = this.options.clock.setTimer(SILENCE_BUDGET.liveReminderMs, () => {
      this.timer = undefined;
      if (!this.options.isOccupied()) this.options.remind();
    });
  }

  /** Called when the model speaks, or need not any more. */
  settle(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
