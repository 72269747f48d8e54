import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock } from '../../base/clock.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Verb } from '../../twilio/twiml.js';
import type { CallEvent } from '../call-events.js';
import { announcement } from '../announcement.js';
import type { AssistantExit, CallStateMachine, ExitPlan, ResumeCause, Ringing as RingingState } from '../call-state.js';
import type { Answer, Departure } from '../transfer/departure.js';
import type { CallFacts } from '../call-facts.js';
import { quietSince } from '../snapshot/snapshot.js';
import type { CallSigns } from '../call-signs.js';
import { PATHS } from '../paths.js';
import type { Ringing } from './ringing.js';

// Asks Twilio for the streams of a call.

/** Maximum number of streams in a row that may fail to come before they count as broken. */
const FREE_REFUSALS = 3;

/** Builds the TwiML that asks for a call's first stream, for the next one after a break, and again if none came. */
export class StreamRequests {
  private readonly options: {
    call: CallFacts;
    machine: CallStateMachine;
    ringing: Ringing;
    departure: Departure;
    /** Returns the first words of a stream, with what the caller must hear beside them. */
    opening: (text: string) => string;
    signs: CallSigns;
    services: {
      clock: Clock;
      metrics: Metrics;
      url: (scheme: 'https' | 'wss', path: string) => string;
      emit: (event: CallEvent) => void;
    };
  };
  /** How many streams in a row were asked for and did not come. */
  private refused = 0;
  /** Why the stream was asked for that has not come. `undefined` for the first one. */
  private cause: ResumeCause | undefined;

  constructor(options: StreamRequests['options']) {
    this.options = options;
  }

  /** Returns the verbs that open a stream. `token` proves that the stream belongs to the call. */
  verbs(token: string): Verb[] {
    const { url } = this.options.services;
    return [
      {
        verb: 'connect-stream',
        action: url('https', PATHS.streamEnded),
        stream: {
          url: url('wss', PATHS.stream),
          statusCallback: url('https', PATHS.streamStatus),
          parameters: { token },
        },
      },
    ];
  }

  /** Called when the stream has come. `isAwaited`: the caller is owed a word on it. */
  cameIn(isAwaited: boolean): void {
    this.refused = 0;
    if (this.cause !== undefined) this.options.signs.onResumedStream(this.cause, isAwaited);
    this.cause = undefined;
  }

  /**
   * Returns the plan for a new stream, for a caller who may still be there. `quietSinceMs`: see
   * {@link heardNothingSinceMs}.
   */
  resumePlan(cause: ResumeCause, quietSinceMs: number | undefined): ExitPlan {
    const { prompt } = this.options.call.assistant;
    const opening = this.options.call.turns().length === 0 ? prompt.greeting : prompt.lines.resumed;
    return {
      exit: { to: 'assistant', cause, opening: this.options.opening(opening), quietSinceMs },
      announce: undefined,
    };
  }

  /** Continues the call in a new stream. */
  next({ cause, opening, quietSinceMs }: AssistantExit): Verb[] {
    const { call, ringing, services, signs, machine } = this.options;
    const { callSid } = call;
    services.metrics.resumes.inc({ cause });
    services.emit({ type: 'resumed', callSid, cause });
    this.cause = cause;
    signs.onResumed(ringing.since(quietSinceMs));
    call.log().info({ cause }, 'the call continues in a new stream');
    // The new stream and its model take a moment more, so Twilio first speaks to a caller who has waited already.
    const nowMs = services.clock.now();
    const hasWaited = this.hasWaited(quietSinceMs);
    if (hasWaited) signs.onSpokenTo();
    const state = ringing.state(opening, hasWaited ? nowMs : (quietSinceMs ?? nowMs));
    machine.enter(state);
    return this.announced(state.streamToken, hasWaited);
  }

  /**
   * Asks again for a stream that never came. The voice session still waits for it. A load balancer may send streams to
   * an instance that has just died, so the first attempts are free as long as the caller has hardly waited. A caller
   * who has waited hears "one moment" from Twilio.
   */
  again({ quietSinceMs, streamToken }: RingingState): Answer {
    const { departure, ringing, services } = this.options;
    const isFree =
      this.refused++ < FREE_REFUSALS && ringing.since(quietSinceMs) < SILENCE_BUDGET.oneMomentBeforeStreamMs;
    if (!isFree && !departure.mayResume()) return departure.partAndLeave(departure.failurePlan());
    services.metrics.resumes.inc({ cause: 'stream_refused' });
    return this.announced(streamToken, this.hasWaited(quietSinceMs));
  }

  /**
   * Since when the caller has heard nothing, by the monotonic clock. Now, if they hear something or wait for nothing.
   */
  get heardNothingSinceMs(): number {
    const { machine, services } = this.options;
    const sinceMs = 'media' in machine.state ? quietSince(machine.state.media, services.clock) : undefined;
    return sinceMs ?? services.clock.now();
  }

  private hasWaited(quietSinceMs: number | undefined): boolean {
    const { ringing } = this.options;
    return (
      ringing.since(quietSinceMs) >=
      (ringing.owesAnswer ? SILENCE_BUDGET.oneMomentBeforeStreamIfOwedMs : SILENCE_BUDGET.oneMomentBeforeStreamMs)
    );
  }

  private announced(streamToken: string, hasWaited: boolean): Verb[] {
    const { prompt } = this.options.call.assistant;
    return [...announcement(hasWaited ? prompt.lines.oneMoment : undefined, prompt), ...this.verbs(streamToken)];
  }
}
