import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { randomBytes } from 'node:crypto';
import { boundToTape, taped } from '../base/taped.js';
import type { TandemError } from '../base/errors.js';
import type { Escalation, Reason, Trigger } from '../escalation/escalation.js';
import type { EscalationRules } from '../escalation/rules.js';
import { EscalationWatch } from '../escalation/watch.js';
import type { Logger } from '../telemetry/log.js';
import type { Assistant } from '../prompts/assistant.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { JournalEntry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import { identifyingNumber } from '../twilio/caller-identity.js';
import type { StreamStart } from '../twilio/messages.js';
import type { StreamEnd, StreamOwner, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../twilio/webhooks.js';
import { History, type Turn } from '../voice/history.js';
import type { VoiceProvider } from '../voice/session.js';
import { type AssistantTool, type ToolContext, ToolRunner } from '../voice/tools.js';
import { CallCheckpointer } from './snapshot/checkpointer.js';
import { announcement } from './announcement.js';
import type { CallContext } from './before-call.js';
import type { OutboundFacts } from './call-facts.js';
import { CallLimit } from './call-limit.js';
import { CallSigns } from './call-signs.js';
import { type CallOutcome, type CallState, CallStateMachine, type Ended, type ExitPlan } from './call-state.js';
import type { ConversationListener } from './media/conversation.js';
import { type Answer, Departure, type DepartureServices } from './transfer/departure.js';
import { type CallSnapshot, snapshotOf, newSnapshot } from './snapshot/snapshot.js';
import { openMediaSession } from './media/open-media-session.js';
import { type OwnProcessor, openOwnProcessors } from './media/own-processors.js';
import { CallFaults } from './media/call-faults.js';
import { AnsweringMachine } from './transfer/answering-machine.js';
import { CallerSilence } from './transfer/caller-silence.js';
import { StreamRequests } from './stream/stream-requests.js';
import { hasToken } from './stream/stream-token.js';
import { PATHS } from './paths.js';
import { type MoveWhen, CallMigration } from './snapshot/migration.js';
import { type DoNotCallList, Ringing } from './stream/ringing.js';
import { restoreState } from './snapshot/restore.js';

/** What every call of a gateway shares. */
export interface CallServices extends DepartureServices {
  log: Logger;
  provider: VoiceProvider;
  /** The assistant that answers calls to this number, or talks on a call that the gateway makes from it. */
  assistantFor: (ownNumber: string, outbound?: OutboundFacts, known?: CallContext) => Assistant;
  /** `undefined` if the gateway makes no calls. */
  doNotCall: DoNotCallList | undefined;
  /** Tools besides the built-in ones. */
  tools: readonly AssistantTool[];
  /** Processors of extensions. */
  processors: readonly OwnProcessor[];
  /** Which triggers transfer a call to an agent. */
  rules: EscalationRules;
  /** The key that asks for an agent. Empty if none does. */
  humanDigit: string;
  /** Silence of the caller after which the assistant asks "are you still there". 0 disables the question. */
  idleMs: number;
  /** Maximum time a caller talks to the assistant. 0 means no limit. */
  maxCallMs: number;
  /** Maximum number of times in a row the assistant speaks without a word from the caller's side. 0 means no limit. */
  maxUnansweredTurns: number;
  /** `true` for the frame pipeline, `false` for the direct bridge. */
  pipeline: boolean;
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
  private readonly conversationId: string;
  private readonly startedAtMs: number;
  /** When the call began, by this instance's monotonic clock. */
  private readonly startedMs: number;
  private readonly from: string;
  private readonly to: string;
  private readonly outbound: OutboundFacts | undefined;
  private readonly assistant: Assistant;
  private readonly prompt: AssistantPrompt;
  private readonly history: History;
  private readonly escalationWatch: EscalationWatch;
  private readonly usage = { inputTokens: 0, outputTokens: 0 };
  private readonly machine: CallStateMachine;
  private readonly checkpointer: CallCheckpointer;
  private readonly migration: CallMigration;
  private readonly ringing: Ringing;
  private readonly streams: StreamRequests;
  private readonly faults: CallFaults;
  private readonly silence: CallerSilence;
  private readonly machines: AnsweringMachine | undefined;
  private readonly signs: CallSigns;
  private readonly trace: CallSnapshot['trace'];
  private readonly inTape = boundToTape();
  private readonly limit: CallLimit | undefined;

  /** Starts a call for Twilio's incoming-call request, or for one that the gateway made and that was answered. */
  static begin(webhook: VoiceWebhook, services: CallServices, outbound?: OutboundFacts, known?: CallContext): Call {
    const { clock } = services;
    const conversationId = taped('conversation', () => randomBytes(12).toString('hex'));
    const call = new Call(newSnapshot(webhook, conversationId, clock.epochMs(), outbound, known), services);
    // First, because even the opening of its voice session may log something about the call.
    call.emitStarted();
    const plan = call.planWithoutAssistant(known?.action);
    if (plan !== undefined) call.departure.part(plan);
    else call.machine.enter(call.ringing.state(call.prompt.greeting, clock.now()));
    call.log.info('call started');
    return call;
  }

  /** Takes over a call from the state that another instance left. */
  static restore(entry: JournalEntry, services: CallServices): Call {
    const call = new Call(snapshotOf(entry), services);
    call.emitStarted();
    restoreState(entry.stand, {
      clock: services.clock,
      machine: call.machine,
      departure: call.departure,
      ringing: (opening, quietSinceMs, streamToken) => call.ringing.state(opening, quietSinceMs, streamToken),
      lost: (quietSinceMs) => call.streams.resumePlan('instance_lost', quietSinceMs ?? services.clock.now()),
    });
    call.log.info({ stand: entry.stand.name }, 'took over a call of another instance');
    return call;
  }

  private constructor(memory: CallSnapshot, services: CallServices) {
    this.services = services;
    this.callSid = memory.callSid;
    this.from = memory.from;
    this.to = memory.to;
    this.outbound = memory.outbound;
    this.assistant = services.assistantFor(this.to, this.outbound, memory.known);
    this.prompt = this.assistant.prompt;
    this.history = new History(memory.turns);
    this.conversationId = memory.conversationId;
    this.log = services.log.child({ call_sid: this.callSid, conversation_id: this.conversationId });
    this.startedAtMs = memory.startedAtMs;
    this.trace = memory.trace ?? traceOf(memory, services.traces);
    this.startedMs = services.clock.now() - memory.lastedMs;
    this.escalationWatch = new EscalationWatch({
      humanDigit: services.humanDigit,
      rules: services.rules,
      language: this.prompt.language,
    });
    const { assistant, callSid, conversationId, from, outbound, startedAtMs, to } = this;
    this.signs = new CallSigns({ callSid, clock: services.clock, emit: services.emit });
    this.machine = new CallStateMachine({
      onEnter: (state) => {
        this.checkpointer.note();
        this.signs.entered(state.name);
      },
      onLive: (isLive) => {
        if (isLive) services.metrics.activeSessions.inc();
        else services.metrics.activeSessions.dec();
      },
    });
    const facts = {
      callSid,
      conversationId,
      startedAtMs,
      from,
      to,
      assistant,
      outbound,
      known: memory.known,
      traceId: this.trace?.id,
      turns: () => this.history.turns,
      log: () => this.log,
    };
    this.departure = new Departure({
      call: facts,
      machine: this.machine,
      services,
      owner: {
        resume: (exit) => this.streams.next(exit),
        currentAnswer: () => this.currentAnswer(),
        end: (outcome, announce) => this.end(outcome, announce),
      },
      resumes: memory.resumes,
      failedDials: memory.failedDials,
    });
    const { departure, history, machine } = this;
    this.checkpointer = new CallCheckpointer({
      call: facts,
      lastedMs: () => this.lastedMs,
      history,
      machine,
      departure,
      services,
    });
    this.ringing = new Ringing({
      call: facts,
      history,
      machine,
      departure,
      services,
      onSessionChange: (change) => this.signs.onSessionChange(change),
      onExpired: (quietSinceMs) => departure.part(this.streams.resumePlan('stream_refused', quietSinceMs)),
    });
    const { checkpointer, ringing } = this;
    const { signs } = this;
    const streams = new StreamRequests({ call: facts, machine, ringing, departure, services, signs });
    this.streams = streams;
    this.migration = new CallMigration({
      clock: services.clock,
      machine,
      checkpointer,
      midWordPlan: () => streams.resumePlan('moved', streams.heardNothingSinceMs),
      part: (plan) => {
        services.emit({ type: 'moving', callSid });
        departure.part(plan);
      },
    });
    const { clock, maxCallMs, maxUnansweredTurns, metrics } = services;
    const { escalationWatch, log } = this;
    const escalate = (escalation: Escalation): void => this.escalate(escalation);
    this.faults = new CallFaults({ callSid, log, metrics });
    this.silence = new CallerSilence({
      maxUnansweredTurns,
      machine,
      departure,
      escalationWatch,
      lines: this.prompt.lines,
      log,
      metrics,
      escalate,
    });
    if (outbound !== undefined) {
      const message = this.prompt.outbound?.message;
      this.machines = new AnsweringMachine({ machine, departure, log, wanted: outbound.machine, message });
    }
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

  /** Admits a stream that names this call. Its token works once, and only for this call. */
  admit(stream: TwilioStream, start: StreamStart): StreamOwner | { refused: string } {
    const state = this.machine.state;
    if (state.name !== 'ringing') return { refused: 'no stream expected' };
    if (!hasToken(start, state.streamToken)) return { refused: 'wrong token' };

    const { clock, idleMs, metrics, pipeline, provider } = this.services;
    const { media, meter } = openMediaSession({
      stream,
      prewarmed: state.prewarmed,
      history: this.history,
      escalationWatch: this.escalationWatch,
      tools: new ToolRunner({
        tools: this.ringing.tools,
        clock,
        context: () => this.toolContext(),
        onFault: (fault) => metrics.toolFaults.inc({ fault }),
      }),
      listener: this.listener(),
      onIdle: (times) => this.silence.onIdle(times),
      onCallerBack: () => this.departure.stay(),
      onLook: () => this.checkpointer.noteBetweenTurns(),
      onFault: (fault) => this.faults.onStreamFault(fault),
      onProcessorError: (processor, error) => this.faults.onProcessorError(processor, error),
      own: openOwnProcessors(
        this.services.processors,
        () => {
          const log = this.log.child({ stream_sid: start.streamSid });
          return { ...this.toolContext(), language: this.prompt.language, clock, log };
        },
        (name, fault, error) => this.faults.onOwnProcessorFault(name, fault, error),
      ),
      onUnknownMark: () => this.faults.onUnknownMark(),
      signs: this.signs,
      services: { clock, metrics, providerName: provider.name, idleMs, pipeline },
    });
    const { pauses, conversation, idle, playback, health } = media;
    this.machine.enter({ name: 'talking', media });
    this.streams.cameIn(state.opening !== undefined || this.ringing.owesAnswer);
    const { inboundFrameLatency } = metrics;
    return {
      onStart: () => {
        this.services.emit({ type: 'stream-started', callSid: this.callSid, streamSid: start.streamSid });
        this.log.info('stream started');
        meter.streamStarted();
        conversation.begin();
        this.machines?.onStream();
        if (state.opening === undefined && !this.ringing.owesAnswer)
          idle.beginQuiet(this.ringing.since(state.quietSinceMs));
      },
      onAudio: (payload, receivedMs) => {
        health.mediaCame(receivedMs);
        pauses.heard(payload);
        conversation.callerAudio(payload);
        inboundFrameLatency.observe((clock.now() - receivedMs) / 1000);
      },
      onDigit: (digit) => {
        this.silence.onDigit();
        conversation.digit(digit);
      },
      onMark: (name) => playback.onMark(name),
      onEnd: (cause) => {
        this.services.emit({ type: 'stream-ended', callSid: this.callSid, streamSid: start.streamSid, cause });
        this.onStreamEnd(cause);
      },
    };
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
    if (this.machine.state.name === 'talking' || this.machine.state.name === 'leaving') this.onStreamEnd('lost');
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

  private emitStarted(): void {
    const { assistant, callSid, conversationId, from, history, outbound, services, to } = this;
    // By this instance's clock, from which the console counts on.
    const startedAtMs = Math.round(services.clock.epochMs() - this.lastedMs);
    const provider = assistant.providers?.[0] ?? services.provider.name;
    const turns = history.turns.length;
    const { resumes } = this.departure;
    const trace =
      this.trace === undefined || services.traces === undefined
        ? undefined
        : {
            id: this.trace.id,
            isKept: this.trace.isKept === true,
            assistant: assistant.prompt.name,
            direction: outbound === undefined ? ('inbound' as const) : ('outbound' as const),
            resumes,
          };
    const facts = {
      conversationId,
      from,
      to,
      startedAtMs,
      provider,
      turns,
      history: () => history.turns,
      outboundId: outbound?.id,
      trace,
    };
    services.emit({ type: 'started', callSid, ...facts });
  }

  private escalationLine(escalation: Escalation): string {
    const { lines } = this.prompt;
    if (escalation.reason === 'assistant_failed') return lines.assistantFailed;
    return ASKED_FOR.has(escalation.trigger) ? lines.handover : lines.stopping;
  }

  private listener(): ConversationListener {
    return {
      onTurn: (turn: Readonly<Turn>) => {
        this.services.emit({ type: 'turn', callSid: this.callSid, turn });
        this.checkpointer.note();
        this.silence.onTurn(turn);
      },
      onEscalation: (escalation) => {
        this.departure.stay();
        this.escalate(escalation);
      },
      // The assistant has said goodbye itself.
      onEndCall: () => this.departure.endCall('completed'),
      onUsage: (inputTokens, outputTokens) => {
        this.services.metrics.tokens.inc({ direction: 'input' }, inputTokens);
        this.services.metrics.tokens.inc({ direction: 'output' }, outputTokens);
        this.usage.inputTokens += inputTokens;
        this.usage.outputTokens += outputTokens;
        this.services.emit({ type: 'usage', callSid: this.callSid, inputTokens, outputTokens });
      },
      onSign: (sign) => this.signs.onSign(sign),
      onSaid: (sayId, status) => {
        this.departure.onSaid(status, sayId);
        this.silence.onSaid(sayId, status);
      },
      onFailure: (error) => this.onFailure(error),
    };
  }

  private toolContext(): Omit<ToolContext, 'signal'> & { log: Logger } {
    return { conversationId: this.conversationId, callerNumber: identifyingNumber(this.from) ?? '', log: this.log };
  }

  /** Every provider has failed. */
  private onFailure(error: TandemError): void {
    this.log.error({ err: error }, 'every voice provider has failed');
    if (this.machine.state.name === 'leaving') this.departure.onVoiceLost();
    else if (this.machine.state.name === 'talking') this.departure.part(this.departure.failurePlan());
  }

  private onStreamEnd(cause: StreamEnd): void {
    // The gateway closed the stream itself, and the state has moved on already.
    if (cause === 'closed') return;
    if (this.machine.state.name === 'leaving') this.departure.part(this.machine.state);
    else if (this.machine.state.name === 'talking')
      this.departure.part(this.streams.resumePlan('stream_lost', this.streams.heardNothingSinceMs));
    else if (this.machine.state.name === 'redirecting' && cause === 'stop')
      this.machine.enter({ ...this.machine.state, isStopped: true });
  }

  private hold(seconds: number = SILENCE_BUDGET.holdSeconds): Verb[] {
    return [
      { verb: 'pause', seconds },
      { verb: 'redirect', url: this.services.url('https', PATHS.held) },
    ];
  }

  /** Tokens used by all models of this call. Empty if none of them counts tokens. */
  private tokens(): Record<string, number> {
    const { inputTokens, outputTokens } = this.usage;
    if (inputTokens + outputTokens === 0) return {};
    return { input_tokens: inputTokens, output_tokens: outputTokens };
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
    this.services.metrics.sessions.inc({ outcome });
    this.services.metrics.sessionSeconds.observe(this.lastedMs / 1000);
    this.log.info({ outcome, ...this.tokens() }, 'call ended');
    this.services.emit({ type: 'ended', callSid: this.callSid, outcome });
    this.services.onEnded(this);
  }
}

function traceOf({ callSid, startedAtMs }: CallSnapshot, traces: CallTraceIds | undefined): CallSnapshot['trace'] {
  return traces === undefined ? undefined : { id: traces.idFor(callSid, startedAtMs) };
}
