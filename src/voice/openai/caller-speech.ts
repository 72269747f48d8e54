import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';

/** Maximum number of times in a row an answer continues after a noise. A noise that goes on would cut it off without end. */
const MAX_CONTINUED = 3;

type State =
  | { name: 'none' }
  /** `hasCutOff`: it has interrupted an answer, which the model still owes if this was noise. */
  | { name: 'speaking'; hasCutOff: boolean }
  /** The speech has ended. The timer ends the wait for the service to take it as a turn. */
  | { name: 'stopped'; hasCutOff: boolean; timer: Timer };

/**
 * The speech of the caller that the service has reported last, until it becomes a turn. The service may report no end of
 * it, and may take it for noise without saying so.
 */
export class CallerSpeech {
  private readonly options: {
    clock: Clock;
    /** Called once for each speech when it has ended. */
    onStopped: () => void;
    /** Called when the speech has become no turn. `isOwed`: it has cut an answer off, which should continue. */
    onDropped: (isOwed: boolean) => void;
  };
  private state: State = { name: 'none' };
  /** How many times in a row an answer has continued after a noise. */
  private continued = 0;

  constructor(options: CallerSpeech['options']) {
    this.options = options;
  }

  started(hasInterrupted: boolean): void {
    const hasCutOff = this.state.name !== 'none' && this.state.hasCutOff;
    this.forget();
    this.state = { name: 'speaking', hasCutOff: hasCutOff || hasInterrupted };
  }

  /** Called when the caller has not heard the end of an answer because of the speech. */
  cutOff(): void {
    if (this.state.name !== 'none') this.state.hasCutOff = true;
  }

  /** Called when the owner does not want the answer any more. */
  cancelled(): void {
    if (this.state.name !== 'none') this.state.hasCutOff = false;
  }

  /** Called for the end of the speech, and for events that show it if the service has not reported it. */
  stopped(): void {
    if (this.state.name !== 'speaking') return;
    const { hasCutOff } = this.state;
    const timer = this.options.clock.setTimer(SILENCE_BUDGET.speechTakenMs, () => this.over());
    this.state = { name: 'stopped', hasCutOff, timer };
    this.options.onStopped();
  }

  /** Called when the speech is part of the conversation. */
  taken(): void {
    this.answered();
    this.stopped();
    this.forget();
  }

  /** Called when the caller has said, written or keyed something. Noises then count anew. */
  answered(): void {
    this.continued = 0;
  }

  /** Called when the speech becomes no turn. */
  over(): void {
    if (this.state.name === 'none') return;
    const isOwed = this.state.hasCutOff && this.continued < MAX_CONTINUED;
    if (isOwed) this.continued++;
    this.forget();
    this.options.onDropped(isOwed);
  }

  forget(): void {
    if (this.state.name === 'stopped') this.state.timer.cancel();
    this.state = { name: 'none' };
  }
}
