import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { randomBytes } from 'node:crypto';
import type { Timer } from '../base/clock.js';
import type { TandemError } from '../base/errors.js';
import type { Escalation, Trigger } from '../escalation/escalation.js';
import type { EscalationRules } from '../escalation/rules.js';
import { EscalationWatch } from '../escalation/watch.js';
import type { Logger } from '../telemetry/log.js';
import type { Assistant } from '../prompts/assistant.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { JournalEntry } from '../journal/entry.js';
import type { Journal } from '../journal/journal.js';
import type { StreamStart } from '../twilio/messages.js';
import type { StreamEnd, StreamOwner, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import { type VoiceWebhook, isOver } from '../twilio/webhooks.js';
import { History, type Turn } from '../voice/history.js';
import type { VoiceProvider } from '../voice/session.js';
import { type AssistantTool, type ToolContext, ToolRunner } from '../voice/tools.js';
import { CallCheckpointer } from './snapshot/checkpointer.js';
import { type CallOutcome, CallStateMachine } from './call-state.js';
import type { ConversationListener } from './media/conversation.js';
import { type Answer, Departure, type DepartureServices } from './transfer/departure.js';
import { type CallSnapshot, snapshotOf, newSnapshot } from './snapshot/snapshot.js';
import { openMediaSession } from './media/open-media-session.js';
import { StreamRequests } from './stream/stream-requests.js';
import { hasToken } from './stream/stream-token.js';
import { PATHS } from './paths.js';
import { type MoveWhen, CallMigration } from './snapshot/migration.js';
import { Ringing } from './stream/ringing.js';
import { restoreState } from './snapshot/restore.js';

/** What every call of a gateway shares. */
export interface CallServices extends DepartureServices {
  log: Logger;
  provider: VoiceProvider;
  /** Who answers a call to this number. */
  assistantFor: (numberCalled: string) => Assistant;
  /** What the assistant can do besides the built-in tools. */
  tools: readonly AssistantTool[];
  /** What makes the gateway call a human. */
  rules: EscalationRules;
  /** The key that asks for a human; empty: none does. */
  humanDigit: string;
  /** A caller who says nothing for this long is asked whether they are there; 0: never. */
  idleMs: number;
  /** The longest a caller talks to the assistant; 0: no limit. */
  maxCallMs: number;
  /** True: the frame pipeline. False: the direct bridge. */
  pipeline: boolean;
  /** Streams announced here come here and nowhere else. */
  streamsComeHere: boolean;
  /** An absolute URL as Twilio knows it. */
  url: (scheme: 'https' | 'wss', path: string) => string;
  /** What other instances are to know of the calls of this one. */
  journal: Journal;
  /** How long a handover's token opens its record, in milliseconds. */
  tokenLifeMs: number;
  /** The call is over and may be forgotten. */
  onEnded: (callSid: string) => void;
}

/** The caller, or the model for them, asked for a human: "of course" is an answer only then. */
const ASKED_FOR: ReadonlySet<Trigger> = new Set<Trigger>(['phrase', 'tool', 'keypad']);
/** Marks the lines to a silent caller. */
const IDLE_SAY = 'idle-';
/** A call that is not talked to when its time is over, and may be soon. */
const LIMIT_AGAIN_MS = 1000;

/** One phone call: outlives its streams and voice sessions. Keyed by CallSid. */
export class Call {
  readonly callSid: string;
  /** What Twilio asks once a stream is over, or is to be. */
  readonly departure: Departure;
  private readonly services: CallServices;
  private log: Logger;
  private readonly conversationId: string;
  private readonly startedAtMs: number;
  private readonly from: string;
  private readonly to: string;
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
  private limit: Timer | undefined;
  private sayCount = 0;

  /** A caller rings. */
  static begin(webhook: VoiceWebhook, services: CallServices): Call {
    const { clock, emit } = services;
    const call = new Call(newSnapshot(webhook, randomBytes(12).toString('hex'), clock.epochMs()), services);
    call.machine.enter(call.ringing.state(call.prompt.greeting, clock.epochMs()));
    emit({ type: 'started', callSid: call.callSid, from: call.from, to: call.to });
    call.log.info('call started');
    return call;
  }

  /** A call that another instance has had goes on here, from where that one left it. */
  static restore(entry: JournalEntry, services: CallServices): Call {
    const call = new Call(snapshotOf(entry), services);
    restoreState(entry.stand, {
      machine: call.machine,
      departure: call.departure,
      ringing: (opening, quietSinceMs, streamToken) => call.ringing.state(opening, quietSinceMs, streamToken),
      lost: (quietSinceMs) => call.streams.resumePlan('instance_lost', quietSinceMs ?? services.clock.epochMs()),
    });
    const { callSid, from, to } = call;
    services.emit({ type: 'started', callSid, from, to });
    call.log.info({ stand: entry.stand.name }, 'a call of another instance goes on here');
    return call;
  }

  private constructor(memory: CallSnapshot, services: CallServices) {
    this.services = services;
    this.callSid = memory.callSid;
    this.from = memory.from;
    this.to = memory.to;
    this.assistant = services.assistantFor(this.to);
    this.prompt = this.assistant.prompt;
    this.history = new History(memory.turns);
    this.conversationId = memory.conversationId;
    this.log = services.log.child({ call_sid: this.callSid, conversation_id: this.conversationId });
    this.startedAtMs = memory.startedAtMs;
    this.escalationWatch = new EscalationWatch({
      humanDigit: services.humanDigit,
      rules: services.rules,
      language: this.prompt.language,
    });
    const { assistant, callSid, conversationId, from, to } = this;
    this.machine = new CallStateMachine({
      onEnter: () => this.checkpointer.note(),
      onLive: (isLive) => {
        if (isLive) services.metrics.activeSessions.inc();
        else services.metrics.activeSessions.dec();
      },
    });
    const facts = {
      callSid,
      conversationId,
      from,
      to,
      assistant,
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
        end: (outcome) => this.end(outcome),
      },
      resumes: memory.resumes,
      failedDials: memory.failedDials,
    });
    const { departure, history, machine, startedAtMs } = this;
    this.checkpointer = new CallCheckpointer({ call: facts, startedAtMs, history, machine, departure, services });
    this.ringing = new Ringing({
      call: facts,
      history,
      machine,
      departure,
      services,
      onExpired: (quietSinceMs) => departure.part(this.streams.resumePlan('stream_refused', quietSinceMs)),
    });
    const { checkpointer, ringing } = this;
    const streams = new StreamRequests({ call: facts, machine, ringing, departure, services });
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
    const { clock, maxCallMs } = services;
    if (maxCallMs > 0) this.limitIn(Math.max(0, startedAtMs + maxCallMs - clock.epochMs()));
  }

  get isOver(): boolean {
    return this.machine.state.name === 'ended';
  }

  /** A stream is open: somebody is being talked to. */
  get isLive(): boolean {
    return this.machine.isLive;
  }

  /** A stream was announced, and has not come here. */
  get isRinging(): boolean {
    return this.machine.state.name === 'ringing';
  }

  /** The caller is with a human, or with Twilio's recorder: the call costs this process next to nothing. */
  get isWithHuman(): boolean {
    return this.machine.state.name === 'dialling' || this.machine.state.name === 'recording';
  }

  /**
   * What Twilio is to do as things stand: the answer to the incoming call, and to whatever is asked twice, late, or
   * because an answer of ours was lost.
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
        return [{ verb: 'hangup' }];
    }
  }

  /** A stream says it is for this call. Its token works once and only for this call. */
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
      tools: new ToolRunner({ tools: this.ringing.tools, clock, context: () => this.toolContext() }),
      listener: this.listener(),
      onIdle: (times) => this.onIdle(times),
      onCallerBack: () => this.departure.stay(),
      onLook: () => this.checkpointer.noteWhilePlaying(),
      onFault: (fault) => this.log.error({ fault }, 'the stream is open but carries nothing; it is replaced'),
      onProcessorError: (processor, error) => {
        metrics.processorErrors.inc({ processor });
        this.log.error({ err: error, processor }, 'a processor failed; its frame is lost');
      },
      services: { clock, metrics, providerName: provider.name, idleMs, pipeline },
    });
    const { pauses, conversation, idle, playback, health } = media;
    this.machine.enter({ name: 'talking', media });
    this.streams.cameIn();
    const { inboundFrameLatency } = metrics;
    return {
      onStart: () => {
        this.log = this.log.child({ stream_sid: start.streamSid });
        this.log.info('stream started');
        this.services.emit({ type: 'stream-started', callSid: this.callSid, streamSid: start.streamSid });
        meter.streamStarted();
        conversation.begin();
        if (state.opening === undefined && !this.ringing.owesAnswer)
          idle.beginQuiet(this.ringing.since(state.quietSinceMs));
      },
      onAudio: (payload, receivedMs) => {
        health.mediaCame(receivedMs);
        pauses.heard(payload);
        conversation.callerAudio(payload);
        inboundFrameLatency.observe((clock.now() - receivedMs) / 1000);
      },
      onDigit: (digit) => conversation.digit(digit),
      onMark: (name) => playback.onMark(name),
      onEnd: (cause) => this.onStreamEnd(cause),
    };
  }

  /** `<Connect action>`: the stream is over, what now? */
  async afterStream(webhook: VoiceWebhook): Promise<readonly Verb[]> {
    if (isOver(webhook)) {
      this.end('caller_hung_up');
      return [];
    }
    // The stream broke while Twilio was being told to dial: the answer is whatever came of that.
    if (this.machine.state.name === 'redirecting') await this.departure.dialling.settled();
    // Twilio may ask before the closing of the socket has reached us, or without a stream ever having come.
    if (this.machine.state.name === 'talking' || this.machine.state.name === 'leaving') this.onStreamEnd('lost');
    const { state } = this.machine;
    return state.name === 'ringing' ? this.streams.again(state) : this.currentAnswer();
  }

  /** Twilio's status callback of the call itself. */
  onCallStatus(webhook: VoiceWebhook): void {
    if (isOver(webhook)) this.departure.dialling.onCallOver();
  }

  /** Something outside the conversation demands a human, for instance the gateway being stopped. */
  escalate(escalation: Escalation): void {
    if (this.machine.state.name === 'talking') this.departure.toHuman(escalation, this.escalationLine(escalation));
  }

  /** The process ends under the call. */
  abandon(): void {
    this.end('abandoned');
  }

  /** Another instance goes on with the call, or will: nothing of it is left here, and what is written of it stays. */
  release(): void {
    if (!this.isOver) this.dispose('moved');
  }

  /** Lets go of the call so that another instance goes on with it; see {@link CallMigration.begin}. */
  moveAway(when: MoveWhen): Promise<void> {
    return this.migration.begin(when);
  }

  /** Its stream was closed so that another instance goes on with it. */
  get isMoving(): boolean {
    return this.migration.isDone;
  }

  /** Twilio will ask about it before long, and only this process has the answer. */
  get needsAnswers(): boolean {
    const { state } = this.machine;
    if (state.name === 'dialling') return this.departure.dialling.owesWhisper;
    return state.name !== 'ended' && !this.isMoving;
  }

  private limitIn(delayMs: number): void {
    this.limit = this.services.clock.setTimer(delayMs, () => {
      // The words for it are those of a gateway that stops: somebody else goes on from here.
      if (this.machine.state.name === 'talking') this.escalate({ trigger: 'stopping', reason: 'call_limit' });
      // Between two streams, or while a goodbye plays that the caller may talk over.
      else if (!this.isOver && !this.isWithHuman) this.limitIn(LIMIT_AGAIN_MS);
    });
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
      },
      onSaid: (sayId, status) => {
        this.departure.onSaid(status, sayId);
        if (sayId.startsWith(IDLE_SAY) && status === 'failed' && this.machine.state.name === 'talking')
          this.machine.state.media.idle.unsaid();
      },
      onFailure: (error) => this.onFailure(error),
    };
  }

  private toolContext(): Omit<ToolContext, 'signal'> & { log: Logger } {
    return { conversationId: this.conversationId, callerNumber: this.from, log: this.log };
  }

  /** The caller says nothing: asked, asked again, then the call ends politely or, where it is set so, with a human. */
  private onIdle(times: number): void {
    if (this.machine.state.name !== 'talking') return;
    const { silentGoodbye, stillThere, stillThereAgain } = this.prompt.lines;
    this.log.info({ times }, 'the caller is silent');
    const escalation = times > 2 ? this.escalationWatch.callerSilent() : undefined;
    if (escalation !== undefined) this.escalate(escalation);
    else if (times > 2) this.departure.endCall('caller_silent', silentGoodbye);
    else
      this.machine.state.media.conversation.say(
        times === 1 ? stillThere : stillThereAgain,
        `${IDLE_SAY}${this.sayCount++}`,
      );
  }

  /** No model is left to talk. */
  private onFailure(error: TandemError): void {
    this.log.error({ err: error }, 'no voice session is left');
    if (this.machine.state.name === 'leaving') this.departure.onVoiceLost();
    else if (this.machine.state.name === 'talking') this.departure.part(this.departure.transfer.failurePlan());
  }

  private onStreamEnd(cause: StreamEnd): void {
    // Our own closing; the state has moved on already.
    if (cause === 'closed') return;
    if (this.machine.state.name === 'leaving') this.departure.part(this.machine.state);
    else if (this.machine.state.name === 'talking')
      this.departure.part(this.streams.resumePlan('stream_lost', this.streams.heardNothingSinceMs));
    else if (this.machine.state.name === 'redirecting' && cause === 'stop')
      this.machine.enter({ ...this.machine.state, isStopped: true });
  }

  private hold(): Verb[] {
    return [
      { verb: 'pause', seconds: SILENCE_BUDGET.holdSeconds },
      { verb: 'redirect', url: this.services.url('https', PATHS.held) },
    ];
  }

  /** Of all the models that talked on this call; absent when none counts tokens. */
  private tokens(): Record<string, number> {
    const { inputTokens, outputTokens } = this.usage;
    if (inputTokens + outputTokens === 0) return {};
    return { input_tokens: inputTokens, output_tokens: outputTokens };
  }

  private end(outcome: CallOutcome): void {
    if (this.isOver) return;
    this.dispose(outcome);
    this.services.journal.forget(this.callSid, outcome);
  }

  private dispose(outcome: CallOutcome): void {
    this.machine.enter({ name: 'ended', outcome });
    this.limit?.cancel();
    this.checkpointer.close();
    this.departure.close();
    this.services.metrics.sessions.inc({ outcome });
    this.services.metrics.sessionSeconds.observe((this.services.clock.epochMs() - this.startedAtMs) / 1000);
    this.log.info({ outcome, ...this.tokens() }, 'call ended');
    this.services.emit({ type: 'ended', callSid: this.callSid, outcome });
    this.services.onEnded(this.callSid);
  }
}
