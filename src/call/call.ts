import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { randomBytes } from 'node:crypto';
import { boundToTape, taped } from '../base/taped.js';
import type { Escalation, Reason, Trigger } from '../escalation/escalation.js';
import type { EscalationRules } from '../escalation/rules.js';
import { EscalationWatch } from '../escalation/watch.js';
import type { Logger } from '../telemetry/log.js';
import type { Assistant } from '../prompts/assistant.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { JournalEntry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { StreamStart } from '../twilio/messages.js';
import type { Admitted, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../twilio/webhooks.js';
import { History } from '../voice/history.js';
import type { AssistantTool } from '../voice/tools.js';
import { CallCheckpointer } from './snapshot/checkpointer.js';
import { announcement } from './announcement.js';
import type { CallContext } from './before-call.js';
import type { CallFacts, OutboundFacts } from './call-facts.js';
import { CallLimit } from './call-limit.js';
import { CallReport } from './call-report.js';
import { CallSigns } from './call-signs.js';
import {
  type CallOutcome,
  type CallState,
  CallStateMachine,
  type Ended,
  type ExitPlan,
  type Parted,
} from './call-state.js';
import { type Answer, Departure, type DepartureServices } from './transfer/departure.js';
import { type CallSnapshot, snapshotOf, newSnapshot } from './snapshot/snapshot.js';
import { AnsweringMachine } from './transfer/answering-machine.js';
import { StreamConnector, type StreamServices } from './stream/stream-connector.js';
import { StreamRequests } from './stream/stream-requests.js';
import { PATHS } from './paths.js';
import { type MoveWhen, CallMigration } from './snapshot/migration.js';
import { type DoNotCallList, Ringing } from './stream/ringing.js';
import { restoreState } from './snapshot/restore.js';

/** What every call of a gateway shares. */
export interface CallServices extends DepartureServices, StreamServices {
  log: Logger;
  /** The assistant that answers calls to this number, or talks on a call that the gateway makes from it. */
  assistantFor: (ownNumber: string, outbound?: OutboundFacts, known?: CallContext) => Assistant;
  /** `undefined` if the gateway makes no calls. */
  doNotCall: DoNotCallList | undefined;
  /** Tools besides the built-in ones. */
  tools: readonly AssistantTool[];
  /** Which triggers transfer a call to an agent. */
  rules: EscalationRules;
  /** The key that asks for an agent. Empty if none does. */
  humanDigit: string;
  /** Maximum time a caller talks to the assistant. 0 means no limit. */
  maxCallMs: number;
  /** Whether the streams of this instance's calls always come to this instance. */
  streamsComeHere: boolean;
  /** An absolute URL as Twilio knows it. */
  url: (scheme: 'https' | 'wss', path: string) => string;
  /** Where the state of the calls is kept for other instances. */
  journal: Journal;
  /** How long a handover's token opens its record, in milliseconds. */
  tokenLifeMs: number;
  /** `undefined` if calls are not traced. */
  traces?: CallTraceIds | undefined;
  /** Called once the call is over. */
  onEnded: (call: Call) => void;
}

/** What the calls ask and tell of their traces. */
export interface CallTraceIds {
  idFor: (callSid: string, startedAtMs: number) => string;
  /** Whether the trace is sent, as far as is known by now. */
  isKept: (callSid: string) => boolean;
  /** A stream was refused. `traceId`: what its token names, `undefined` if that is nothing. */
  streamRefused: (callSid: string, streamSid: string, traceId: string | undefined) => void;
}

/** Triggers with which the caller, or the model for them, asked for an agent. Only then is "of course" an answer. */
const ASKED_FOR: ReadonlySet<Trigger> = new Set<Trigger>(['phrase', 'tool', 'keypad']);
/** States in which the gateway says what Twilio does next. */
const HANGS_UP: ReadonlySet<CallState['name']> = new Set<CallState['name']>([
  'ringing',
  'talking',
  'leaving',
  'parted',
]);

/** One phone call: outlives its streams and voice sessions. Keyed by CallSid. */
export class Call {
  readonly callSid: string;
  /** How the call leaves its stream. Requests about the dial and the voicemail go here. */
  readonly departure: Departure;
  private readonly services: CallServices;
  private readonly log: Logger;
  /** When the call began, by this instance's monotonic clock. */
  private readonly startedMs: number;
  private readonly prompt: AssistantPrompt;
  private readonly machine: CallStateMachine;
  private readonly checkpointer: CallCheckpointer;
  private readonly migration: CallMigration;
  private readonly ringing: Ringing;
  private readonly streams: StreamRequests;
  private readonly connector: StreamConnector;
  private readonly machines: AnsweringMachine | undefined;
  private readonly report: CallReport;
  private readonly inTape = boundToTape();
  private readonly limit: CallLimit | undefined;

  /** Starts a call for Twilio's incoming-call request, or for one that the gateway made and that was answered. */
  static begin(webhook: VoiceWebhook, services: CallServices, outbound?: OutboundFacts, known?: CallContext): Call {
    const { clock } = services;
    const conversationId = taped('conversation', () => randomBytes(12).toString('hex'));
    const call = new Call(newSnapshot(webhook, conversationId, clock.epochMs(), outbound, known), services);
    // First, because even the opening of its voice session may log something about the call.
    call.reportStart();
    const plan = call.planWithoutAssistant(known?.action);
    if (plan !== undefined) call.departure.part(plan);
    else call.machine.enter(call.ringing.state(call.prompt.greeting, clock.now()));
    call.log.info('call started');
    return call;
  }

  /** Takes over a call from the state that another instance left. */
  static restore(entry: JournalEntry, services: CallServices): Call {
    const isOver = entry.stand.name === 'ended';
    const call = new Call(snapshotOf(entry), services);
    // Of a call that is over, only the last answer is repeated. A `started` of it would have no end.
    call.reportStart(isOver ? 'ended-elsewhere' : 'started');
    restoreState(entry.stand, {
      clock: services.clock,
      machine: call.machine,
      departure: call.departure,
      ringing: (opening, quietSinceMs, streamToken) => call.ringing.state(opening, quietSinceMs, streamToken),
      lost: (quietSinceMs) => call.streams.resumePlan('instance_lost', quietSinceMs ?? services.clock.now()),
    });
    if (isOver) call.limit?.close();
    call.log.info({ stand: entry.stand.name }, 'took over a call of another instance');
    return call;
  }

  private constructor(memory: CallSnapshot, services: CallServices) {
    const { callSid, conversationId, from, outbound, startedAtMs, to } = memory;
    const { clock, maxCallMs } = services;
    this.services = services;
    this.callSid = callSid;
    const assistant = services.assistantFor(to, outbound, memory.known);
    this.prompt = assistant.prompt;
    const history = new History(memory.turns);
    this.log = services.log.child({ call_sid: callSid, conversation_id: conversationId });
    const trace = memory.trace ?? traceOf(memory, services.traces);
    this.startedMs = clock.now() - memory.lastedMs;
    const escalationWatch = new EscalationWatch({
      humanDigit: services.humanDigit,
      rules: services.rules,
      language: this.prompt.language,
    });
    const call: CallFacts = {
      callSid,
      conversationId,
      startedAtMs,
      from,
      to,
      assistant,
      outbound,
      known: memory.known,
      traceId: trace?.id,
      turns: () => history.turns,
      log: () => this.log,
    };
    const report = new CallReport({ call, trace: services.traces && trace, services });
    const signs = new CallSigns({ callSid, clock, emit: services.emit });
    const machine = new CallStateMachine({
      onEnter: (state) => {
        this.checkpointer.note();
        signs.entered(state.name);
      },
      onLive: (isLive) => report.onLive(isLive),
    });
    const departure = new Departure({
      call,
      machine,
      services,
      owner: {
        resume: (exit) => this.streams.next(exit),
        currentAnswer: () => this.currentAnswer(),
        end: (outcome, announce) => this.end(outcome, announce),
        notAsked: (parted, outcome) => void this.endUnasked(parted, outcome),
      },
      resumes: memory.resumes,
      failedDials: memory.failedDials,
    });
    const checkpointer = new CallCheckpointer({
      call,
      lastedMs: () => this.lastedMs,
      history,
      machine,
      departure,
      services,
    });
    const ringing = new Ringing({
      call,
      history,
      machine,
      departure,
      services,
      onSessionChange: (change) => signs.onSessionChange(change),
      onExpired: (quietSinceMs) => departure.part(streams.resumePlan('stream_refused', quietSinceMs)),
    });
    const streams = new StreamRequests({ call, machine, ringing, departure, services, signs });
    this.migration = new CallMigration({
      clock,
      machine,
      checkpointer,
      midWordPlan: () => streams.resumePlan('moved', streams.heardNothingSinceMs),
      part: (plan) => {
        services.emit({ type: 'moving', callSid });
        departure.part(plan);
      },
    });
    if (outbound !== undefined) {
      const message = this.prompt.outbound?.message;
      this.machines = new AnsweringMachine({ machine, departure, log: this.log, wanted: outbound.machine, message });
    }
    const escalate = (escalation: Escalation): void => this.escalate(escalation);
    this.connector = new StreamConnector({
      call,
      history,
      escalationWatch,
      machine,
      departure,
      checkpointer,
      ringing,
      streams,
      machines: this.machines,
      report,
      signs,
      services,
      escalate,
    });
    this.report = report;
    this.machine = machine;
    this.departure = departure;
    this.checkpointer = checkpointer;
    this.ringing = ringing;
    this.streams = streams;
    if (maxCallMs > 0) this.limit = new CallLimit({ clock, machine, escalate }, maxCallMs - this.lastedMs);
  }

  /** How a call goes that the assistant does not answer. `undefined` if it does. */
  private planWithoutAssistant(action: CallContext['action']): ExitPlan | undefined {
    if (action === 'refuse') return { exit: { to: 'nobody', outcome: 'refused_by_hook' }, announce: undefined };
    if (action !== 'human') return undefined;
    const exit = this.departure.transfer.begin({ trigger: 'hook', reason: 'put_through' });
    return { exit, announce: this.prompt.lines.handover };
  }

  /** How long the call has lasted, on this instance and on those before it. */
  private get lastedMs(): number {
    return this.services.clock.now() - this.startedMs;
  }

  get isOver(): boolean {
    return this.machine.state.name === 'ended';
  }

  get state(): CallState['name'] {
    return this.machine.state.name;
  }

  /** Whether a stream is open. */
  get isLive(): boolean {
    return this.machine.isLive;
  }

  /** Whether a stream was requested and has not come here. */
  get isRinging(): boolean {
    return this.machine.state.name === 'ringing';
  }

  /** Whether the caller is with an agent or with Twilio's recorder, so that the call costs this process almost nothing. */
  get isWithHuman(): boolean {
    return this.machine.state.name === 'dialling' || this.machine.state.name === 'recording';
  }

  /**
   * What Twilio is to do in the present state. This answers the incoming call, and every request that Twilio repeats, sends
   * late, or sends because an answer of ours was lost.
   */
  currentAnswer(): Answer {
    switch (this.machine.state.name) {
      case 'ringing':
        return this.streams.verbs(this.machine.state.streamToken);
      case 'parted':
        return this.departure.leaveBy(this.machine.state);
      case 'dialling':
        return this.machine.state.by === 'rest' ? this.hold() : this.machine.state.verbs;
      case 'recording':
        return this.machine.state.verbs;
      case 'talking':
      case 'leaving':
      case 'redirecting':
        return this.hold();
      case 'ended':
        return this.lastAnswer(this.machine.state);
    }
  }

  /** Whether the call is over here because the caller seemed to have hung up. */
  get isTakenForGone(): boolean {
    return this.machine.state.name === 'ended' && this.machine.state.outcome === 'caller_hung_up';
  }

  /** What Twilio was told to say when the call ended. `undefined` if that was nothing, or the call is not over. */
  get lastWords(): string | undefined {
    return this.machine.state.name === 'ended' ? this.machine.state.announce : undefined;
  }

  private lastAnswer({ announce, outcome }: Ended): readonly Verb[] {
    if (outcome === 'refused_by_hook') return [{ verb: 'reject' }];
    // Another instance has taken the call over while this one was about to answer. Twilio shall ask again.
    if (outcome === 'moved') return this.hold(SILENCE_BUDGET.movedHoldSeconds);
    return [...announcement(announce, this.prompt), { verb: 'hangup' }];
  }

  /** Admits the stream that the call waits for; see {@link StreamConnector.admit}. */
  admit(stream: TwilioStream, start: StreamStart): Admitted {
    return this.connector.admit(stream, start);
  }

  /** The `<Connect action>` request: the stream is over. */
  async afterStream(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    if (isOver(webhook)) {
      this.end('caller_hung_up');
      return [];
    }
    // The stream broke while Twilio was being told to dial. The answer depends on whether Twilio took that change.
    if (this.machine.state.name === 'redirecting') await this.departure.dialling.settled();
    // Twilio may ask before the close of the socket has reached us, or when no stream ever came.
    if (this.machine.state.name === 'talking' || this.machine.state.name === 'leaving')
      this.connector.onStreamEnd('lost');
    const { state } = this.machine;
    return state.name === 'ringing' ? this.streams.again(state) : this.currentAnswer();
  }

  /** Twilio has detected what has answered a call that the gateway made. */
  answeredBy(answeredBy: string): void {
    this.inTape(() => this.machines?.answered(answeredBy));
  }

  /** Twilio's status callback of the call itself. */
  onCallStatus(webhook: VoiceWebhook): void {
    if (isOver(webhook)) this.departure.dialling.onCallOver();
  }

  /** Transfers the call for a reason outside the conversation, for instance because the gateway is stopping. */
  escalate(escalation: Escalation): void {
    if (this.machine.state.name !== 'talking') return;
    // The reason may come from outside the call.
    this.inTape(() => this.departure.toHuman(escalation, this.escalationLine(escalation)));
  }

  /** The operator transfers the call. Returns false if it has gone too far, or not far enough. */
  escalateFor(reason: Reason): boolean {
    this.departure.stay();
    if (this.machine.state.name !== 'talking') return false;
    this.log.info({ reason }, 'console escalate');
    this.escalate({ trigger: 'operator', reason });
    return true;
  }

  /** The operator hangs up. Returns false if the caller is with an agent or with Twilio's recorder, or gone. */
  hangUp(): boolean {
    if (!HANGS_UP.has(this.machine.state.name)) return false;
    this.log.info('console hangup');
    this.departure.part({ exit: { to: 'nobody', outcome: 'operator_hung_up' }, announce: undefined });
    return true;
  }

  /** Ends the call because the process ends. */
  abandon(): void {
    this.end('abandoned');
  }

  /** Disposes of the call here, because another instance has taken it over or will. Its journal entry stays. */
  release(): void {
    if (!this.isOver) this.dispose('moved');
  }

  /** Lets go of the call so that another instance takes it over; see {@link CallMigration.begin}. */
  moveAway(when: MoveWhen): Promise<void> {
    return this.migration.begin(when);
  }

  /** Whether its stream was closed so that another instance takes it over. */
  get isMoving(): boolean {
    return this.migration.isDone;
  }

  /** Whether Twilio will soon ask about the call and only this process can answer. */
  get needsAnswers(): boolean {
    const { state } = this.machine;
    if (state.name === 'dialling') return this.departure.dialling.owesWhisper;
    return state.name !== 'ended' && !this.isMoving;
  }

  private reportStart(type: 'started' | 'ended-elsewhere' = 'started'): void {
    this.report.started(type, this.lastedMs, this.departure.resumes);
  }

  private escalationLine(escalation: Escalation): string {
    const { lines } = this.prompt;
    if (escalation.reason === 'assistant_failed') return lines.assistantFailed;
    return ASKED_FOR.has(escalation.trigger) ? lines.handover : lines.stopping;
  }

  private hold(seconds: number = SILENCE_BUDGET.holdSeconds): Verb[] {
    return [
      { verb: 'pause', seconds },
      { verb: 'redirect', url: this.services.url('https', PATHS.held) },
    ];
  }

  /**
   * Twilio has not asked what follows. Either the caller is gone, or another instance was asked. Then the journal refuses what is
   * written here, and this instance lets go of the call.
   */
  private async endUnasked(parted: Parted, outcome: CallOutcome): Promise<void> {
    this.checkpointer.note();
    await this.services.journal.flush(this.callSid);
    if (this.machine.state === parted) this.end(outcome);
  }

  private end(outcome: CallOutcome, announce?: string): void {
    if (this.isOver) return;
    this.dispose(outcome, announce);
    this.services.journal.forget(this.callSid, outcome, announce);
  }

  private dispose(outcome: CallOutcome, announce?: string): void {
    this.machine.enter({ name: 'ended', outcome, announce });
    this.limit?.close();
    this.checkpointer.close();
    this.departure.close();
    this.report.ended(outcome, this.lastedMs);
    this.services.onEnded(this);
  }
}

function traceOf({ callSid, startedAtMs }: CallSnapshot, traces: CallTraceIds | undefined): CallSnapshot['trace'] {
  return traces === undefined ? undefined : { id: traces.idFor(callSid, startedAtMs) };
}
