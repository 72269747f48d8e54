import { randomBytes } from 'node:crypto';
import type { AudioChunk } from '../../audio/chunk.js';
import { MULAW_BYTES_PER_MS } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { taped } from '../../base/taped.js';
import type { Logger } from '../../telemetry/log.js';
import type { HeardItem } from '../history.js';
import type { EventBuilder } from '../openai/client-events.js';
import { Connection } from '../openai/connection.js';
import type { SessionLimits } from '../openai/session-limits.js';
import { StallWatch } from '../openai/stall-watch.js';
import type { SummaryRequest, VoiceEvent, VoiceSession, VoiceSessionOptions } from '../session.js';
import { SpeechDetector } from '../speech-detector.js';
import type { SpeakLine } from '../spoken-line.js';
import { SpokenLines } from '../spoken-lines.js';
import type { Written } from '../written.js';
import type { LiveAnomaly } from './anomalies.js';
import { Backend } from './backend.js';
import { CallerLine } from './caller-line.js';
import { CallerWords } from './caller-words.js';
import { type AppendKind, appends, audioAppend, sessionClose, sessionStart, unmute } from './client-events.js';
import { closedFor, fatal, notStarted } from './failures.js';
import { Floor } from './floor.js';
import { ModelSpeech } from './model-speech.js';
import * as notes from './notes.js';
import { Reminder } from './reminder.js';
import { type LiveEvent, parseLiveEvent } from './server-events.js';
import { LIVE_FORMAT, type LiveSettings } from './session-settings.js';

export interface LiveSessionOptions extends VoiceSessionOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  settings: LiveSettings;
  limits: SessionLimits;
  clock: Clock;
  log: Logger;
  speakLine: SpeakLine | undefined;
  /** Resolves with a summary by a text model, because GPT-Live can only speak. */
  write: (request: SummaryRequest) => Promise<Written>;
  /** `error`: what was thrown, if anything was. */
  onAnomaly: (kind: LiveAnomaly, error?: unknown) => void;
  /** Called with the time until the service ends this session, as it says itself. */
  onLifetime: (lifetimeMs: number) => void;
  /** Called once when the session has released everything. */
  onClosed: () => void;
}

type State =
  | { name: 'connecting'; deadline: Timer }
  /** The settings were sent. Nothing else may be sent before the service has agreed to them. */
  | { name: 'starting'; deadline: Timer }
  | { name: 'live'; stall: StallWatch }
  /** The owner has closed the session, and the service says how long it was. */
  | { name: 'closing'; deadline: Timer }
  | { name: 'closed' };

const START_ID = 'start';
/** Maximum wait for the service's last word. */
const CLOSE_WITHIN_MS = 2000;
/** Amount of unheard speech of which the model is told. Less is a word or two. */
const UNHEARD_MS = 700;

/** A voice session with OpenAI's GPT-Live over a WebSocket. The model listens while it speaks. */
export class LiveSession implements VoiceSession {
  private readonly options: LiveSessionOptions;
  private readonly connection: Connection;
  private readonly ear: SpeechDetector;
  private readonly line: CallerLine;
  private readonly words: CallerWords;
  private readonly speech: ModelSpeech;
  private readonly floor: Floor;
  private readonly backend: Backend;
  private readonly reminder: Reminder;
  private readonly lines: SpokenLines;
  private readonly lineTexts = new Map<string, string>();
  /** What the owner asked for before the session was live. */
  private early: (() => void)[] = [];
  private readonly idPrefix = taped('live-ids', () => `live-${randomBytes(5).toString('hex')}`);
  private idCount = 0;
  private eventCount = 0;
  private state: State;

  constructor(options: LiveSessionOptions) {
    const { clock, conversation, limits, onAnomaly } = options;
    this.options = options;
    this.state = { name: 'connecting', deadline: clock.setTimer(limits.openTimeoutMs, () => this.onOpenTimeout()) };
    const emit = (event: VoiceEvent): void => this.emit(event);
    const send = (build: EventBuilder): void => this.send(build);
    const newId = (kind: string): string => `${this.idPrefix}-${kind}-${++this.idCount}`;
    this.connection = new Connection({
      url: options.url,
      headers: options.headers,
      clock,
      onOpen: () => this.onOpen(),
      onMessage: (text) => this.onMessage(text),
      onLost: (error) => this.fail(error),
    });
    this.ear = new SpeechDetector({ onStarted: () => this.onCallerSpeaks(), onStopped: () => this.onCallerQuiet() });
    this.line = new CallerLine({
      clock,
      ear: this.ear,
      capacityBytes: limits.heldAudioMs * MULAW_BYTES_PER_MS,
      send: (chunk) => this.connection.send(audioAppend(chunk)),
      isCongested: () => this.connection.bufferedBytes > limits.congestedBytes,
      onDropped: () => onAnomaly('caller-audio-dropped'),
    });
    this.words = new CallerWords({ clock, emit, newId, ear: this.ear });
    this.speech = new ModelSpeech({
      clock,
      emit,
      newId,
      isWorking: () => this.backend.isBusy,
      onBegins: () => this.words.modelSpeaks(),
      onBegun: () => {
        this.reminder.settle();
        this.backend.modelBegan();
      },
      onEnded: (agoMs) => {
        this.backend.modelEnded(agoMs);
        this.lines.next();
      },
      onCut: () => onAnomaly('cut-answer'),
    });
    this.floor = new Floor({
      ear: this.ear,
      speech: this.speech,
      isPlaying: () => conversation.isPlaying,
      onInterruption: () => this.speech.interrupted(),
    });
    this.backend = new Backend({
      clock,
      send,
      onBegun: () => this.speech.workBegun(),
      onResult: () => this.reminder.expect(),
      onDone: (isTold) => {
        if (!isTold) onAnomaly('unsaid-result');
        this.speech.workDone(isTold);
      },
    });
    this.reminder = new Reminder({
      clock,
      isOccupied: () =>
        this.ear.isSpeaking || this.speech.isSounding || this.backend.isRunning || conversation.isPlaying,
      remind: () => {
        onAnomaly('reminded');
        this.order(notes.REMINDER);
      },
    });
    this.lines = new SpokenLines({
      clock,
      speakLine: options.speakLine,
      emit: (event) => this.emitLine(event),
      newId: (kind) => newId(`line-${kind}`),
      isReady: () => this.state.name === 'live',
      isFree: () => !this.speech.isSounding || this.backend.isWaiting,
    });
  }

  sendAudio(chunk: AudioChunk): void {
    if (this.isOver()) return;
    if (chunk.encoding !== 'mulaw') {
      this.options.onAnomaly('unsupported-audio');
      return;
    }
    this.line.push(chunk);
    if (this.state.name === 'live') this.floor.heard(chunk.durationMs);
    if (this.connection.bufferedBytes > this.options.limits.deadBytes)
      this.fail(new TandemError('VOICE_UNREACHABLE', 'OpenAI stopped reading the audio sent to it.'));
  }

  sendText(text: string): void {
    if (text.trim() === '') return;
    this.whenLive(() => {
      this.backend.typed(text);
      this.reminder.expect();
    });
  }

  sendDigits(digits: string): void {
    this.whenLive(() => {
      // Both models need them: the one that talks about them and the one that works with them.
      this.append('thinking', notes.keyed(digits));
      this.backend.typed(notes.keyed(digits));
      this.reminder.expect();
    });
  }

  say(text: string, sayId: string): void {
    if (this.isOver()) return;
    this.lineTexts.set(sayId, text);
    this.lines.say(text, sayId);
  }

  /** GPT-Live has no event for this. The rest of what it says is dropped, and it is told to stop. */
  cancel(): void {
    if (this.isOver()) return;
    this.reminder.settle();
    this.lines.cancel();
    if (this.speech.cancel()) this.append('instructions', notes.STOP_SPEAKING);
  }

  /** The model's memory holds all that it has said, and no event corrects it. So it is told. */
  reportHeard(items: readonly HeardItem[]): void {
    if (this.isOver()) return;
    const heard = this.speech.heardOf(items, UNHEARD_MS);
    if (heard !== undefined) this.append('thinking', notes.heardOnly(heard));
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    if (this.isOver()) return;
    if (!this.backend.result(toolCallId, typeof output === 'string' ? output : (JSON.stringify(output) ?? 'null')))
      this.options.onAnomaly('unknown-tool-call');
  }

  async summarize(request: SummaryRequest): Promise<string> {
    const { text, ...usage } = await this.options.write(request);
    this.emit({ type: 'usage', ...usage });
    return text;
  }

  /** Closes the session and waits a moment for the service to say how long it was. See {@link LiveSession.end}. */
  close(): void {
    if (this.isOver()) return;
    const isLive = this.state.name === 'live';
    this.stop();
    if (!isLive) {
      this.dispose();
      return;
    }
    this.send(sessionClose);
    this.move({ name: 'closing', deadline: this.options.clock.setTimer(CLOSE_WITHIN_MS, () => this.dispose()) });
  }

  /** Closes the session at once. */
  end(): void {
    this.close();
    if (this.state.name === 'closing') this.dispose();
  }

  private onOpen(): void {
    if (this.state.name !== 'connecting') return;
    this.move({ name: 'starting', deadline: this.state.deadline });
    this.connection.send(sessionStart(START_ID, this.options.settings));
  }

  private onOpenTimeout(): void {
    const { openTimeoutMs } = this.options.limits;
    this.fail(new TandemError('VOICE_STALLED', `OpenAI did not start a GPT-Live session within ${openTimeoutMs} ms.`));
  }

  private onMessage(text: string | undefined): void {
    if (this.state.name === 'live') this.state.stall.came();
    if (text === undefined) {
      this.options.onAnomaly('binary');
      return;
    }
    try {
      const parsed = parseLiveEvent(text);
      if (!parsed.ok) this.options.onAnomaly(parsed.anomaly);
      else if (parsed.event !== undefined) this.onEvent(parsed.event);
    } catch (error) {
      this.options.onAnomaly('event-failed', error);
    }
  }

  private onEvent(event: LiveEvent): void {
    if (event.type === 'closed') this.onServiceClosed(event.reason, event.seconds);
    else if (event.type === 'error') this.onError(event);
    else if (event.type === 'started') this.onStarted(event);
    else if (this.state.name === 'live') this.onLive(event);
  }

  private onLive(event: Exclude<LiveEvent, { type: 'started' | 'closed' | 'error' }>): void {
    switch (event.type) {
      case 'audio':
        this.speech.audio(event.audio);
        this.floor.modelSent();
        return;
      case 'caller-words':
        this.words.words(event.text, event.startMs, event.endMs);
        return;
      case 'model-words':
        this.speech.words(event.text, event.startMs, event.endMs);
        return;
      case 'delegated':
        if (event.target === 'responses') this.backend.delegated(event.delegationId);
        else this.options.onAnomaly('unknown-delegation');
        return;
      case 'backend-call':
        // What the caller said comes before what it led to.
        this.words.finish();
        if (this.isLive() && this.backend.takes(event)) this.onToolCall(event.toolCallId, event.name, event.arguments);
        return;
      case 'backend-done':
        if (event.usage !== undefined) this.emit({ type: 'usage', ...event.usage });
        if (event.status === 'failed') this.onBackendFailed();
        this.backend.takes(event);
        return;
      case 'backend-started':
        this.backend.takes(event);
    }
  }

  private onStarted(event: Extract<LiveEvent, { type: 'started' }>): void {
    if (this.state.name !== 'starting') return;
    const { clock, log, onAnomaly, onLifetime } = this.options;
    if (event.format === undefined) onAnomaly('format-unnamed');
    else if (event.format !== LIVE_FORMAT.type) {
      // The caller would hear noise.
      this.fail(new TandemError('VOICE_PROTOCOL', `OpenAI did not agree to ${LIVE_FORMAT.type}.`));
      return;
    }
    log.info({ openai_session_id: event.sessionId }, 'GPT-Live session started');
    if (event.expiresAtS !== undefined) onLifetime(event.expiresAtS * 1000 - clock.epochMs());
    this.move({ name: 'live', stall: this.watchForStall() });
    this.emit({ type: 'ready' });
    // The beginning was noticed before anybody could hear of it.
    if (this.ear.isSpeaking) this.emit({ type: 'caller-speech-started' });
    this.line.open();
    this.open();
    for (const action of this.early.splice(0)) action();
    this.lines.next();
  }

  private open(): void {
    const { answersLast, greeting } = this.options;
    if (greeting !== undefined) this.order(answersLast ? notes.sayThenAnswer(greeting) : notes.sayNow(greeting));
    else if (answersLast) this.order(notes.ANSWER_NOW);
    else return;
    this.reminder.expect();
  }

  private onError({ error }: Extract<LiveEvent, { type: 'error' }>): void {
    if (this.state.name === 'starting') {
      this.fail(notStarted(error));
      return;
    }
    if (this.state.name !== 'live') return;
    const { log, onAnomaly } = this.options;
    onAnomaly('error-event');
    log.info(
      { openai_error: error.code === '' ? error.type : error.code, param: error.param },
      'GPT-Live reported an error',
    );
    const reason = fatal(error);
    if (reason !== undefined) this.fail(reason);
  }

  private onServiceClosed(reason: string, seconds: number | undefined): void {
    this.options.log.info({ reason, billed_seconds: seconds }, 'GPT-Live session closed');
    if (this.state.name === 'closing') this.dispose();
    else this.fail(closedFor(reason));
  }

  private onToolCall(toolCallId: string, name: string, json: string): void {
    const args = parsed(json);
    if (args !== undefined) {
      this.emit({ type: 'tool-call', toolCallId, name, arguments: args });
      return;
    }
    this.options.onAnomaly('bad-tool-arguments');
    this.sendToolResult(toolCallId, { error: 'The arguments are not a JSON object. Call the tool again.' });
  }

  private onBackendFailed(): void {
    this.options.onAnomaly('backend-failed');
    this.order(notes.BACKEND_FAILED);
  }

  private onCallerSpeaks(): void {
    this.reminder.settle();
    this.emit({ type: 'caller-speech-started' });
  }

  private onCallerQuiet(): void {
    this.emit({ type: 'caller-speech-stopped' });
    if (!this.isLive()) return;
    this.words.lineIsQuiet();
    if (!this.speech.isSounding) this.reminder.expect();
  }

  /** Makes the model speak. */
  private order(instructions: string): void {
    this.append('instructions', instructions);
    this.append('commentary', notes.BEGIN_NOW);
  }

  private append(kind: AppendKind, text: string): void {
    for (const build of appends(kind, text)) this.send(build);
  }

  private emitLine(event: VoiceEvent): void {
    if (event.type === 'response-done' && event.sayId !== undefined) {
      const text = this.lineTexts.get(event.sayId);
      this.lineTexts.delete(event.sayId);
      if (event.status === 'completed' && text !== undefined) this.append('thinking', notes.alreadySaid(text));
    }
    this.emit(event);
  }

  private whenLive(action: () => void): void {
    if (this.isLive()) action();
    else if (!this.isOver()) this.early.push(action);
  }

  private watchForStall(): StallWatch {
    return new StallWatch({
      clock: this.options.clock,
      patienceMs: this.options.limits.patienceMs,
      isExpecting: () => false,
      onProbe: () => this.send(unmute),
      onStall: () => this.fail(new TandemError('VOICE_STALLED', 'OpenAI has stopped answering.')),
    });
  }

  private send(build: EventBuilder): void {
    if (this.state.name === 'live') this.connection.send(build(`gw-${++this.eventCount}`));
  }

  private fail(error: TandemError): void {
    if (this.state.name === 'closing') this.dispose();
    if (this.isOver()) return;
    this.speech.breakOff();
    // The owner may have closed the session when it heard of the end of the response.
    if (this.isOver()) return;
    this.stop();
    this.dispose();
    this.options.listener({ type: 'failed', error });
  }

  /** Stops everything that the session does by itself. */
  private stop(): void {
    this.early = [];
    this.reminder.settle();
    this.line.close();
    this.words.close();
    this.speech.close();
    this.backend.close();
    this.lines.close();
  }

  private dispose(): void {
    this.move({ name: 'closed' });
    this.connection.close();
    this.options.onClosed();
  }

  /** The only way from one state to another. Cancels the timers of the old state. */
  private move(next: State): void {
    const before = this.state;
    this.state = next;
    if (before.name === 'live') before.stall.close();
    else if ('deadline' in before && next.name !== 'starting') before.deadline.cancel();
  }

  private emit(event: VoiceEvent): void {
    if (this.state.name === 'live') this.options.listener(event);
  }

  private isLive(): boolean {
    return this.state.name === 'live';
  }

  private isOver(): boolean {
    return this.state.name === 'closed' || this.state.name === 'closing';
  }
}

function parsed(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json === '' ? '{}' : json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
