import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { randomBytes } from 'node:crypto';
import { boundToTape, taped } from '../base/taped.js';
import type { Escalation, Reason, Trigger } from '../escalation/escalation.js';
import type { Logger } from '../telemetry/log.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { JournalEntry } from '../journal/entry.js';
import type { StreamStart } from '../twilio/messages.js';
import type { ShownRecording } from '../twilio/recordings-api.js';
import type { Admitted, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../twilio/webhooks.js';
import { announcement } from './announcement.js';
import type { CallContext } from './before-call.js';
import type { CallFacts, OutboundFacts } from './call-facts.js';
import type { CallLimit } from './call-limit.js';
import { connectParts } from './call-parts.js';
import type { CallPrivacy } from './call-privacy.js';
import type { CallReport } from './call-report.js';
import type { CallServices } from './call-services.js';
import type { CallOutcome, CallState, CallStateMachine, Ended, ExitPlan, Parted } from './call-state.js';
import type { Answer, Departure } from './transfer/departure.js';
import { type CallSnapshot, snapshotOf, newSnapshot } from './snapshot/snapshot.js';
import { PATHS } from './paths.js';
import type { CallCheckpointer } from './snapshot/checkpointer.js';
import type { CallMigration, MoveWhen } from './snapshot/migration.js';
import { restoreState } from './snapshot/restore.js';
import type { Ringing } from './stream/ringing.js';
import type { StreamConnector } from './stream/stream-connector.js';
import type { StreamRequests } from './stream/stream-requests.js';
import type { AnsweringMachine } from './transfer/answering-machine.js';

/** The services of one call, and who is told of its end. */
export type OwnedServices = CallServices & {
  /** Called once the call is over. */
  onEnded: (call: Call) => void;
};

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
  private readonly services: OwnedServices;
  private readonly log: Logger;
  /** When the call began, by this instance's monotonic clock. */
  private readonly startedMs: number;
  private readonly facts: CallFacts;
  private readonly machine: CallStateMachine;
  private readonly checkpointer: CallCheckpointer;
  private readonly migration: CallMigration;
  private readonly ringing: Ringing;
  private readonly streams: StreamRequests;
  private readonly connector: StreamConnector;
  private readonly machines: AnsweringMachine | undefined;
  private readonly report: CallReport;
  private readonly privacy: CallPrivacy;
  private readonly inTape = boundToTape();
  private readonly limit: CallLimit | undefined;

  /** Starts a call for Twilio's incoming-call request, or for one that the gateway made and that was answered. */
  static begin(webhook: VoiceWebhook, services: OwnedServices, outbound?: OutboundFacts, known?: CallContext): Call {
    const { clock } = services;
    const conversationId = taped('conversation', () => randomBytes(12).toString('hex'));
    const call = new Call(newSnapshot(webhook, conversationId, clock.epochMs(), outbound, known), services);
    // First, because even the opening of its voice session may log something about the call.
    call.reportStart();
    const plan = call.planWithoutAssistant(known?.action);
    if (plan !== undefined) call.departure.part(plan);
    else call.machine.enter(call.ringing.state(call.privacy.opening(call.prompt.greeting), clock.now()));
    call.log.info('call started');
    return call;
  }

  /** Takes over a call from the state that another instance left. */
  static restore(entry: JournalEntry, services: OwnedServices): Call {
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
    else call.privacy.restored();
    call.log.info({ stand: entry.stand.name }, 'took over a call of another instance');
    return call;
  }

  private constructor(memory: CallSnapshot, services: OwnedServices) {
    const { callSid, conversationId, lastedMs } = memory;
    this.services = services;
    this.callSid = callSid;
    this.log = services.log.child({ call_sid: callSid, conversation_id: conversationId });
    this.startedMs = services.clock.now() - lastedMs;
    const parts = connectParts(memory, services, {
      log: this.log,
      lastedMs: () => this.lastedMs,
      currentAnswer: () => this.currentAnswer(),
      end: (outcome, announce) => this.end(outcome, announce),
      notAsked: (parted, outcome) => void this.endUnasked(parted, outcome),
      escalate: (escalation) => this.escalate(escalation),
    });
    this.facts = parts.facts;
    this.machine = parts.machine;
    this.departure = parts.departure;
    this.checkpointer = parts.checkpointer;
    this.migration = parts.migration;
    this.ringing = parts.ringing;
    this.streams = parts.streams;
    this.connector = parts.connector;
    this.machines = parts.machines;
    this.report = parts.report;
    this.privacy = parts.privacy;
    this.limit = parts.limit;
  }

  /** How a call goes that the assistant does not answer. `undefined` if it does. */
  private planWithoutAssistant(action: CallContext['action']): ExitPlan | undefined {
    if (action === 'refuse') return { exit: { to: 'nobody', outcome: 'refused_by_hook' }, announce: undefined };
    if (action !== 'human') return undefined;
    const exit = this.departure.transfer.begin({ trigger: 'hook', reason: 'put_through' });
    return { exit, announce: this.prompt.lines.handover };
  }

  private get prompt(): AssistantPrompt {
    return this.facts.assistant.prompt;
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

  /** Twilio has reported a recording of the call. */
  onRecording(report: ShownRecording): void {
    this.inTape(() => this.privacy.recording?.reported(report));
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
    this.privacy.close();
    this.departure.close();
    this.report.ended(outcome, this.lastedMs);
    this.services.onEnded(this);
  }
}
