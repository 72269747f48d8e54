import type { AudioChunk } from '../../audio/chunk.js';
import { MULAW_BYTES_PER_MS } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { Logger } from '../../telemetry/log.js';
import type { HeardItem } from '../history.js';
import type { EventBuilder } from '../openai/client-events.js';
import { Connection } from '../openai/connection.js';
import type { SessionLimits } from '../openai/session-limits.js';
import { StallWatch } from '../openai/stall-watch.js';
import type { SummaryRequest, VoiceEvent, VoiceSession, VoiceSessionOptions } from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import type { Written } from '../written.js';
import type { LiveAnomaly } from './anomalies.js';
import { CallerLine } from './caller-line.js';
import { audioAppend, sessionClose, sessionStart, unmute } from './client-events.js';
import { LiveDialogue } from './dialogue.js';
import { closedFor, fatal, notStarted } from './failures.js';
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
/** A voice session with OpenAI's GPT-Live over a WebSocket. The model listens while it speaks. */
export class LiveSession implements VoiceSession {
  private readonly options: LiveSessionOptions;
  private readonly connection: Connection;
  private readonly line: CallerLine;
  private readonly dialogue: LiveDialogue;
  /** What the owner asked for before the session was live. */
  private early: (() => void)[] = [];
  private eventCount = 0;
  private state: State;

  constructor(options: LiveSessionOptions) {
    const { clock, conversation, limits, onAnomaly, speakLine } = options;
    this.options = options;
    this.state = { name: 'connecting', deadline: clock.setTimer(limits.openTimeoutMs, () => this.onOpenTimeout()) };
    this.connection = new Connection({
      url: options.url,
      headers: options.headers,
      clock,
      onOpen: () => this.onOpen(),
      onMessage: (text) => this.onMessage(text),
      onLost: (error) => this.fail(error),
    });
    this.dialogue = new LiveDialogue({
      clock,
      conversation,
      speakLine,
      send: (build) => this.send(build),
      emit: (event) => this.emit(event),
      isLive: () => this.isLive(),
      onAnomaly,
    });
    this.line = new CallerLine({
      clock,
      ear: this.dialogue.ear,
      capacityBytes: limits.heldAudioMs * MULAW_BYTES_PER_MS,
      send: (chunk) => this.connection.send(audioAppend(chunk)),
      isCongested: () => this.connection.bufferedBytes > limits.congestedBytes,
      onDropped: () => onAnomaly('caller-audio-dropped'),
    });
  }

  sendAudio(chunk: AudioChunk): void {
    if (this.isOver()) return;
    if (chunk.encoding !== 'mulaw') {
      this.options.onAnomaly('unsupported-audio');
      return;
    }
    this.line.push(chunk);
    if (this.state.name === 'live') this.dialogue.floor.heard(chunk.durationMs);
    if (this.connection.bufferedBytes > this.options.limits.deadBytes)
      this.fail(new TandemError('VOICE_UNREACHABLE', 'OpenAI stopped reading the audio sent to it.'));
  }

  sendText(text: string): void {
    if (text.trim() === '') return;
    this.whenLive(() => this.dialogue.typed(text));
  }

  sendDigits(digits: string): void {
    this.whenLive(() => this.dialogue.keyed(digits));
  }

  say(text: string, sayId: string): void {
    if (!this.isOver()) this.dialogue.say(text, sayId);
  }

  cancel(): void {
    if (!this.isOver()) this.dialogue.cancel();
  }

  reportHeard(items: readonly HeardItem[]): void {
    if (!this.isOver()) this.dialogue.reportHeard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    if (!this.isOver()) this.dialogue.toolResult(toolCallId, output);
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
    else if (this.state.name === 'live') this.dialogue.onEvent(event);
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
    if (this.dialogue.ear.isSpeaking) this.emit({ type: 'caller-speech-started' });
    this.line.open();
    this.dialogue.begin(this.options.greeting, this.options.answersLast);
    for (const action of this.early.splice(0)) action();
    this.dialogue.nextLine();
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
    this.dialogue.breakOff();
    // The owner may have closed the session when it heard of the end of the response.
    if (this.isOver()) return;
    this.stop();
    this.dispose();
    this.options.listener({ type: 'failed', error });
  }

  /** Stops everything that the session does by itself. */
  private stop(): void {
    this.early = [];
    this.line.close();
    this.dialogue.close();
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
