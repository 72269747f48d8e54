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
import { PATHS } from '../paths.js';
import type { Ringing } from './ringing.js';

/** Streams that never came, in a row, before they count as broken ones. */
const FREE_REFUSALS = 3;

/** How Twilio is asked for a call's streams: for the first, for the next when one broke, and again when none came. */
export class StreamRequests {
  private readonly options: {
    call: CallFacts;
    machine: CallStateMachine;
    ringing: Ringing;
    departure: Departure;
    services: {
      clock: Clock;
      metrics: Metrics;
      url: (scheme: 'https' | 'wss', path: string) => string;
      emit: (event: CallEvent) => void;
    };
  };
  /** Streams that were asked for and did not come, in a row. */
  private refused = 0;

  constructor(options: StreamRequests['options']) {
    this.options = options;
  }

  /** A stream that shows `token` is expected. */
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

  /** The stream has come. */
  cameIn(): void {
    this.refused = 0;
  }

  /** A stream broke under a caller who may still be there. `quietSinceMs`: see {@link heardNothingSinceMs}. */
  resumePlan(cause: ResumeCause, quietSinceMs: number | undefined): ExitPlan {
    const { prompt } = this.options.call.assistant;
    const opening = this.options.call.turns().length === 0 ? prompt.greeting : prompt.lines.resumed;
    return { exit: { to: 'assistant', cause, opening, quietSinceMs }, announce: undefined };
  }

  /** The call goes on in a new stream. */
  next({ cause, opening, quietSinceMs }: AssistantExit): Verb[] {
    const { call, ringing, services, machine } = this.options;
    const { callSid } = call;
    services.metrics.resumes.inc({ cause });
    services.emit({ type: 'resumed', callSid, cause });
    call.log().info({ cause }, 'the call goes on in a new stream');
    // The new stream and its model take a moment more: Twilio speaks to who has waited before.
    const nowMs = services.clock.epochMs();
    const hasWaited = this.hasWaited(quietSinceMs);
    const state = ringing.state(opening, hasWaited ? nowMs : (quietSinceMs ?? nowMs));
    machine.enter(state);
    return this.announced(state.streamToken, hasWaited);
  }

  /**
   * The stream that is expected never came: another try, with the voice session that still waits for it. A load balancer may
   * send streams to an instance that has just died; as long as the caller has hardly waited, such tries do not count. Who
   * has waited is told so by Twilio.
   */
  again({ quietSinceMs, streamToken }: RingingState): Answer {
    const { departure, ringing, services } = this.options;
    const isFree =
      this.refused++ < FREE_REFUSALS && ringing.since(quietSinceMs) < SILENCE_BUDGET.oneMomentBeforeStreamMs;
    if (!isFree && !departure.mayResume()) return departure.partAndLeave(departure.transfer.failurePlan());
    services.metrics.resumes.inc({ cause: 'stream_refused' });
    return this.announced(streamToken, this.hasWaited(quietSinceMs));
  }

  /** Milliseconds since the epoch; now, when somebody is being talked to or nothing is owed to them. */
  get heardNothingSinceMs(): number {
    const { services, machine } = this.options;
    const nowMs = services.clock.epochMs();
    return ('media' in machine.state ? quietSince(machine.state.media, nowMs) : undefined) ?? nowMs;
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
