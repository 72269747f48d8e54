import { AudioChunk, MULAW_BYTES_PER_MS, MULAW_SILENCE, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import type { Logger } from '../../telemetry/log.js';
import type { HeardItem } from '../history.js';
import type { SummaryRequest, VoiceEvent, VoiceSession, VoiceSessionOptions } from '../session.js';
import { SilencePadding } from '../silence-padding.js';
import type { OpenAiAnomaly } from './anomalies.js';
import { AsideResponses } from './aside-responses.js';
import { CallerAudio } from './caller-audio.js';
import {
  audioAppend,
  type EventBuilder,
  lineCreate,
  responseCancel,
  sessionUpdate,
  summaryCreate,
} from './client-events.js';
import { Connection, type OpenSocket } from './connection.js';
import { seedItems } from './conversation-seed.js';
import { Dialogue } from './dialogue.js';
import type { WireAudioFormat } from './audio-format.js';
import { refusedSetting } from './failures.js';
import { greetThenAnswer, keyedDigits, sayExactly } from './verbatim.js';
import { parseServerEvent, type ServerEvent } from './server-events.js';
import type { SessionLimits } from './session-limits.js';
import type { SessionSettings } from './session-settings.js';
import { StallWatch } from './stall-watch.js';
import type { TranscriptionWatch } from '../transcription-watch.js';

export interface OpenAiSessionOptions extends VoiceSessionOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  openSocket: OpenSocket | undefined;
  settings: SessionSettings;
  /** The audio format that the settings ask for. */
  format: WireAudioFormat;
  limits: SessionLimits;
  clock: Clock;
  log: Logger;
  /** The same for all sessions of the call. */
  transcription: TranscriptionWatch;
  /** Whether the settings ask for a transcription. */
  isTranscribed: boolean;
  /** `error`: what was thrown, if anything was. */
  onAnomaly(kind: OpenAiAnomaly, error?: unknown): void;
  /** Called with the time until the service ends this session, as it says itself. */
  onLifetime(lifetimeMs: number): void;
  /** Called when the service refuses the audio format. Returns whether a new session would ask for another one. */
  onFormatRefused: () => boolean;
  /** Called when the service refuses a setting that a call can do without. Returns whether a new session asks for less. */
  onSettingRefused: (param: string) => boolean;
  /** Called once when the session is over, for whatever reason. */
  onClosed(): void;
}

type State =
  | { name: 'connecting'; deadline: Timer }
  /** The settings were sent. Events are taken in order, so the session sends on without waiting for the answer. */
  | { name: 'configuring'; deadline: Timer }
  | { name: 'ready'; stall: StallWatch }
  /** The owner has closed the session, and a summary is still being written. */
  | { name: 'finishing' }
  | { name: 'closed' };

const CONFIG_ID = 'config';

/** A voice session with the OpenAI Realtime API over a WebSocket. */
export class OpenAiSession implements VoiceSession {
  private readonly options: OpenAiSessionOptions;
  private readonly connection: Connection;
  private readonly callerAudio: CallerAudio;
  private readonly silencePadding: SilencePadding;
  private readonly dialogue: Dialogue;
  private readonly asides: AsideResponses;
  private state: State;
  private eventCount = 0;
  private repeatsMetadata = false;

  constructor(options: OpenAiSessionOptions) {
    const { clock, limits, log } = options;
    this.options = options;
    this.state = { name: 'connecting', deadline: clock.setTimer(limits.openTimeoutMs, () => this.onOpenTimeout()) };
    this.connection = new Connection({
      url: options.url,
      headers: options.headers,
      openSocket: options.openSocket,
      clock,
      onOpen: () => this.onOpen(),
      onMessage: (text) => {
        try {
          this.onMessage(text);
        } catch (error) {
          options.onAnomaly('event-failed', error);
        }
      },
      onLost: (error) => this.fail(error),
    });
    this.callerAudio = new CallerAudio({
      capacityBytes: limits.heldAudioMs * MULAW_BYTES_PER_MS,
      send: (chunk) => this.connection.send(audioAppend(chunk)),
      isCongested: () => this.connection.bufferedBytes > limits.congestedBytes,
      onDropped: () => options.onAnomaly('caller-audio-dropped'),
    });
    this.silencePadding = new SilencePadding({
      clock,
      sendSilence: (ms) => {
        const bytes = new Uint8Array(ms * MULAW_BYTES_PER_MS).fill(MULAW_SILENCE);
        this.pushAudio(AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, bytes));
      },
    });
    this.dialogue = new Dialogue({
      send: (build) => this.send(build),
      emit: (event) => this.emit(event),
      format: options.format,
      clock,
      log,
      configId: CONFIG_ID,
      instructions: options.instructions,
      transcription: options.transcription,
      isTranscribed: options.isTranscribed,
      canTransfer: options.tools.some(({ name }) => name === 'transfer_to_human'),
      onAnomaly: (kind) => options.onAnomaly(kind),
      onAsked: () => {
        if (this.state.name === 'ready') this.state.stall.asked();
      },
      onFatal: (error) => this.fail(error),
      onFormatRefused: () => this.refuseFormat(),
      onSettingRefused: (error) => {
        // The settings were refused as a whole, so what the caller and the gateway sent after them is lost.
        const code = options.onSettingRefused(error.param) ? 'VOICE_FAILED' : 'VOICE_PROTOCOL';
        this.fail(refusedSetting(code, error));
      },
    });
    this.asides = new AsideResponses({
      sendCreate: ({ instructions, transcript }) =>
        this.send((eventId) => summaryCreate(eventId, instructions, transcript)),
      sendLine: (text) => this.send((eventId) => lineCreate(eventId, sayExactly(text))),
      fromModel: (base64) => options.format.fromModel(base64),
      sendCancel: (responseId) => this.send((eventId) => responseCancel(eventId, responseId)),
      onUsage: (usage) => this.emit({ type: 'usage', ...usage }),
      onSettled: () => {
        if (this.state.name === 'finishing' && !this.asides.isBusy) this.dispose();
      },
    });
    this.askForOpening();
  }

  sendAudio(chunk: AudioChunk): void {
    if (this.isClosed()) return;
    if (chunk.encoding !== 'mulaw') {
      this.options.onAnomaly('unsupported-audio');
      return;
    }
    this.silencePadding.audioCame();
    this.pushAudio(chunk);
    if (this.connection.bufferedBytes > this.options.limits.deadBytes) {
      this.fail(new TandemError('VOICE_UNREACHABLE', 'OpenAI stopped reading the audio sent to it.'));
    }
  }

  sendText(text: string): void {
    if (this.isClosed()) return;
    // A caller who writes or presses keys interrupts, as one who speaks does.
    this.dialogue.interrupt();
    if (this.state.name === 'ready') this.emit({ type: 'interruption' });
    this.dialogue.callerWrote(text);
  }

  sendDigits(digits: string): void {
    this.sendText(keyedDigits(digits));
  }

  say(text: string, sayId: string): void {
    if (!this.isClosed()) this.dialogue.say(text, sayId);
  }

  cancel(): void {
    if (!this.isClosed()) this.dialogue.cancel();
  }

  callerIsQuiet(): void {
    if (this.isClosed()) return;
    this.silencePadding.stop();
    this.dialogue.speechOver();
  }

  reportHeard(items: readonly HeardItem[]): void {
    if (!this.isClosed()) this.dialogue.heard(items);
  }

  sendToolResult(toolCallId: string, output: unknown): void {
    if (!this.isClosed()) this.dialogue.toolResult(toolCallId, output);
  }

  summarize(request: SummaryRequest): Promise<string> {
    if (this.state.name === 'ready') return this.asides.ask(request);
    return Promise.reject(new TandemError('SESSION_CLOSED', 'The session with OpenAI is not open.'));
  }

  /** Absent until the service has repeated metadata, because nothing else tells the line from an answer to the caller. */
  get render(): NonNullable<VoiceSession['render']> | undefined {
    if (!this.repeatsMetadata) return undefined;
    return (text) =>
      this.state.name === 'ready'
        ? this.asides.render(text)
        : Promise.reject(new TandemError('SESSION_CLOSED', 'The session with OpenAI is not open.'));
  }

  /** Closes the session once a summary in progress is written. {@link OpenAiSession.end} does not wait for it. */
  close(): void {
    if (this.isClosed()) return;
    this.dialogue.close();
    this.silencePadding.stop();
    this.asides.abandonLines();
    if (this.asides.isBusy) this.move({ name: 'finishing' });
    else this.dispose();
  }

  /** Closes the session at once. A summary in progress is dropped. */
  end(): void {
    this.close();
    if (this.state.name === 'finishing') this.dispose();
  }

  private askForOpening(): void {
    const { answersLast, greeting, instructions } = this.options;
    if (greeting !== undefined) {
      this.dialogue.opening({
        sayId: undefined,
        instructions: answersLast ? greetThenAnswer(instructions, greeting) : sayExactly(greeting),
        mayCallTools: answersLast,
      });
    } else if (answersLast) {
      this.dialogue.reply();
    }
  }

  private onOpen(): void {
    if (this.state.name !== 'connecting') return;
    this.move({ name: 'configuring', deadline: this.state.deadline });
    this.connection.send(sessionUpdate(CONFIG_ID, this.options.settings));
    this.dialogue.seed(seedItems(this.options.conversation.turns));
    this.dialogue.open();
    // Only after the settings, because before them the service takes all audio for linear PCM at 24 kHz.
    this.callerAudio.open();
  }

  private onOpenTimeout(): void {
    const { openTimeoutMs } = this.options.limits;
    this.fail(new TandemError('VOICE_STALLED', `OpenAI did not open a session within ${openTimeoutMs} ms.`));
  }

  private onMessage(text: string | undefined): void {
    if (this.state.name === 'ready') this.state.stall.came();
    if (text === undefined) {
      this.options.onAnomaly('binary');
      return;
    }
    const parsed = parseServerEvent(text);
    if (!parsed.ok) this.options.onAnomaly(parsed.anomaly);
    else if (parsed.event !== undefined) this.onEvent(parsed.event);
  }

  private onEvent(event: ServerEvent): void {
    switch (event.type) {
      case 'session-created':
        this.options.log.info({ openai_session_id: event.sessionId }, 'OpenAI session created');
        if (event.expiresAtS !== undefined) {
          this.options.onLifetime(event.expiresAtS * 1000 - this.options.clock.epochMs());
        }
        return;
      case 'session-updated':
        this.onSettings(event.inputFormat, event.outputFormat);
        return;
      default:
        if (event.type === 'response-created' && event.requestId !== undefined) this.repeatsMetadata = true;
        if (this.asides.takes(event) || this.state.name === 'finishing') return;
        if (event.type === 'speech-started') this.silencePadding.speechStarted();
        this.dialogue.onEvent(event);
    }
  }

  /**
   * Checks the format of both directions, because the caller would hear noise if the service had chosen another one.
   */
  private onSettings(inputFormat: string, outputFormat: string): void {
    const { type } = this.options.format;
    if (inputFormat !== type || outputFormat !== type) {
      this.refuseFormat();
      return;
    }
    if (this.state.name !== 'configuring') return;
    this.move({ name: 'ready', stall: this.watchForStall() });
    this.emit({ type: 'ready' });
  }

  /** Fails the session. Another format needs a new session, because the caller's audio so far went out in this one. */
  private refuseFormat(): void {
    const { format, onFormatRefused } = this.options;
    const code = onFormatRefused() ? 'VOICE_FAILED' : 'VOICE_PROTOCOL';
    this.fail(new TandemError(code, `OpenAI did not agree to ${format.type} in both directions.`));
  }

  private watchForStall(): StallWatch {
    return new StallWatch({
      clock: this.options.clock,
      patienceMs: this.options.limits.patienceMs,
      isExpecting: () => this.dialogue.isExpecting,
      // It changes nothing, and the service answers it with `session.updated`.
      onProbe: () => this.send((eventId) => sessionUpdate(eventId, { type: 'realtime' })),
      onStall: () => this.fail(new TandemError('VOICE_STALLED', 'OpenAI has stopped answering.')),
    });
  }

  private pushAudio(chunk: AudioChunk): void {
    this.callerAudio.push(this.options.format.toModel(chunk), chunk.sizeBytes);
  }

  private send(build: EventBuilder): string {
    const eventId = `gw-${++this.eventCount}`;
    this.connection.send(build(eventId));
    return eventId;
  }

  private fail(error: TandemError): void {
    if (this.state.name === 'finishing') this.dispose();
    if (this.isClosed()) return;
    this.dialogue.abort();
    // The owner may have closed the session when it heard of the end of a response.
    if (this.isClosed()) return;
    this.dispose();
    this.options.listener({ type: 'failed', error });
  }

  private dispose(): void {
    this.move({ name: 'closed' });
    this.silencePadding.stop();
    this.asides.close();
    this.connection.close();
    this.options.onClosed();
  }

  /** The only way from one state to another. Cancels the timers of the old state. */
  private move(next: State): void {
    const before = this.state;
    this.state = next;
    if (before.name === 'ready') before.stall.close();
    else if ('deadline' in before && next.name !== 'configuring') before.deadline.cancel();
  }

  private emit(event: VoiceEvent): void {
    if (event.type === 'caller-speech-stopped') this.silencePadding.stop();
    if (!this.isClosed()) this.options.listener(event);
  }

  private isClosed(): boolean {
    return this.state.name === 'closed' || this.state.name === 'finishing';
  }
}
