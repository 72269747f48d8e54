import type { Escalation } from '../escalation/escalation.js';
import { EscalationWatch } from '../escalation/watch.js';
import type { Logger } from '../telemetry/log.js';
import { History } from '../voice/history.js';
import type { CallFacts } from './call-facts.js';
import { CallLimit } from './call-limit.js';
import { CallPrivacy } from './call-privacy.js';
import { CallReport } from './call-report.js';
import type { CallServices, CallTraceIds } from './call-services.js';
import { CallSigns } from './call-signs.js';
import { type CallOutcome, CallStateMachine, type Parted } from './call-state.js';
import { CallCheckpointer } from './snapshot/checkpointer.js';
import { CallMigration } from './snapshot/migration.js';
import type { CallSnapshot } from './snapshot/snapshot.js';
import { Ringing } from './stream/ringing.js';
import { StreamConnector } from './stream/stream-connector.js';
import { StreamRequests } from './stream/stream-requests.js';
import { AnsweringMachine } from './transfer/answering-machine.js';
import { type Answer, Departure } from './transfer/departure.js';

/** The parts of one call. */
export interface CallParts {
  facts: CallFacts;
  machine: CallStateMachine;
  departure: Departure;
  checkpointer: CallCheckpointer;
  migration: CallMigration;
  ringing: Ringing;
  streams: StreamRequests;
  connector: StreamConnector;
  /** `undefined` if the caller has called, so that no machine can have answered. */
  machines: AnsweringMachine | undefined;
  report: CallReport;
  privacy: CallPrivacy;
  /** `undefined` if there is none. */
  limit: CallLimit | undefined;
}

/** What the parts need of their call. */
export interface PartsOwner {
  log: Logger;
  /** How long the call has lasted, on this instance and on those before it. */
  lastedMs(): number;
  /** What Twilio is to do in the present state. */
  currentAnswer(): Answer;
  /** `announce` is what Twilio was told to say last. */
  end(outcome: CallOutcome, announce?: string): void;
  /** Twilio has not asked what follows. */
  notAsked(parted: Parted, outcome: CallOutcome): void;
  escalate(escalation: Escalation): void;
}

/** Builds the parts of one call and connects them with each other. `memory`: what is known of the call so far. */
export function connectParts(memory: CallSnapshot, services: CallServices, owner: PartsOwner): CallParts {
  const { callSid, chosen, conversationId, from, known, outbound, startedAtMs, to } = memory;
  const { clock, maxCallMs } = services;
  const assistant = services.assistantFor(to, outbound, known, chosen);
  const { prompt } = assistant;
  const history = new History(memory.turns);
  const trace = memory.trace ?? traceOf(memory, services.traces);
  const escalationWatch = new EscalationWatch({
    humanDigit: services.humanDigit,
    rules: services.rules,
    language: prompt.language,
  });
  const call: CallFacts = {
    callSid,
    conversationId,
    startedAtMs,
    from,
    to,
    assistant,
    chosen,
    outbound,
    known,
    traceId: trace?.id,
    turns: () => history.turns,
    recording: () => privacy.recording?.place,
    log: () => owner.log,
  };
  const report = new CallReport({ call, trace: services.traces && trace, services });
  const signs = new CallSigns({ callSid, clock, emit: services.emit });
  const machine = new CallStateMachine({
    onEnter: (state) => {
      privacy.entered(state);
      checkpointer.note();
      signs.entered(state.name);
    },
    onLive: (isLive) => report.onLive(isLive),
  });
  const departure = new Departure({
    call,
    machine,
    services,
    owner: {
      resume: (exit) => streams.next(exit),
      currentAnswer: () => owner.currentAnswer(),
      end: (outcome, announce) => owner.end(outcome, announce),
      notAsked: (parted, outcome) => owner.notAsked(parted, outcome),
    },
    resumes: memory.resumes,
    failedDials: memory.failedDials,
  });
  const checkpointer = new CallCheckpointer({
    call,
    lastedMs: () => owner.lastedMs(),
    history,
    machine,
    departure,
    more: () => privacy.memory,
    services,
  });
  const ringing = new Ringing({
    call,
    history,
    machine,
    departure,
    services,
    callTools: () => privacy.tools(),
    onSessionChange: (change) => {
      signs.onSessionChange(change);
      privacy.onSessionChange(change);
    },
    onExpired: (quietSinceMs) => departure.part(streams.resumePlan('stream_refused', quietSinceMs)),
  });
  const opening = (text: string): string => privacy.opening(text);
  const streams = new StreamRequests({ call, machine, ringing, departure, opening, services, signs });
  const migration = new CallMigration({
    clock,
    machine,
    isBusy: () => privacy.secrets?.isCollecting === true,
    checkpointer,
    midWordPlan: () => streams.resumePlan('moved', streams.heardNothingSinceMs),
    part: (plan) => {
      services.emit({ type: 'moving', callSid });
      departure.part(plan);
    },
  });
  const machines =
    outbound &&
    new AnsweringMachine({
      machine,
      departure,
      log: owner.log,
      wanted: outbound.machine,
      message: prompt.outbound?.message,
    });
  const privacy = new CallPrivacy({ call, machine, services, memory, onChange: () => checkpointer.note() });
  const escalate = (escalation: Escalation): void => owner.escalate(escalation);
  const connector = new StreamConnector({
    call,
    history,
    escalationWatch,
    machine,
    departure,
    checkpointer,
    ringing,
    streams,
    machines,
    recording: privacy.recording,
    secrets: privacy.secrets,
    report,
    signs,
    services,
    escalate,
  });
  const limit = maxCallMs > 0 ? new CallLimit({ clock, machine, escalate }, maxCallMs - owner.lastedMs()) : undefined;
  return {
    facts: call,
    machine,
    departure,
    checkpointer,
    migration,
    ringing,
    streams,
    connector,
    machines,
    report,
    privacy,
    limit,
  };
}

function traceOf({ callSid, startedAtMs }: CallSnapshot, traces: CallTraceIds | undefined): CallSnapshot['trace'] {
  return traces === undefined ? undefined : { id: traces.idFor(callSid, startedAtMs) };
}
