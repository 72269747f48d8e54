import type { IncomingHttpHeaders } from 'node:http';
import type { Clock, Timer } from '../../src/base/clock.js';
import type { Ear } from '../model/ear.js';
import type { FaultPlan } from '../model/faults.js';
import type { Brain } from '../model/script.js';
import type { Voice } from '../model/voice.js';
import { type ClientEvent, type ResponseParams, readClientEvent } from './client-events.js';
import { readMessage } from './client-message.js';
import { Conversation } from './conversation.js';
import { CallerTurns } from './caller-turns.js';
import { type Item, wireItem } from './items.js';
import type { Outbox } from './outbox.js';
import { type Memory, type RecordedEvent, type SessionRecord, memoryOf } from './recording.js';
import { Responder } from './responder.js';
import type { Pacing } from './pacing.js';
import { defaultConfig, isBetaShape, newerOnly, pathRefusal, strictRefusal, updatedConfig } from './session-config.js';
import type { SessionConfig } from './session-schema.js';
import type { TranscriptionManner } from './transcriber.js';
import { type Checked, accepted, newId, refused } from './wire.js';

export interface SessionOptions {
  outbox: Outbox;
  headers: IncomingHttpHeaders;
  model: string;
  clock: Clock;
  brain: Brain;
  ear: Ear;
  voice: Voice;
  faults: FaultPlan;
  pacing: Pacing;
  transcription: TranscriptionManner;
  withoutMulaw: 'ignored' | 'refused' | undefined;
  /** Whether settings are refused that the service is only suspected to refuse. */
  isStrict: boolean;
  /** Paths of settings that are refused. */
  refusedSettings: readonly string[];
  sessionSeconds: number;
}

/** One client's session: its settings, the caller's audio, the conversation and the responses. */
export class Session implements SessionRecord {
  readonly headers: IncomingHttpHeaders;
  readonly model: string;
  readonly events: RecordedEvent[] = [];
  readonly truncations: { itemId: string; audioEndMs: number }[] = [];
  /** Called once when the connection is over. */
  onClosed: () => void = () => undefined;
  private readonly options: SessionOptions;
  private readonly outbox: Outbox;
  private readonly conversation = new Conversation();
  private readonly responder: Responder;
  private readonly caller: CallerTurns;
  private readonly timers: Timer[] = [];
  private config: SessionConfig;

  constructor(options: SessionOptions) {
    this.options = options;
    this.outbox = options.outbox;
    this.headers = options.headers;
    this.model = options.model;
    const { clock, brain, voice, pacing, faults, outbox, sessionSeconds } = options;
    const expiresAt = Math.floor(clock.epochMs() / 1000 + sessionSeconds);
    this.config = defaultConfig(newId('sess'), options.model, expiresAt);
    this.responder = new Responder({
      clock,
      brain,
      voice,
      pacing,
      faults,
      outbox,
      conversation: this.conversation,
      config: () => this.config,
      understood: (item) => this.caller.understood(item),
      onDone: (response) => this.caller.onResponseDone(response),
    });
    this.caller = new CallerTurns({
      clock,
      ear: options.ear,
      transcription: options.transcription,
      outbox,
      conversation: this.conversation,
      responder: this.responder,
      config: () => this.config,
    });
    outbox.send({ type: 'session.created', session: this.config });
    this.caller.input.detect(this.config.audio.input.turn_detection);
    this.timers.push(clock.setTimer(sessionSeconds * 1000, () => this.expire()));
    for (const { ms, fault } of faults.inSession)
      this.timers.push(clock.setTimer(ms, () => this.responder.strike(fault)));
  }

  get startedMs() {
    return this.outbox.startedMs;
  }

  get sent() {
    return this.outbox.sent;
  }

  get errors() {
    return this.outbox.errors;
  }

  get closed() {
    return this.outbox.closing;
  }

  get callerAudio(): Uint8Array {
    return Buffer.concat(this.caller.input.received);
  }

  get items(): readonly Item[] {
    return this.conversation.items;
  }

  get memory(): Memory[] {
    return memoryOf(this.conversation.items);
  }

  /** The current settings. */
  get settings(): SessionConfig {
    return this.config;
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.outbox.closing !== undefined) return;
    const message = readMessage(data, isBinary);
    if (!message.ok) return this.outbox.error(message.error);
    const { eventId, raw, recorded } = message.value;
    this.events.push({ atMs: this.outbox.ageMs, event: recorded });
    const event = readClientEvent(raw);
    const result = event.ok ? this.handle(event.value) : event;
    if (!result.ok) this.outbox.error(result.error, eventId ?? null);
  }

  /** Ends everything that runs, because the connection is over. */
  dispose(): void {
    for (const timer of this.timers) timer.cancel();
    this.caller.dispose();
    this.responder.dispose();
    this.onClosed();
    this.onClosed = () => undefined;
  }

  private handle(event: ClientEvent): Checked<unknown> {
    switch (event.type) {
      case 'session.update':
        return this.update(event.session);
      case 'input_audio_buffer.append':
        return this.caller.input.append(event.audio, this.config.audio.input.format);
      case 'input_audio_buffer.commit':
        return this.caller.commit();
      case 'input_audio_buffer.clear':
        this.caller.input.clear();
        this.outbox.send({ type: 'input_audio_buffer.cleared' });
        return accepted(undefined);
      case 'conversation.item.create':
        return this.addItem(event);
      case 'conversation.item.delete': {
        const deleted = this.conversation.delete(event.item_id);
        if (deleted.ok) this.outbox.send({ type: 'conversation.item.deleted', item_id: event.item_id });
        return deleted;
      }
      case 'conversation.item.retrieve': {
        const found = this.conversation.retrieve(event.item_id);
        const { input, output } = this.config.audio;
        const formats = { input: input.format, output: output.format };
        if (found.ok) this.outbox.send({ type: 'conversation.item.retrieved', item: wireItem(found.value, formats) });
        return found;
      }
      case 'conversation.item.truncate':
        return this.truncate(event);
      case 'response.create':
        return this.respond(event.response ?? {});
      case 'response.cancel':
        return this.responder.cancel(event.response_id ?? undefined);
    }
  }

  private update(raw: unknown): Checked<unknown> {
    if (isBetaShape(raw)) {
      this.refuseBeta();
      return accepted(undefined);
    }
    const updated = updatedConfig(this.config, raw, this.responder.hasSpoken);
    if (!updated.ok) return updated;
    const { isStrict, refusedSettings } = this.options;
    const refusal = pathRefusal(raw, refusedSettings) ?? (isStrict ? strictRefusal(updated.value) : undefined);
    if (refusal !== undefined) return refusal;
    const { input, output } = updated.value.audio;
    if (input.format.type === 'audio/pcmu' || output.format.type === 'audio/pcmu') {
      const { withoutMulaw } = this.options;
      if (withoutMulaw === 'refused')
        return refused('invalid_value', "Invalid value: 'audio/pcmu'.", 'session.audio.input.format.type');
      if (withoutMulaw === 'ignored') {
        input.format = this.config.audio.input.format;
        output.format = this.config.audio.output.format;
      }
    }
    this.config = updated.value;
    this.caller.input.detect(this.config.audio.input.turn_detection);
    this.outbox.send({ type: 'session.updated', session: this.config });
    return updated;
  }

  /** Closes the connection, as the service does since the beta was switched off (see README.md). */
  private refuseBeta(): void {
    const code = 'beta_api_shape_disabled';
    this.outbox.error(
      refused(code, 'The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.').error,
    );
    this.outbox.close(4000, `invalid_request_error.${code}`);
  }

  private addItem(event: Extract<ClientEvent, { type: 'conversation.item.create' }>): Checked<unknown> {
    const { item: given, previous_item_id: previousId } = event;
    const item = this.conversation.insert(given, previousId ?? undefined, this.config.audio.input.format);
    if (!item.ok) return item;
    this.responder.note(item.value);
    this.outbox.announce(item.value, this.conversation.previousOf(item.value));
    return item;
  }

  private truncate(event: Extract<ClientEvent, { type: 'conversation.item.truncate' }>): Checked<unknown> {
    const { item_id, content_index, audio_end_ms } = event;
    const item = this.conversation.truncate(item_id, content_index, audio_end_ms);
    if (!item.ok) return item;
    this.truncations.push({ itemId: item_id, audioEndMs: audio_end_ms });
    this.outbox.send({ type: 'conversation.item.truncated', item_id, content_index, audio_end_ms });
    return item;
  }

  private respond(params: ResponseParams): Checked<unknown> {
    const refusal = newerOnly(this.model, params, 'response');
    if (refusal !== undefined) return refusal;
    const created = this.responder.create(params);
    if (created.ok) this.caller.onResponseCreated();
    return created;
  }

  private expire(): void {
    const minutes = Math.round(this.options.sessionSeconds / 6) / 10;
    this.outbox.close(1001, `Your session hit the maximum duration of ${minutes} minutes.`);
  }
}
