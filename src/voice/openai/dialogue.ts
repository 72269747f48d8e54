import type { Clock } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';
import type { Logger } from '../../telemetry/log.js';
import type { HeardItem } from '../history.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import type { OpenAiAnomaly } from './anomalies.js';
import { CallerSpeech } from './caller-speech.js';
import { CallerTurns } from './caller-turns.js';
import {
  type EventBuilder,
  itemTruncate,
  responseCancel,
  responseCreate,
  type ResponseSpec,
  systemItem,
  toolOutputItem,
  turnItem,
} from './client-events.js';
import type { WireAudioFormat } from './audio-format.js';
import { LISTEN_FOR_TRANSFER, type TranscriptionWatch } from '../transcription-watch.js';
import { continuing, sayExactly } from './verbatim.js';
import { ModelTurns } from './model-turns.js';
import { TruncationLedger } from './truncation.js';
import { Recovery } from './recovery.js';
import { PLAIN_RESPONSE, ResponseQueue } from './response-queue.js';
import type { ResponseDone, ServerError, ServerEvent } from './server-events.js';
import { ToolRounds } from './tool-rounds.js';

/** A server event about the conversation, and not about the session. */
export type DialogueEvent = Exclude<ServerEvent, { type: 'session-created' | 'session-updated' }>;

export interface DialogueOptions {
  /** Sends the event that `build` returns for a new event id. Returns that id. */
  send: (build: EventBuilder) => string;
  emit: (event: VoiceEvent) => void;
  format: WireAudioFormat;
  clock: Clock;
  log: Logger;
  /** See {@link Recovery}. */
  configId: string;
  /** The session's instructions. */
  instructions: string;
  /** The same for all sessions of the call. */
  transcription: TranscriptionWatch;
  /** Whether the session asks for a transcription. */
  isTranscribed: boolean;
  /** Whether the model has a tool that transfers the caller to a human. */
  canTransfer: boolean;
  onAnomaly: (kind: OpenAiAnomaly) => void;
  /** Called when a response was requested. */
  onAsked: () => void;
  onFatal: (error: TandemError) => void;
  /** Called when the service refuses only the audio format of the settings. */
  onFormatRefused: () => void;
  /** Called when the service refuses a setting that a call can do without. */
  onSettingRefused: (error: ServerError) => void;
}

/** The conversation of one session: the turns of both sides, what the caller heard, and the tool calls. */
export class Dialogue {
  private readonly options: DialogueOptions;
  private readonly queue: ResponseQueue;
  private readonly caller: CallerTurns;
  private readonly model: ModelTurns;
  private readonly received = new TruncationLedger();
  private readonly rounds: ToolRounds;
  private readonly recovery: Recovery;
  private readonly speech: CallerSpeech;

  constructor(options: DialogueOptions) {
    const { clock, emit, log, onAnomaly, send } = options;
    this.options = options;
    this.queue = new ResponseQueue({
      sendItem: (item) => send(item),
      sendCreate: (spec) => {
        options.onAsked();
        return send((eventId) => responseCreate(eventId, spec));
      },
      sendCancel: (responseId) => send((eventId) => responseCancel(eventId, responseId)),
      onCancelled: ({ spec }) => this.endUnspoken(spec.sayId, 'cancelled'),
    });
    this.speech = new CallerSpeech({
      clock,
      onStopped: () => emit({ type: 'caller-speech-stopped' }),
      onDropped: (hasCutOff) => this.onSpeechDropped(hasCutOff),
    });
    this.caller = new CallerTurns(emit);
    this.model = new ModelTurns({
      queue: this.queue,
      received: this.received,
      emit,
      onAnomaly,
      fromModel: (base64) => options.format.fromModel(base64),
    });
    this.rounds = new ToolRounds((outputs, wantsReply) => {
      const items = outputs.map(
        ({ toolCallId, output }) =>
          (eventId: string): string =>
            toolOutputItem(eventId, toolCallId, output),
      );
      this.queue.add(wantsReply ? 'reply' : 'note', PLAIN_RESPONSE, items);
    });
    this.recovery = new Recovery({
      queue: this.queue,
      clock,
      log,
      configId: options.configId,
      continuing: (spec) => continuing(spec?.instructions ?? options.instructions),
      onAnomaly,
      onUnspoken: (sayId) => this.endUnspoken(sayId, 'failed'),
      onFatal: (error) => options.onFatal(error),
      onFormatRefused: () => options.onFormatRefused(),
      onSettingRefused: (error) => options.onSettingRefused(error),
    });
  }

  /** Whether the service owes a response. */
  get isExpecting(): boolean {
    return this.queue.isExpecting;
  }

  /** Queues the earlier conversation, in front of everything else. */
  seed(items: readonly EventBuilder[]): void {
    this.queue.add('note', PLAIN_RESPONSE, items);
  }

  /** Queues the session's first response, before anything the owner requests. */
  opening(spec: ResponseSpec): void {
    this.queue.add('opening', spec);
  }

  /** Requests an answer to the conversation so far. */
  reply(): void {
    this.queue.add('reply', PLAIN_RESPONSE);
  }

  /** Called when the service accepts events. */
  open(): void {
    const { isTranscribed, transcription } = this.options;
    if (!isTranscribed && transcription.refused()) this.onBlind();
    else if (transcription.isBlind) this.listenForTransfer();
    this.queue.open();
  }

  /** Stops the response in progress, but not the queued ones. */
  interrupt(): void {
    this.queue.interrupt();
  }

  /** Queues a written turn of the caller and an answer to it. */
  callerWrote(text: string): void {
    this.queue.add('reply', PLAIN_RESPONSE, [(eventId) => turnItem(eventId, 'caller', text)]);
  }

  say(text: string, sayId: string): void {
    this.queue.add('say', { sayId, instructions: sayExactly(text), mayCallTools: false });
  }

  cancel(): void {
    this.speech.cancelled();
    this.recovery.stop();
    this.rounds.abandon();
    this.queue.cancel();
  }

  heard(items: readonly HeardItem[]): void {
    for (const cut of this.received.cuts(items)) {
      this.speech.cutOff();
      this.options.send((eventId) => itemTruncate(eventId, cut));
    }
  }

  toolResult(toolCallId: string, output: unknown): void {
    this.rounds.result(toolCallId, textOfOutput(output));
  }

  /** Called when the session is lost. Every line that was requested ends as failed. */
  abort(): void {
    const lost = this.queue.close();
    this.speech.forget();
    this.recovery.stop();
    this.model.end('failed');
    for (const { spec } of lost) this.endUnspoken(spec.sayId, 'failed');
  }

  /** Called when the owner closes the session. No event follows. */
  close(): void {
    this.queue.close();
    this.speech.forget();
    this.recovery.stop();
  }

  onEvent(event: DialogueEvent): void {
    const { emit, onAnomaly } = this.options;
    switch (event.type) {
      case 'audio-delta':
        this.model.audio(event);
        return;
      case 'transcript-delta':
        this.model.text(event.responseId, event.itemId, event.text);
        return;
      case 'text-delta':
        this.model.writing(event.responseId);
        return;
      case 'message-done':
        this.model.itemDone(event.responseId, event.itemId);
        return;
      case 'function-call-done':
        this.onToolCall(event);
        return;
      case 'function-call-cut':
        this.model.callCut(event.responseId);
        return;
      case 'item-added':
        this.queue.itemAdded();
        return;
      case 'response-created':
        this.model.created(event.responseId, event.requestId);
        if (!this.queue.isCallerSpeaking) this.speech.stopped();
        return;
      case 'response-done':
        this.onResponseDone(event);
        return;
      case 'speech-started':
        this.onSpeechStarted();
        return;
      case 'speech-stopped':
        this.speech.stopped();
        return;
      case 'committed':
        this.speech.taken();
        this.caller.taken(event.itemId);
        if (this.options.transcription.taken()) this.onBlind();
        this.queue.speechTaken();
        return;
      case 'transcription-delta':
        this.options.transcription.wrote();
        this.caller.textDelta(event.itemId, event.text);
        return;
      case 'transcription-completed':
        this.options.transcription.wrote();
        this.caller.textCompleted(event.itemId, event.text);
        if (event.usage !== undefined) emit({ type: 'usage', ...event.usage });
        return;
      case 'transcription-failed':
        onAnomaly('transcription-failed');
        if (this.options.transcription.failed(event.code)) this.onBlind();
        return;
      case 'error':
        this.recovery.onError(event.error);
        return;
    }
  }

  /** Called when the line is quiet although the service has reported a speech and not its end. */
  speechOver(): void {
    this.speech.over();
  }

  /** The model continues what the speech has interrupted, unless it has begun an answer since. */
  private onSpeechDropped(hasCutOff: boolean): void {
    if (!this.queue.isCallerSpeaking) return;
    this.queue.speechDropped();
    if (!hasCutOff) return;
    this.queue.add('reply', { ...PLAIN_RESPONSE, instructions: continuing(this.options.instructions) });
  }

  private onBlind(): void {
    const { log, onAnomaly, transcription } = this.options;
    onAnomaly('transcription-blind');
    log.warn(
      { openai_error_code: transcription.code, setting: 'OPENAI_TRANSCRIPTION_MODEL' },
      'OpenAI transcribes nothing of this caller; only the model can notice that they ask for a human',
    );
    this.listenForTransfer();
  }

  /** The phrases that call a human are found in the caller's text, so the model has to listen for them itself. */
  private listenForTransfer(): void {
    if (!this.options.canTransfer) return;
    this.queue.add('note', PLAIN_RESPONSE, [(eventId) => systemItem(eventId, LISTEN_FOR_TRANSFER)]);
  }

  private onSpeechStarted(): void {
    this.queue.speechStarted();
    this.speech.started(this.model.interrupt());
    this.options.emit({ type: 'caller-speech-started' });
    this.options.emit({ type: 'interruption' });
  }

  private onToolCall(call: ServerEvent & { type: 'function-call-done' }): void {
    const { responseId, toolCallId, name } = call;
    const stage = this.model.called(responseId);
    if (stage === 'unknown') return;
    this.rounds.called(responseId, toolCallId);
    // Run a tool call even if the caller interrupted its response. Skip it if the gateway cancelled that response.
    if (stage === 'cancelled') {
      this.toolResult(toolCallId, { error: 'The call went on without this.' });
      return;
    }
    let callArguments: unknown;
    try {
      callArguments = JSON.parse(call.arguments === '' ? '{}' : call.arguments);
    } catch {
      this.options.onAnomaly('bad-tool-arguments');
      this.toolResult(toolCallId, { error: 'The arguments were not valid JSON.' });
      return;
    }
    this.options.emit({ type: 'tool-call', toolCallId, name, arguments: callArguments });
  }

  private onResponseDone(done: ResponseDone): void {
    if (done.usage !== undefined) this.options.emit({ type: 'usage', ...done.usage });
    const end = this.model.done(done.responseId, done.status);
    // The owner may have closed the session when it heard of the end.
    if (end === undefined || this.queue.isClosed) return;
    this.rounds.responseDone(done.responseId, end.status, end.running.isCancelled);
    this.recovery.onResponseEnd(end, done);
    this.queue.sendNext();
  }

  /** Emits the events of a line that was requested and never began. */
  private endUnspoken(sayId: string | undefined, status: ResponseStatus): void {
    if (sayId === undefined) return;
    const responseId = `unspoken-${sayId}`;
    this.options.emit({ type: 'response-started', responseId, sayId });
    this.options.emit({ type: 'response-done', responseId, sayId, status });
  }
}

/** The model takes text, so anything else is sent as JSON. */
function textOfOutput(output: unknown): string {
  if (typeof output === 'string') return output;
  try {
    return JSON.stringify(output) ?? 'null';
  } catch {
    return '{"error":"The result could not be written down."}';
  }
}
