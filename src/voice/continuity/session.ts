import type { AudioChunk } from '../../audio/chunk.js';
import { TandemError } from '../../base/errors.js';
import type { HeardItem } from '../history.js';
import type { PassOn, VoiceEvent, VoiceProvider, VoiceSession } from '../session.js';
import { CallLines } from './call-lines.js';
import { CallerState } from './caller-state.js';
import type { ContinuousSessionOptions } from './continuous-options.js';
import type { Passing } from './passing.js';
import { Succession } from './succession.js';
import type { Opening, SuccessionOwner } from './succession-owner.js';
import type { SupervisedSession } from './supervised-session.js';
import { unsaid } from './turn-state.js';

/**
 * A voice session that outlives the model sessions under it. A session near its model's time limit is renewed in a
 * pause. A lost session is reopened, or another model takes over, with the conversation as the caller heard it and the
 * caller's audio that no model has answered. The owner notices nothing of it. When every provider has failed, this
 * session fails, too.
 */
export class ContinuousSession implements VoiceSession, SuccessionOwner {
  speaker: string | undefined;
  private readonly options: ContinuousSessionOptions;
  private readonly caller: CallerState;
  private readonly lines: CallLines;
  private readonly sessions: Succession;
  /** When the caller last heard something before this session began. */
  private readonly quietSinceMs: number;
  private wasReady = false;
  /** Whether a model has said something in this call, so that the greeting is not repeated. */
  private hasSpoken = false;
  /** Whether the last line failed or broke off. The gateway's own voice then speaks the next one. */
  private hasLineFailed = false;
  /** Text and digits of the caller that have no answer yet. */
  private unanswered: ((session: VoiceSession) => void)[] = [];

  constructor(options: ContinuousSessionOptions) {
    this.options = options;
    const { clock, session } = options;
    this.lines = new CallLines(options, () => this.supervised?.provider);
    this.caller = new CallerState({
      clock,
      isPlaying: () => session.conversation.isPlaying,
      speakLine: (text) => this.lines.speak(text),
      oneMoment: () => options.lines.oneMoment,
      emit: (event) => this.emit(event),
      current: () => this.sessions.current,
    });
    // Until the first session is ready, only this buffer keeps what the caller says.
    this.caller.replayBuffer.keep();
    this.quietSinceMs = clock.now() - (session.callerWaitsMs ?? 0);
    if (session.greeting !== undefined || session.answersLast) this.caller.deadAir.begin(this.quietSinceMs);
    this.sessions = new Succession(options, this.caller, this);
  }

  sendAudio(chunk: AudioChunk): void {
    this.caller.hear(chunk);
    this.sessions.sendAudio(chunk);
  }

  sendText(text: string): void {
    this.ask((session) => session.sendText(text));
  }

  sendDigits(digits: string): void {
    this.ask((session) => session.sendDigits(digits));
  }

  say(text: string, sayId: string): void {
    if (!this.hasLineFailed) {
      this.sayByModel(text, sayId);
      return;
    }
    void this.caller.gatewayVoice.say(text, sayId).then((isSaid) => {
      if (!isSaid) this.sayByModel(text, sayId);
    });
  }

  private sayByModel(text: string, sayId: string): void {
    this.sessions.dropSuccessor();
    const { supervised } = this;
    // While another assistant is being opened, there is none that could say it.
    if (supervised === undefined || this.sessions.isPassing) {
      for (const event of unsaid(sayId)) this.emit(event);
      return;
    }
    this.lines.saying(sayId, text);
    // Before the line, because a model may speak it at once, and then nobody waits. If no model has spoken yet, an earlier
    // session may have lost the caller's question, and they are still waiting.
    this.caller.deadAir.begin(this.hasSpoken ? undefined : this.quietSinceMs);
    supervised.turnState.saying(sayId);
    supervised.session.say(text, sayId);
    supervised.expectAnswer();
  }

  cancel(): void {
    this.expectsNothing();
    this.supervised?.session.cancel();
  }

  expectsNothing(): void {
    this.caller.endWait();
    this.supervised?.turnState.cancelled();
  }

  reportHeard(items: readonly HeardItem[]): void {
    this.supervised?.session.reportHeard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    const { supervised } = this;
    // If the session that called the tool is gone, its successor calls the tool again itself.
    if (supervised?.turnState.toolAnswered(toolCallId) !== true) return;
    this.caller.deadAir.begin();
    supervised.session.sendToolResult(toolCallId, output);
    supervised.expectAnswer();
  }

  get callerWaitsMs(): number {
    return this.caller.deadAir.quietMs;
  }

  get quietLineMs(): number {
    return this.caller.quietLineMs;
  }

  /** Asks the model that the caller is talking to. No other session is opened for it. Absent if that model cannot write. */
  get summarize(): VoiceSession['summarize'] {
    const { supervised } = this;
    if (supervised === undefined)
      return () => Promise.reject(new TandemError('VOICE_FAILED', 'No model is connected that can write a summary.'));
    return supervised.session.summarize?.bind(supervised.session);
  }

  passOn(passOn: PassOn): void {
    this.sessions.passOn(passOn);
  }

  keepAssistant(): void {
    this.sessions.keepThisOne('left');
  }

  close(): void {
    this.sessions.close();
    this.caller.endWait();
    this.caller.replayBuffer.forget();
  }

  /** The session the caller is talking to. */
  private get supervised(): SupervisedSession | undefined {
    return this.sessions.supervised;
  }

  /** Sends the model something from the caller that it has to answer. */
  private ask(send: (session: VoiceSession) => void): void {
    if (this.sessions.isClosed) return;
    this.unanswered.push(send);
    this.caller.deadAir.begin();
    const { listening } = this.sessions;
    if (listening === undefined) return;
    this.sessions.dropSuccessor();
    listening.turnState.asked();
    send(listening.session);
    listening.expectAnswer();
  }

  onEvent(supervised: SupervisedSession, event: VoiceEvent): void {
    switch (event.type) {
      case 'caller-speech-started':
        this.caller.speechStarted();
        this.sessions.dropSuccessor();
        break;
      case 'caller-speech-stopped':
        this.caller.replayBuffer.utteranceEnded();
        break;
      case 'caller-text':
        if (event.final) this.caller.replayBuffer.forget();
        this.sessions.dropSuccessor();
        break;
      case 'audio':
        this.hasSpoken = true;
        this.speaker = supervised.provider.name;
        this.unanswered = [];
        this.caller.answered();
        break;
      case 'response-done':
        // The question is answered, so no later session needs to hear it, even if its text never arrived.
        if (event.status === 'completed' && supervised.turnState.hasAnswered) this.caller.replayBuffer.forget();
        break;
      default:
        break;
    }
    this.lines.note(supervised, event);
    this.emit(event);
    if (event.type !== 'audio' && supervised === this.supervised) this.caller.updateWait();
  }

  onReady(): void {
    if (this.wasReady) return;
    this.wasReady = true;
    this.emit({ type: 'ready' });
  }

  onAbandoned(event: VoiceEvent): void {
    this.emit(event);
  }

  onReopened(supervised: SupervisedSession, origin: SupervisedSession): void {
    // The next session hears what the caller has said so far, because that has neither an answer nor a text.
    this.caller.replayTo(supervised);
    for (const send of this.unanswered) send(supervised.session);
    // The next session is asked again what the lost one did not answer, without being told so.
    if (owesAnswer(origin) && this.isAskedAgain) supervised.turnState.asked();
  }

  onHandedOver(to: SupervisedSession): void {
    this.caller.replayTo(to);
    for (const send of this.unanswered) send(to.session);
  }

  /** What the caller says meanwhile is an answer of its own, so the other assistant is not asked for another one. */
  passedOpening({ speaking: { session } }: Passing): Opening {
    const { answersLast, conversation, greeting } = session;
    const hasAsked = conversation.turns.some(({ speaker }) => speaker === 'caller');
    return { greeting, answersLast: answersLast && hasAsked && !this.isAskedAgain };
  }

  onFailed(error: TandemError): void {
    this.close();
    this.options.session.listener({ type: 'failed', error });
  }

  /**
   * Text and digits are sent again, and an utterance without text is replayed. The model answers those without being told.
   */
  private get isAskedAgain(): boolean {
    return this.unanswered.length > 0 || this.caller.replayBuffer.hasUtterance;
  }

  /** Decides how the next session begins: not with what the caller has heard already, nor with silence if they wait. */
  opening(provider: VoiceProvider, lost: SupervisedSession): Opening {
    const { session, lines } = this.options;
    const { turns } = session.conversation;
    const hasAsked = turns.some(({ speaker }) => speaker === 'caller');
    const { isMidAnswer } = lost.turnState;
    const callerWaits = owesAnswer(lost) && hasAsked && !this.isAskedAgain;
    if (!this.hasSpoken) return { greeting: session.greeting, answersLast: session.answersLast || callerWaits };
    // A deaf session and a caller who made only a noise look the same. A model that has to speak shows which it was.
    if (provider !== lost.provider || isMidAnswer || lost.seemedDeaf)
      return { greeting: lines.takenOver, answersLast: callerWaits };
    return { greeting: lost.unsaid, answersLast: callerWaits };
  }

  private emit(event: VoiceEvent): void {
    if (event.type === 'response-done' && event.sayId !== undefined) this.hasLineFailed = event.status === 'failed';
    if (!this.sessions.isClosed) this.options.session.listener(event);
  }
}

function owesAnswer({ turnState: { obligation } }: SupervisedSession): boolean {
  return obligation !== 'none' && obligation !== 'speech';
}
