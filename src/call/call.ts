import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { TandemError } from '../errors.js';
import type { Escalation } from '../escalation/escalation.js';
import { EscalationWatch } from '../escalation/watch.js';
import type { HandoverDesk, PreparedHandover } from '../handover/desk.js';
import { whisperDigits } from '../handover/token.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { AssistantPrompt } from '../prompts/assistant-prompt.js';
import type { StreamStart } from '../twilio/messages.js';
import type { StreamEnd, StreamOwner, TwilioStream } from '../twilio/stream.js';
import type { Verb } from '../twilio/twiml.js';
import type { VoiceWebhook } from '../twilio/webhooks.js';
import { History, type Turn } from '../voice/history.js';
import type { ConversationView, ResponseStatus, VoiceProvider } from '../voice/session.js';
import { type AssistantTool, type ToolContext, ToolRunner, toolDefinition } from '../voice/tools.js';
import type { CallEvent } from './call-events.js';
import { type CallOutcome, type CallState, type Exit, type ResumeCause, transition } from './call-state.js';
import type { ConversationListener } from './conversation.js';
import { dialOutcome, dialVerb, isPhoneNumber } from './dial.js';
import { Goodbye, heard } from './goodbye.js';
import { HeldSession } from './held-session.js';
import { openLine } from './open-line.js';
import { PATHS } from './paths.js';
import { prepareHandover } from './prepare-handover.js';
import { BUILT_IN_TOOLS } from './tools.js';

/** What every call of a gateway shares. */
export interface CallServices {
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  provider: VoiceProvider;
  /** Who answers a call to this number. */
  promptFor: (numberCalled: string) => AssistantPrompt;
  desk: HandoverDesk;
  /** What the assistant can do besides the built-in tools. */
  tools: readonly AssistantTool[];
  /** The key that asks for a human; empty: none does. */
  humanDigit: string;
  /** A caller who says nothing for this long is asked whether they are there; 0: never. */
  idleMs: number;
  /** True: the frame pipeline. False: the direct bridge. */
  pipeline: boolean;
  /** The number of Amazon Connect; undefined: no human can be reached. */
  connectPhoneNumber: string | undefined;
  /** Shown to the called side when the caller withheld their number. */
  ownNumber: string | undefined;
  queueFor: (reason: string, intent: string) => string;
  /** An absolute URL as Twilio knows it. */
  url: (scheme: 'https' | 'wss', path: string) => string;
  emit: (event: CallEvent) => void;
  /** The call is over and may be forgotten. */
  onEnded: (callSid: string) => void;
}

/** Twilio opens the stream within seconds of the TwiML; a session that nobody adopts by then is closed. */
const STREAM_EXPECTED_MS = 15_000;
/** After a stream ended Twilio asks for the next TwiML at once; its own limit for one webhook is 15 s with retries. */
const QUESTION_EXPECTED_MS = 30_000;
/** Twilio's longest `<Dial>` is four hours; after it the result is not coming any more. */
const DIAL_EXPECTED_MS = 4.25 * 3_600_000;
/** So often a broken stream is replaced before the caller goes to a human. */
const MAX_RESUMES = 2;
/** So often a human is rung before the caller is told that nobody can take the call. */
const MAX_DIALS = 3;

/** One phone call: outlives its streams and voice sessions. Keyed by CallSid. */
export class Call {
  readonly callSid: string;
  private readonly services: CallServices;
  private log: Logger;
  private readonly conversationId: string;
  private readonly startedMs: number;
  private readonly from: string;
  private readonly to: string;
  private readonly prompt: AssistantPrompt;
  private readonly history = new History();
  private readonly watch: EscalationWatch;
  private readonly usage = { inputTokens: 0, outputTokens: 0 };
  private state: CallState;
  private resumes = 0;
  private dials = 0;
  private lineCount = 0;
  private goodbye: Goodbye | undefined;

  constructor(webhook: VoiceWebhook, services: CallServices) {
    this.services = services;
    this.callSid = webhook.callSid;
    this.from = webhook.from;
    this.to = webhook.to;
    this.prompt = services.promptFor(this.to);
    this.conversationId = randomBytes(12).toString('hex');
    this.log = services.log.child({ call_sid: this.callSid, conversation_id: this.conversationId });
    this.startedMs = services.clock.now();
    this.watch = new EscalationWatch({ humanDigit: services.humanDigit });
    this.state = this.ringingState(this.prompt.greeting);
    services.emit({ type: 'started', callSid: this.callSid, from: this.from, to: this.to });
    this.log.info('call started');
  }

  get isOver(): boolean {
    return this.state.name === 'ended';
  }

  /** A stream is open: somebody is being talked to. */
  get isLive(): boolean {
    return this.state.name === 'talking' || this.state.name === 'leaving';
  }

  /** The answer to the incoming-call webhook, and to a repetition of it. */
  answer(): Verb[] {
    if (this.state.name !== 'ringing') return this.state.name === 'ended' ? [{ verb: 'hangup' }] : [];
    const { url } = this.services;
    return [
      {
        verb: 'connect-stream',
        action: url('https', PATHS.streamEnded),
        stream: {
          url: url('wss', PATHS.stream),
          statusCallback: url('https', PATHS.streamStatus),
          parameters: { token: this.state.streamToken },
        },
      },
    ];
  }

  /** A stream says it is for this call. Its token works once and only for this call. */
  admit(stream: TwilioStream, start: StreamStart): StreamOwner | { refused: string } {
    const { state } = this;
    if (state.name !== 'ringing') return { refused: 'no stream expected' };
    if (!sameText(start.customParameters['token'] ?? '', state.streamToken)) return { refused: 'wrong token' };

    const { clock, idleMs, metrics, pipeline, provider, tools } = this.services;
    const { line, meter } = openLine({
      stream,
      held: state.held,
      history: this.history,
      watch: this.watch,
      tools: new ToolRunner({ tools, clock, context: () => this.toolContext() }),
      listener: this.listener(),
      onIdle: (times) => this.onIdle(times),
      onProcessorError: (processor, error) => {
        metrics.processorErrors.inc({ processor });
        this.log.error({ err: error, processor }, 'a processor failed; its frame is lost');
      },
      services: { clock, metrics, providerName: provider.name, idleMs, pipeline },
    });
    const { conversation, playback } = line;
    this.state = transition(state, { name: 'talking', line });
    metrics.activeSessions.inc();
    const { inboundFrameLatency } = metrics;
    return {
      onStart: () => {
        this.log = this.log.child({ stream_sid: start.streamSid });
        this.log.info('stream started');
        this.services.emit({ type: 'stream-started', callSid: this.callSid, streamSid: start.streamSid });
        meter.streamStarted();
        conversation.begin();
      },
      onAudio: (payload, receivedMs) => {
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
    if (isOverAtTwilio(webhook.callStatus)) {
      this.end('caller_hung_up');
      return [];
    }
    // Twilio may ask before the closing of the socket has reached us, or without a stream ever having come.
    if (this.state.name === 'talking' || this.state.name === 'leaving') this.onStreamEnd('lost');
    if (this.state.name === 'parted') return this.leaveBy(this.state.exit);
    // Twilio asks again when our answer did not reach it.
    if (this.state.name === 'dialling') return this.state.verbs;
    return this.state.name === 'ringing' ? this.afterRefusedStream() : [{ verb: 'hangup' }];
  }

  /** The stream was announced but never came: another try, with the voice session that still waits for it. */
  private afterRefusedStream(): readonly Verb[] | Promise<readonly Verb[]> {
    if (this.resumes < MAX_RESUMES) {
      this.resumes++;
      this.services.metrics.resumes.inc({ cause: 'stream_refused' });
      return this.answer();
    }
    const exit = this.failureExit();
    this.part(exit);
    return this.leaveBy(exit);
  }

  /** The called leg has answered and asks what to play to it alone. */
  whisper(): Verb[] {
    if (this.state.name !== 'dialling' || this.state.prepared === undefined) return [];
    return [{ verb: 'play-digits', digits: whisperDigits(this.state.prepared.token) }];
  }

  /** `<Dial action>`: the dial is over. Decided on `DialBridged`: a leg that dropped during the whisper still says `completed`. */
  afterDial(webhook: VoiceWebhook): readonly Verb[] | Promise<readonly Verb[]> {
    if (this.state.name !== 'dialling') return [{ verb: 'hangup' }];
    const status = webhook.form.get('DialCallStatus') ?? 'failed';
    const bridged = webhook.form.get('DialBridged') === 'true';
    const callerGone = isOverAtTwilio(webhook.callStatus);
    const outcome = dialOutcome(status, bridged, callerGone);
    this.services.metrics.handovers.inc({ outcome });
    this.services.emit({ type: 'dial-ended', callSid: this.callSid, outcome });
    this.log.info({ outcome }, 'dial ended');
    if (bridged || callerGone) {
      this.end(bridged ? 'handed_over' : 'caller_hung_up');
      return [{ verb: 'hangup' }];
    }
    const { nobodyFree, noHuman } = this.prompt.lines;
    if (this.dials >= MAX_DIALS) return this.leaveBy({ to: 'nobody', outcome: 'no_human', announce: noHuman });
    return this.leaveBy({ to: 'assistant', cause: 'dial_failed', opening: nobodyFree });
  }

  /** Twilio's status callback of the call itself. */
  onCallStatus(webhook: VoiceWebhook): void {
    if (isOverAtTwilio(webhook.callStatus) && this.state.name !== 'dialling') this.end('caller_hung_up');
  }

  /** Something outside the conversation demands a human, for instance the gateway being stopped. */
  escalate(escalation: Escalation): void {
    if (this.state.name === 'talking') this.goToHuman(escalation, this.escalationLine(escalation));
  }

  /** The process ends under the call. */
  abandon(): void {
    this.end('abandoned');
  }

  private escalationLine(escalation: Escalation): string {
    const { lines } = this.prompt;
    if (escalation.trigger === 'stopping') return lines.stopping;
    return escalation.reason === 'assistant_failed' ? lines.assistantFailed : lines.handover;
  }

  private goToHuman(escalation: Escalation, line: string): void {
    this.noteEscalation(escalation);
    if (this.services.connectPhoneNumber === undefined) {
      const { noHuman } = this.prompt.lines;
      this.leave({ to: 'nobody', outcome: 'no_human', announce: undefined }, noHuman);
      return;
    }
    this.leave({ to: 'human', prepared: this.prepare(escalation), announce: undefined }, line);
  }

  private noteEscalation(escalation: Escalation): void {
    this.services.metrics.escalations.inc({ trigger: escalation.trigger, reason: escalation.reason });
    this.services.emit({ type: 'escalated', callSid: this.callSid, escalation });
    this.log.info({ trigger: escalation.trigger, reason: escalation.reason }, 'a human is needed');
  }

  /** Says `line` as the last thing on this stream, then closes it; Twilio asks what now and gets `exit`. */
  private leave(exit: Exit, line: string): void {
    if (this.state.name !== 'talking') return;
    const { line: current } = this.state;
    this.state = transition(this.state, { name: 'leaving', line: current, exit });
    const sayId = `goodbye-${this.lineCount++}`;
    const goodbye = new Goodbye(sayId, this.services.clock, current.playback);
    this.goodbye = goodbye;
    current.conversation.leave(line, sayId);
    const prepared = exit.to === 'human' ? exit.prepared : Promise.resolve();
    void Promise.all([goodbye.spoken, prepared]).then(([wasSpoken]) => {
      if (this.state.name !== 'leaving' || this.state.exit !== exit) return;
      if (!wasSpoken && exit.to !== 'assistant') exit.announce = line;
      this.part(exit);
    });
  }

  private async prepare(escalation: Escalation): Promise<PreparedHandover | undefined> {
    const { clock, desk, queueFor } = this.services;
    const prepared = await prepareHandover(
      {
        escalation,
        conversationId: this.conversationId,
        customerPhone: this.from,
        language: this.prompt.language,
        turns: this.history.turns,
      },
      { clock, desk, log: this.log, queueFor },
    );
    this.services.emit({ type: 'handover-prepared', callSid: this.callSid, handoverId: prepared?.handoverId });
    return prepared;
  }

  private listener(): ConversationListener {
    return {
      onTurn: (turn: Readonly<Turn>) => this.services.emit({ type: 'turn', callSid: this.callSid, turn }),
      onEscalation: (escalation) => this.escalate(escalation),
      onEndCall: () => this.onEndCall(),
      onUsage: (inputTokens, outputTokens) => {
        this.services.metrics.tokens.inc({ direction: 'input' }, inputTokens);
        this.services.metrics.tokens.inc({ direction: 'output' }, outputTokens);
        this.usage.inputTokens += inputTokens;
        this.usage.outputTokens += outputTokens;
      },
      onSaid: (sayId, status) => this.onSaid(sayId, status),
      onFailure: (error) => this.onFailure(error),
    };
  }

  private toolContext(): Omit<ToolContext, 'signal'> & { log: Logger } {
    return { conversationId: this.conversationId, callerNumber: this.from, log: this.log };
  }

  /** The caller says nothing: asked, asked again, then the call ends politely. */
  private onIdle(times: number): void {
    if (this.state.name !== 'talking') return;
    const { silentGoodbye, stillThere, stillThereAgain } = this.prompt.lines;
    this.log.info({ times }, 'the caller is silent');
    if (times > 2) this.leave({ to: 'nobody', outcome: 'caller_silent', announce: undefined }, silentGoodbye);
    else this.state.line.conversation.say(times === 1 ? stillThere : stillThereAgain, `idle-${this.lineCount++}`);
  }

  /** The assistant has said goodbye itself: the call ends once that has been heard. */
  private onEndCall(): void {
    if (this.state.name !== 'talking') return;
    const { line } = this.state;
    const exit: Exit = { to: 'nobody', outcome: 'completed', announce: undefined };
    this.state = transition(this.state, { name: 'leaving', line, exit });
    void heard(line.playback).then(() => {
      if (this.state.name === 'leaving' && this.state.exit === exit) this.part(exit);
    });
  }

  private onSaid(sayId: string, status: ResponseStatus): void {
    if (this.goodbye?.sayId === sayId) this.goodbye.onSaid(status);
  }

  /** No model is left to talk. */
  private onFailure(error: TandemError): void {
    this.log.error({ err: error }, 'no voice session is left');
    if (this.state.name === 'leaving') {
      this.goodbye?.cancel();
      return;
    }
    if (this.state.name !== 'talking') return;
    this.part(this.failureExit());
  }

  /** The assistant cannot go on: a human does, and TwiML says so because the voice is gone. */
  private failureExit(): Exit {
    const escalation: Escalation = { trigger: 'failure', reason: 'assistant_failed' };
    this.noteEscalation(escalation);
    return this.humanExit(escalation, this.prompt.lines.assistantFailed);
  }

  private humanExit(escalation: Escalation, announce: string): Exit {
    if (this.services.connectPhoneNumber !== undefined)
      return { to: 'human', prepared: this.prepare(escalation), announce };
    return { to: 'nobody', outcome: 'no_human', announce: this.prompt.lines.noHuman };
  }

  private onStreamEnd(cause: StreamEnd): void {
    // Our own closing; the state has moved on already.
    if (cause === 'closed') return;
    if (this.state.name === 'leaving') this.part(this.state.exit);
    else if (this.state.name === 'talking') this.part(this.resumeExit('stream_lost'));
  }

  /** The stream broke under a caller who may still be there. */
  private resumeExit(cause: ResumeCause): Exit {
    const { greeting, lines } = this.prompt;
    return { to: 'assistant', cause, opening: this.history.turns.length === 0 ? greeting : lines.resumed };
  }

  /** The stream is over. If Twilio does not ask what now, the caller has hung up. */
  private part(exit: Exit): void {
    const wasLive = this.isLive;
    const expires = this.services.clock.setTimer(QUESTION_EXPECTED_MS, () => {
      this.end(exit.to === 'nobody' ? exit.outcome : 'caller_hung_up');
    });
    this.state = transition(this.state, { name: 'parted', exit, expires });
    this.goodbye?.cancel();
    this.goodbye = undefined;
    if (wasLive) this.services.metrics.activeSessions.dec();
  }

  private leaveBy(exit: Exit): readonly Verb[] | Promise<readonly Verb[]> {
    switch (exit.to) {
      case 'human':
        return exit.prepared.then((prepared) => this.dial(prepared, exit.announce));
      case 'assistant':
        // Streams that keep breaking: a human goes on.
        if (exit.cause !== 'dial_failed' && this.resumes >= MAX_RESUMES) return this.leaveBy(this.failureExit());
        return this.resume(exit.cause, exit.opening);
      case 'nobody':
        this.end(exit.outcome);
        return [...this.announcement(exit.announce), { verb: 'hangup' }];
    }
  }

  private announcement(text: string | undefined): Verb[] {
    return text === undefined ? [] : [{ verb: 'say', text, language: this.prompt.language }];
  }

  private dial(prepared: PreparedHandover | undefined, announce: string | undefined): Verb[] {
    const { clock, connectPhoneNumber, ownNumber, url } = this.services;
    if (this.state.name !== 'parted' || connectPhoneNumber === undefined) return [{ verb: 'hangup' }];
    const verbs: Verb[] = [
      ...this.announcement(announce),
      dialVerb({
        number: connectPhoneNumber,
        // Twilio shows the caller's own number unless told otherwise; a withheld one needs another.
        callerId: isPhoneNumber(this.from) ? undefined : (ownNumber ?? (isPhoneNumber(this.to) ? this.to : undefined)),
        hasWhisper: prepared !== undefined,
        url,
      }),
    ];
    const expires = clock.setTimer(DIAL_EXPECTED_MS, () => this.end('abandoned'));
    this.state = transition(this.state, { name: 'dialling', prepared, verbs, expires });
    this.dials++;
    this.services.emit({ type: 'dialling', callSid: this.callSid, number: connectPhoneNumber });
    this.log.info({ handover_id: prepared?.handoverId, attempt: this.dials }, 'dialling a human');
    return verbs;
  }

  private resume(cause: ResumeCause, opening: string): Verb[] {
    this.services.metrics.resumes.inc({ cause });
    this.services.emit({ type: 'resumed', callSid: this.callSid, cause });
    this.log.info({ cause }, 'the call goes on in a new stream');
    if (cause !== 'dial_failed') this.resumes++;
    this.state = transition(this.state, this.ringingState(opening));
    return this.answer();
  }

  private ringingState(opening: string): CallState & { name: 'ringing' } {
    const { clock, provider, tools } = this.services;
    const { prompt } = this;
    const held = new HeldSession(provider, {
      conversationId: this.conversationId,
      callerNumber: isPhoneNumber(this.from) ? this.from : undefined,
      instructions: prompt.instructions,
      greeting: opening,
      answersLast: false,
      language: prompt.language,
      tools: [...BUILT_IN_TOOLS, ...tools.map(toolDefinition)],
      conversation: this.conversationView(),
    });
    return {
      name: 'ringing',
      streamToken: randomBytes(24).toString('base64url'),
      held,
      expires: clock.setTimer(STREAM_EXPECTED_MS, () => this.part(this.resumeExit('stream_refused'))),
    };
  }

  private conversationView(): ConversationView {
    const turns = (): readonly Turn[] => this.history.turns;
    const isPlaying = (): boolean => 'line' in this.state && this.state.line.playback.isPlaying;
    return {
      get turns() {
        return turns();
      },
      get isPlaying() {
        return isPlaying();
      },
    };
  }

  /** Of all the models that talked on this call; absent when none counts tokens. */
  private tokens(): Record<string, number> {
    const { inputTokens, outputTokens } = this.usage;
    if (inputTokens + outputTokens === 0) return {};
    return { input_tokens: inputTokens, output_tokens: outputTokens };
  }

  private end(outcome: CallOutcome): void {
    if (this.state.name === 'ended') return;
    if (this.isLive) this.services.metrics.activeSessions.dec();
    this.state = transition(this.state, { name: 'ended', outcome });
    this.goodbye?.cancel();
    this.goodbye = undefined;
    this.services.metrics.sessions.inc({ outcome });
    this.services.metrics.sessionSeconds.observe((this.services.clock.now() - this.startedMs) / 1000);
    this.log.info({ outcome, ...this.tokens() }, 'call ended');
    this.services.emit({ type: 'ended', callSid: this.callSid, outcome });
    this.services.onEnded(this.callSid);
  }
}

const OVER = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled']);

function isOverAtTwilio(callStatus: string): boolean {
  return OVER.has(callStatus);
}

function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
