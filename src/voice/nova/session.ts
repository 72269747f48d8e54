import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { randomBytes, randomUUID } from 'node:crypto';
import { taped } from '../../base/taped.js';
import type { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { type AudioChunk, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { HeardItem } from '../history.js';
import type { SummaryRequest, VoiceEvent, VoiceSession, VoiceSessionOptions } from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import type { TranscriptionWatch } from '../transcription-watch.js';
import type { Written } from '../written.js';
import type { NovaAnomaly } from './anomaly.js';
import { AssistantTurns } from './assistant-turns.js';
import { BargeIn } from './barge-in.js';
import { CallerAudio } from './caller-audio.js';
import { CallerTurns } from './caller-turns.js';
import { Connection } from './connection.js';
import { CutAnswer } from './cut-answer.js';
import { stalled } from './failure.js';
import { MAX_TEXT_BYTES, splitText } from './history-blocks.js';
import { type EndpointingSensitivity, InputEvents } from './input-events.js';
import { InputQueue } from './input-queue.js';
import { type ContentKind, type OutputEvent, parseOutput } from './output-events.js';
import type { PeerSigns } from './peer-signs.js';
import { createSeed } from './seed.js';
import { SpeechDetector } from '../speech-detector.js';
import { SpokenLines } from '../spoken-lines.js';
import { ToolUses, toolResultText } from './tool-uses.js';
import { UnwrittenSpeech } from './unwritten-speech.js';
import { UsageMeter } from './usage-meter.js';

export interface NovaSessionOptions extends VoiceSessionOptions {
  client: BedrockRuntimeClient;
  modelId: string;
  /** Resolves with a summary by a text model, because Nova Sonic can only speak. */
  write: (request: SummaryRequest) => Promise<Written>;
  voice: string;
  endpointingSensitivity: EndpointingSensitivity | undefined;
  openTimeoutMs: number;
  /** Sees whether the service answers on a connection at all. */
  peers: Pick<PeerSigns, 'begin'>;
  mergeMs: number;
  /** The same for all sessions of the call. */
  transcription: TranscriptionWatch;
  speakLine: SpeakLine | undefined;
  clock: Clock;
  /** `error`: what was thrown, if anything was. */
  onAnomaly: (kind: NovaAnomaly, error?: unknown) => void;
  /** Called once in a call, when the caller's words are missing. */
  onBlind: () => void;
  /** Called once when the session has released everything. */
  onGone: () => void;
}

/** Silence sent first, because the model answers no text before which it has heard less than some 70 ms. */
const LEAD_SILENCE_MS = 200;
/** Maximum caller audio buffered while the service takes none. A replayed utterance of 10 s fits. */
const MAX_WAITING_MS = 12_000;
/** Amount of caller audio after which the service counts as stalled, if it read nothing meanwhile. */
const STALLED_AFTER_MS = 8000;

/**
 * Time from the request after which a session without a word from either side counts as open. The service may answer it
 * only with its first output, and refuses a request within a fraction of this.
 */
const QUIET_OPENING_MS = 1500;
/** How often such a session is looked at whose connection nothing has come from by then. */
const UNANSWERED_CHECK_MS = 250;

/** `quiet` runs from the request until the model has something to answer. */
type State =
  | { name: 'opening'; isQuiet: boolean; quiet: Timer | undefined }
  | { name: 'open'; openingDue: Timer | undefined }
  | { name: 'over' };

/**
 * A voice session with Amazon Nova Sonic. It uses 8 kHz linear PCM both ways, so that a telephone's audio is never
 * resampled.
 */
export class NovaSession implements VoiceSession {
  private readonly options: NovaSessionOptions;
  private readonly idPrefix = taped('nova-ids', () => `nova-${randomBytes(5).toString('hex')}`);
  private idCount = 0;
  private readonly events = new InputEvents({ promptName: newUuid(), audioName: newUuid() });
  private readonly queue: InputQueue;
  private readonly callerAudio: CallerAudio;
  private readonly detector: SpeechDetector;
  private readonly bargeIn: BargeIn;
  private readonly cutAnswer: CutAnswer;
  private readonly callerTurns: CallerTurns;
  private readonly turns: AssistantTurns;
  private readonly lines: SpokenLines;
  private readonly tools = new ToolUses();
  private readonly usage = new UsageMeter();
  private readonly unwritten: UnwrittenSpeech;
  private readonly connection: Connection;
  private readonly opening: string | undefined;
  private state: State;

  constructor(options: NovaSessionOptions) {
    this.options = options;
    const { client, clock, modelId, onAnomaly, openTimeoutMs } = options;
    const emit = (event: VoiceEvent): void => this.emit(event);
    const newId = (kind: string): string => `${this.idPrefix}-${kind}-${++this.idCount}`;

    this.queue = new InputQueue({
      maxAudioMs: MAX_WAITING_MS,
      onDropped: () => this.options.onAnomaly('audio-dropped'),
    });
    this.unwritten = new UnwrittenSpeech(options.transcription, options.onBlind);
    this.detector = new SpeechDetector({
      onStarted: () => {
        this.unwritten.spoke();
        this.expectOutput();
        this.emit({ type: 'caller-speech-started' });
        this.bargeIn.loud();
      },
      onStopped: () => {
        this.cutAnswer.quiet();
        this.emit({ type: 'caller-speech-stopped' });
      },
    });
    this.bargeIn = new BargeIn({
      clock,
      isLoud: () => this.detector.isSpeaking,
      onSpeech: () => this.turns.callerSpeaks(),
    });
    this.cutAnswer = new CutAnswer({
      clock,
      isLoud: () => this.detector.isSpeaking,
      conversation: options.conversation,
      isOwn: (itemId) => itemId.startsWith(`${this.idPrefix}-item-`),
      ask: (text) => this.ask(text),
    });
    this.callerAudio = new CallerAudio({
      clock,
      mergeMs: options.mergeMs,
      send: (base64, audioMs, kind) => {
        if (kind === 'lead') this.queue.push([this.events.audio(base64)]);
        else this.sendCaller(base64, audioMs);
      },
      listen: (pcm) => this.detector.push(pcm),
    });
    this.callerTurns = new CallerTurns({
      emit,
      newId,
      onSaid: () => {
        this.unwritten.wrote();
        this.cutAnswer.answered();
        this.turns.callerSaid();
      },
    });
    this.turns = new AssistantTurns({
      clock,
      emit: (event) => this.emitTurn(event),
      newId,
      isPlaying: () => options.conversation.isPlaying,
      isCallerSpeaking: () => this.detector.isSpeaking,
      onAnomaly,
      onStalled: () => this.onStalled(),
      onTurnEnd: () => this.lines.next(),
    });
    this.lines = new SpokenLines({
      clock,
      speakLine: options.speakLine,
      emit,
      newId: (kind) => newId(`line-${kind}`),
      isReady: () => this.state.name === 'open',
      // Most turns end with the tool, and the model is silent. Some models continue to talk while it runs.
      isFree: () => !this.turns.isSpeaking || (this.tools.isWaiting && !this.turns.isMidSentence),
    });

    this.state = { name: 'opening', isQuiet: true, quiet: undefined };
    const { events } = this;
    const seed = createSeed({
      ...options,
      session: options,
      events,
      newId: newUuid,
      isBlind: options.transcription.isBlind,
    });
    this.opening = seed.opening;
    this.queue.push(seed.setup);
    this.callerAudio.begin(LEAD_SILENCE_MS);
    if (seed.opening !== undefined) this.ask(seed.opening);
    this.connection = new Connection({
      client,
      modelId,
      queue: this.queue,
      clock,
      openTimeoutMs,
      onSending: () => this.onSending(),
      onAccepted: () => this.onAccepted(),
      onOutput: (bytes) => this.onOutput(bytes),
      onFailure: (error) => this.fail(error),
      onGone: options.onGone,
    });
  }

  sendAudio(chunk: AudioChunk): void {
    if (!this.isOver()) this.callerAudio.push(chunk);
  }

  sendText(text: string): void {
    if (this.isOver() || text.trim() === '') return;
    this.cutAnswer.answered();
    this.ask(text);
  }

  sendDigits(digits: string): void {
    if (this.isOver()) return;
    this.cutAnswer.answered();
    this.ask(`The caller pressed these keys on the telephone: ${digits}`);
  }

  say(text: string, sayId: string): void {
    if (!this.isOver()) this.lines.say(text, sayId);
  }

  /** Nova has no event for this, so the rest of what it says is dropped. */
  cancel(): void {
    if (this.isOver()) return;
    this.cutAnswer.over();
    this.lines.cancel();
    this.turns.cancel();
  }

  /** Nova's memory of an interrupted answer ends where it stopped generating, and no event corrects it. */
  reportHeard(items: readonly HeardItem[]): void {
    this.cutAnswer.heard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    if (this.isOver()) return;
    if (!this.tools.answered(toolCallId)) {
      this.options.onAnomaly('unknown-tool-call');
      return;
    }
    this.callerAudio.flush();
    this.queue.push(this.events.toolResultBlock(newUuid(), toolCallId, toolResultText(output)));
    this.turns.toolAnswered();
    this.unwritten.asked();
  }

  async summarize(request: SummaryRequest): Promise<string> {
    const { text, ...usage } = await this.options.write(request);
    this.emit({ type: 'usage', ...usage });
    return text;
  }

  close(): void {
    if (this.isOver()) return;
    this.finish();
    this.callerAudio.flush();
    this.queue.push(this.events.ending());
    this.connection.end();
  }

  /** Sends a text that the model answers as the caller's words. */
  private ask(text: string): void {
    this.expectOutput();
    this.callerAudio.flush();
    this.unwritten.asked();
    this.callerTurns.textSent(text);
    this.turns.textSent();
    this.queue.push(this.events.textBlock(newUuid(), 'USER', splitText(text, MAX_TEXT_BYTES), true));
  }

  private emitTurn(event: VoiceEvent): void {
    if (event.type === 'interruption') this.cutAnswer.interrupted();
    else if (event.type === 'response-started') this.cutAnswer.over();
    this.emit(event);
  }

  /** Called when the model has something to answer, so that only its response shows that it took the request. */
  private expectOutput(): void {
    if (this.state.name !== 'opening') return;
    this.state.quiet?.cancel();
    this.state = { name: 'opening', isQuiet: false, quiet: undefined };
  }

  private onSending(): void {
    this.assumeLater(QUIET_OPENING_MS, this.options.peers.begin());
  }

  /** Takes the session as open after the delay, if anything answers at the other end of its connection. */
  private assumeLater(delayMs: number, isUnanswered: () => boolean): void {
    if (this.state.name !== 'opening' || !this.state.isQuiet) return;
    this.state.quiet = this.options.clock.setTimer(delayMs, () => {
      if (isUnanswered()) this.assumeLater(UNANSWERED_CHECK_MS, isUnanswered);
      else this.connection.assumeAccepted();
    });
  }

  private onAccepted(): void {
    if (this.isOver()) return;
    this.expectOutput();
    const openingDue =
      this.opening === undefined
        ? undefined
        : this.options.clock.setTimer(SILENCE_BUDGET.novaOpeningMs, () =>
            this.fail(stalled('did not begin to speak in time')),
          );
    this.state = { name: 'open', openingDue };
    this.emit({ type: 'ready' });
    // The beginning was noticed before anybody could hear of it.
    if (this.detector.isSpeaking) this.emit({ type: 'caller-speech-started' });
    this.lines.next();
  }

  private onOutput(bytes: Uint8Array): void {
    if (this.state.name !== 'open') return;
    try {
      const parsed = parseOutput(bytes);
      if (parsed.ok) this.onEvent(parsed.event);
      else this.options.onAnomaly(parsed.anomaly);
    } catch (error) {
      this.options.onAnomaly('event-failed', error);
    }
  }

  private onEvent(event: OutputEvent): void {
    switch (event.type) {
      case 'content-start':
        this.endTools();
        this.onContentStart(event.contentId, event.kind);
        return;
      case 'text':
        if (this.callerTurns.has(event.contentId)) this.callerTurns.text(event.contentId, event.text);
        else this.turns.text(event.contentId, event.text);
        return;
      case 'audio':
        this.turns.audio(event.contentId, event.base64);
        return;
      case 'tool-use':
        if (!this.tools.announced(event)) this.options.onAnomaly('repeated-tool-call');
        return;
      case 'content-end':
        this.callerTurns.ended(event.contentId);
        this.turns.contentEnded(event.contentId, event.stopReason);
        this.endTools(event.contentId);
        return;
      case 'interrupted':
        this.turns.interrupted(event.contentId);
        return;
      case 'speech-started':
        this.bargeIn.noticed();
        return;
      case 'completion-end':
        this.turns.completionEnded();
        return;
      case 'usage': {
        const used = this.usage.since(event);
        if (used !== undefined) this.emit({ type: 'usage', ...used });
        return;
      }
      case 'other':
        return;
    }
  }

  private onContentStart(contentId: string, kind: ContentKind): void {
    if (kind.type === 'text' && kind.role === 'user') {
      this.callerTurns.started(contentId);
      return;
    }
    if (kind.type === 'text' && !kind.speculative) {
      this.turns.finalStarted(contentId);
      return;
    }
    this.callerTurns.answered();
    if (!this.turns.isSpeaking) this.unwritten.answered();
    this.openingBegun();
    if (kind.type === 'text') this.turns.sentenceStarted(contentId);
    if (kind.type !== 'audio') return;
    if (kind.sampleRateHz === undefined || kind.sampleRateHz === TELEPHONE_RATE_HZ) {
      this.turns.audioStarted(contentId);
      return;
    }
    this.fail(
      new TandemError(
        'VOICE_PROTOCOL',
        `Amazon Nova Sonic sent audio at ${kind.sampleRateHz} Hz instead of ${TELEPHONE_RATE_HZ} Hz.`,
      ),
    );
  }

  private openingBegun(): void {
    if (this.state.name !== 'open') return;
    this.state.openingDue?.cancel();
    this.state.openingDue = undefined;
  }

  /** Reports the tool calls whose announcement is complete. See {@link ToolUses.ended}. */
  private endTools(contentId?: string): void {
    const { calls, unreadable } = this.tools.ended(contentId);
    if (calls.length + unreadable.length > 0) {
      this.cutAnswer.over();
      this.turns.toolUsed();
    }
    for (const toolUseId of unreadable) {
      this.options.onAnomaly('unreadable-tool-call');
      this.sendToolResult(toolUseId, { error: 'The arguments are not a JSON object. Call the tool again.' });
    }
    for (const call of calls) this.emit({ type: 'tool-call', ...call });
  }

  /**
   * Fails the session, so that another one repeats the broken sentence. A model that waits for a tool may be silent.
   */
  private onStalled(): void {
    if (!this.tools.isWaiting) this.fail(stalled('fell silent in the middle of a sentence'));
  }

  private sendCaller(base64: string, audioMs: number): void {
    this.queue.pushAudio(this.events.audio(base64), audioMs);
    if (this.state.name === 'open' && this.queue.unreadMs > STALLED_AFTER_MS) this.fail(stalled('takes no more audio'));
  }

  private fail(error: TandemError): void {
    if (this.isOver()) return;
    this.turns.breakOff();
    // The owner may have closed the session when it heard of the end of the response.
    if (this.isOver()) return;
    this.finish();
    this.connection.abort();
    this.options.listener({ type: 'failed', error });
  }

  /** Stops everything that the session does by itself. */
  private finish(): void {
    this.expectOutput();
    this.openingBegun();
    this.state = { name: 'over' };
    this.cutAnswer.over();
    this.callerAudio.close();
    this.turns.close();
    this.lines.close();
  }

  private emit(event: VoiceEvent): void {
    if (this.state.name === 'open') this.options.listener(event);
  }

  private isOver(): boolean {
    return this.state.name === 'over';
  }
}

function newUuid(): string {
  return taped('nova-name', () => randomUUID());
}
