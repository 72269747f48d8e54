import { randomBytes } from 'node:crypto';
import { type AudioChunk, MULAW_BYTES_PER_MS, MULAW_SILENCE } from '../../audio/chunk.js';
import type { Clock } from '../../base/clock.js';
import { isTandemError, TandemError } from '../../base/errors.js';
import type { SpeechEngine, SpeechInput } from '../../speech/engine.js';
import { type HeardItem, History } from '../history.js';
import type { SummaryRequest, VoiceEvent, VoiceSession, VoiceSessionOptions } from '../session.js';
import { SilencePadding } from '../silence-padding.js';
import type { LocalAnomaly } from './anomaly.js';
import { CutAnswer } from './cut-answer.js';
import type { Replier, ReplyPart, ToolCallPart } from './replier.js';
import { SpokenResponse } from './response.js';
import { saying } from './saying.js';
import { SpeechPace } from './speech-pace.js';

type Parts = (signal: AbortSignal) => AsyncIterable<ReplyPart>;

type State =
  | { name: 'opening' }
  | { name: 'listening' }
  /** `line`: a line of the owner that passes the response, because that has not begun to sound. */
  | { name: 'answering'; response: SpokenResponse; line: PassingLine | undefined }
  | { name: 'closed' };

interface PassingLine {
  response: SpokenResponse;
  /** Resolves when the line is over. */
  over: Promise<void>;
  end(): void;
}

export interface LocalSessionOptions extends VoiceSessionOptions {
  engine: SpeechEngine;
  clock: Clock;
  /** Called once. The session keeps `history` up to date with what both sides said, as heard. */
  createReplier(history: History): Replier;
  /** Resolves with a summary. Absent if there is no language model. */
  write?: (request: SummaryRequest) => Promise<string>;
  onAnomaly(kind: LocalAnomaly): void;
  /** Called once when the session is over, for whatever reason. */
  onClosed(): void;
}

/** A voice session on this machine. The engine hears and speaks, and a {@link Replier} decides what to say. */
export class LocalSession implements VoiceSession {
  readonly summarize?: (request: SummaryRequest) => Promise<string>;
  private readonly options: LocalSessionOptions;
  private readonly history = new History();
  private readonly replier: Replier;
  private readonly pace: SpeechPace;
  private readonly silencePadding: SilencePadding;
  /** Makes ids unique across sessions, because all sessions of a call share its history. */
  private readonly idPrefix = `local-${randomBytes(5).toString('hex')}`;
  private idCount = 0;
  private input: SpeechInput | undefined;
  private state: State = { name: 'opening' };
  /** Responses that wait for the one in progress to end. */
  private queue: SpokenResponse[] = [];
  private callerSpeaking = false;
  /** What the caller said and has no answer yet, because they were still speaking. */
  private unanswered = '';
  /** What the caller cut off. It is still owed if that was noise. */
  private readonly cutAnswer = new CutAnswer();
  private emptyTexts = 0;
  /** Whether audio may still be playing. Only the owner knows the playout, so it is assumed until the caller speaks. */
  private mayBePlaying = false;
  /** Number of the owner's commands, to detect one that was given in reaction to an event. */
  private commands = 0;
  /** The caller's last words before this session. */
  private readonly lastSaid: string;

  constructor(options: LocalSessionOptions) {
    this.options = options;
    this.pace = new SpeechPace(options.clock);
    this.silencePadding = new SilencePadding({
      clock: options.clock,
      sendSilence: (ms) => this.input?.push(new Uint8Array(ms * MULAW_BYTES_PER_MS).fill(MULAW_SILENCE)),
    });
    if (options.write !== undefined) this.summarize = options.write;
    for (const turn of options.conversation.turns) {
      if (turn.speaker === 'caller') this.history.callerSaid(turn.itemId, turn.text);
      else this.history.assistantSaid(turn.itemId, turn.text);
    }
    this.lastSaid = options.conversation.turns.findLast(({ speaker }) => speaker === 'caller')?.text ?? '';
    this.replier = options.createReplier(this.history);
    queueMicrotask(() => this.guard(() => this.begin()));
  }

  sendAudio(chunk: AudioChunk): void {
    this.silencePadding.audioCame();
    this.input?.push(chunk.bytes);
  }

  sendText(text: string): void {
    if (this.isClosed()) return;
    this.commands++;
    this.interrupt();
    this.cutAnswer.answered();
    this.answer(text);
  }

  /** The dialog takes a bare number for one that was keyed in. */
  sendDigits(digits: string): void {
    this.sendText(digits);
  }

  say(text: string, sayId: string): void {
    if (this.isClosed()) return;
    this.commands++;
    this.speak(saying(text), sayId);
  }

  cancel(): void {
    if (this.isClosed()) return;
    this.commands++;
    this.unanswered = '';
    this.cutAnswer.forget();
    this.pace.cleared();
    const dropped = this.queue;
    this.queue = [];
    if (this.state.name === 'answering') {
      const { line, response } = this.state;
      response.cancel();
      line?.response.cancel();
    }
    for (const response of dropped) response.cancel();
  }

  reportHeard(items: readonly HeardItem[]): void {
    this.history.heard(items);
    this.cutAnswer.heard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    if (this.isClosed()) return;
    if (this.replier.toolResult(toolCallId, output)) this.follow((signal) => this.replier.resume(signal));
  }

  close(): void {
    if (this.isClosed()) return;
    const { state } = this;
    this.state = { name: 'closed' };
    if (state.name === 'answering') {
      state.response.drop();
      state.line?.response.drop();
    }
    this.queue = [];
    this.cutAnswer.forget();
    this.silencePadding.stop();
    this.input?.close();
    this.options.onClosed();
  }

  private begin(): void {
    if (this.isClosed()) return;
    const { engine, greeting } = this.options;
    this.input = engine.listen({
      onSpeechStarted: () => this.guard(() => this.onSpeechStarted()),
      onSpeechStopped: () => this.guard(() => this.onSpeechStopped()),
      onText: (text) => this.guard(() => this.onText(text.trim())),
      // The caller is treated like one who was not understood.
      onNotRecognized: () => this.options.onAnomaly('recognition-failed'),
      onFailure: (error) => this.fail(error),
    });
    this.emit({ type: 'ready' });
    if (this.isClosed()) return;
    this.state = { name: 'listening' };
    // The greeting comes before anything that the owner requested meanwhile.
    if (this.options.answersLast) this.queue.unshift(this.createAnswer(this.lastSaid));
    if (greeting !== undefined) this.queue.unshift(this.createResponse(saying(greeting), undefined));
    this.next();
  }

  /** An error in what the engine reports must not reach the engine, which serves other calls. */
  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  private onSpeechStarted(): void {
    if (this.isClosed()) return;
    this.callerSpeaking = true;
    this.silencePadding.speechStarted();
    this.emit({ type: 'caller-speech-started' });
    this.interrupt();
  }

  private onSpeechStopped(): void {
    this.callerSpeaking = false;
    this.silencePadding.stop();
    this.emit({ type: 'caller-speech-stopped' });
  }

  private onText(text: string): void {
    if (this.isClosed()) return;
    if (text === '') {
      this.onNothingUnderstood();
      return;
    }
    this.emptyTexts = 0;
    this.mayBePlaying = false;
    this.cutAnswer.answered();
    const itemId = this.newId('caller');
    this.history.callerSaid(itemId, text);
    const { commands } = this;
    this.emit({ type: 'caller-text', itemId, text, final: true });
    // The owner has taken over, for example to transfer the call to a human.
    if (this.isClosed() || commands !== this.commands) return;
    this.unanswered = `${this.unanswered} ${text}`.trim();
    this.answerUnanswered();
  }

  /** Ignores one noise. After the second the caller is told that they were not understood. */
  private onNothingUnderstood(): void {
    if (this.unanswered !== '') {
      this.answerUnanswered();
      return;
    }
    const rest = this.callerSpeaking ? undefined : this.cutAnswer.afterNoise();
    if (rest !== undefined) {
      this.follow(rest);
      return;
    }
    this.emptyTexts++;
    if (this.emptyTexts < 2 || this.callerSpeaking) return;
    this.emptyTexts = 0;
    this.answer('');
  }

  /** Answers the caller, unless they are still speaking, because the rest belongs to the same turn. */
  private answerUnanswered(): void {
    if (this.callerSpeaking) return;
    const text = this.unanswered;
    this.unanswered = '';
    this.answer(text);
  }

  private answer(text: string): void {
    this.queue.push(this.createAnswer(text));
    this.next();
  }

  /** Speaks what the replier has to say. */
  private follow(parts: Parts): void {
    this.queue.push(this.createResponse(parts, undefined, { isPassable: true }));
    this.next();
  }

  private createAnswer(text: string): SpokenResponse {
    return this.createResponse((signal) => this.replier.reply(text, signal), undefined, { isPassable: true });
  }

  /** Called when the caller interrupts. A line of the owner continues, because only the owner cancels it. */
  private interrupt(): void {
    const response = this.state.name === 'answering' ? this.state.response : undefined;
    this.cutAnswer.cut(response?.sayId === undefined ? response?.suspend() : undefined);
    if (!this.mayBePlaying) return;
    this.mayBePlaying = false;
    this.pace.cleared();
    this.emit({ type: 'interruption' });
  }

  private speak(parts: Parts, sayId: string): void {
    this.queue.push(this.createResponse(parts, sayId));
    this.next();
  }

  private next(): void {
    if (this.state.name === 'answering') {
      this.letLinePass(this.state);
      return;
    }
    if (this.state.name !== 'listening') return;
    const response = this.queue.shift();
    if (response === undefined) return;
    this.state = { name: 'answering', response, line: undefined };
    response.start();
    this.next();
  }

  /** Speaks the owner's next line before an answer that has not begun, because its model may take long. */
  private letLinePass(state: State & { name: 'answering' }): void {
    if (state.line !== undefined || !state.response.isPassable) return;
    const [response] = this.queue;
    if (response?.sayId === undefined) return;
    this.queue.shift();
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    state.line = { response, over, end };
    response.start();
  }

  /** Returns a promise while a line passes `response`. */
  private lineBefore(response: SpokenResponse, signal: AbortSignal): Promise<void> | undefined {
    const line = this.state.name === 'answering' && this.state.response === response ? this.state.line : undefined;
    if (line === undefined) return undefined;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    return Promise.race([line.over, aborted]);
  }

  private createResponse(parts: Parts, sayId: string | undefined, { isPassable = false } = {}): SpokenResponse {
    const response: SpokenResponse = new SpokenResponse({
      responseId: this.newId('response'),
      sayId,
      isPassable,
      parts,
      engine: this.options.engine,
      pace: this.pace,
      language: this.options.language,
      whileOthersSpeak: (signal) => this.lineBefore(response, signal),
      emit: (event) => this.emit(event),
      newItemId: () => this.newId('item'),
      onSpoken: (itemId, text) => this.onSpoken(itemId, text, sayId),
      onEnd: (ended, toolCalls) => this.onResponseEnd(ended, toolCalls),
      onFailure: (error) => this.fail(error),
    });
    return response;
  }

  private onSpoken(itemId: string, text: string, sayId: string | undefined): void {
    this.history.assistantSaid(itemId, text);
    // A line is the owner's, who says it again if need be.
    if (sayId === undefined) this.cutAnswer.spoke(itemId, text);
  }

  private onResponseEnd(response: SpokenResponse, toolCalls: readonly ToolCallPart[]): void {
    if (this.state.name !== 'answering') return;
    const { line } = this.state;
    if (line?.response === response) {
      this.state.line = undefined;
      // The next line passes, too, before the answer continues.
      this.next();
      line.end();
      return;
    }
    if (this.state.response !== response) return;
    this.state =
      line === undefined ? { name: 'listening' } : { name: 'answering', response: line.response, line: undefined };
    const { commands } = this;
    for (const call of toolCalls) {
      // A tool call is dropped once the owner has given another command.
      if (commands === this.commands) this.emit(call);
    }
    this.next();
  }

  private fail(cause: unknown): void {
    if (this.isClosed()) return;
    const error = isTandemError(cause)
      ? cause
      : new TandemError('LOCAL_SPEECH_FAILED', 'A sentence could not be heard or spoken.', { cause });
    const { listener } = this.options;
    this.close();
    listener({ type: 'failed', error });
  }

  private emit(event: VoiceEvent): void {
    if (this.isClosed()) return;
    if (event.type === 'audio') this.mayBePlaying = true;
    this.options.listener(event);
  }

  private newId(kind: string): string {
    return `${this.idPrefix}-${kind}-${++this.idCount}`;
  }

  private isClosed(): boolean {
    return this.state.name === 'closed';
  }
}
