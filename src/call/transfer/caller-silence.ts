import type { CallStateMachine } from '../call-state.js';
import type { Departure } from './departure.js';
import { UnansweredTurns } from '../media/unanswered-turns.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Logger } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Turn } from '../../voice/history.js';
import type { ResponseStatus } from '../../voice/session.js';

/** Prefix of the ids of lines to a silent caller. */
const IDLE_SAY = 'idle-';

export interface CallerSilenceOptions {
  /** Number of answers in a row without a word from the caller's side, after which the call ends. 0: never. */
  maxUnansweredTurns: number;
  machine: CallStateMachine;
  departure: Departure;
  escalationWatch: EscalationWatch;
  /** Returns what is said, in the language of the call. */
  lines: () => { stillThere: string; stillThereAgain: string; silentGoodbye: string };
  log: Logger;
  metrics: Metrics;
  escalate: (escalation: Escalation) => void;
}

/** What the gateway does about a caller from whom no word comes: questions first, then a goodbye or an agent. */
export class CallerSilence {
  private readonly options: CallerSilenceOptions;
  private readonly unanswered: UnansweredTurns;
  private sayCount = 0;

  constructor(options: CallerSilenceOptions) {
    this.options = options;
    this.unanswered = new UnansweredTurns({
      limit: options.maxUnansweredTurns,
      onReached: () => this.onUnanswered(),
    });
  }

  onTurn(turn: Readonly<Turn>): void {
    this.unanswered.note(turn);
  }

  onDigit(): void {
    this.unanswered.answered();
  }

  /** The caller is silent for the `times`-th time: two questions, then a goodbye, or a transfer if that trigger is on. */
  onIdle(times: number): void {
    const { departure, escalate, escalationWatch, log, machine } = this.options;
    if (machine.state.name !== 'talking') return;
    const lines = this.options.lines();
    log.info({ times }, 'the caller is silent');
    const escalation = times > 2 ? escalationWatch.callerSilent() : undefined;
    if (escalation !== undefined) escalate(escalation);
    else if (times > 2) departure.endCall('caller_silent', lines.silentGoodbye);
    else
      machine.state.media.conversation.say(
        times === 1 ? lines.stillThere : lines.stillThereAgain,
        `${IDLE_SAY}${this.sayCount++}`,
      );
  }

  /** A line that the gateway wanted to be said is over. */
  onSaid(sayId: string, status: ResponseStatus): void {
    const { state } = this.options.machine;
    if (sayId.startsWith(IDLE_SAY) && status === 'failed' && state.name === 'talking') state.media.idle.unsaid();
  }

  /**
   * Ends a call whose caller's side no longer says a word, while the model answers a noise. Twilio says the goodbye, because
   * the noise would interrupt it in the stream.
   */
  private onUnanswered(): void {
    const { departure, escalate, escalationWatch, lines, log, machine, metrics } = this.options;
    if (machine.state.name !== 'talking') return;
    metrics.unansweredCalls.inc();
    log.warn('the assistant speaks again and again without a word from the caller');
    const escalation = escalationWatch.callerSilent();
    if (escalation !== undefined) escalate(escalation);
    else
      departure.part({
        exit: { to: 'nobody', outcome: 'caller_silent' },
        announce: lines().silentGoodbye,
      });
  }
}
