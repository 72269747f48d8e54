import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import type { Clock, Timer } from '../../src/base/clock.js';
import type { Ear } from '../model/ear.js';
import type { Conversation } from './conversation.js';
import { InputAudio } from './input-audio.js';
import { type Item, soundOf, textOf } from './items.js';
import type { Outbox } from './outbox.js';
import type { Responder } from './responder.js';
import type { Response } from './response.js';
import type { SessionConfig } from './session-schema.js';
import { Transcriber, type TranscriptionManner } from './transcriber.js';
import { type Checked, newId } from './wire.js';

export interface CallerTurnsOptions {
  clock: Clock;
  ear: Ear;
  transcription: TranscriptionManner;
  outbox: Outbox;
  conversation: Conversation;
  responder: Responder;
  /** Returns the current settings. */
  config: () => SessionConfig;
}

/**
 * The caller's turns. A turn is detected in the audio or committed by the client, then added to the conversation,
 * transcribed and answered.
 */
export class CallerTurns {
  readonly input: InputAudio;
  private readonly options: CallerTurnsOptions;
  private readonly transcriber: Transcriber;
  /** The text of each spoken item, from the moment it is in the conversation. */
  private readonly texts = new Map<string, Deferred>();
  private idle: Timer | undefined;

  constructor(options: CallerTurnsOptions) {
    this.options = options;
    const { clock, outbox, transcription } = options;
    this.transcriber = new Transcriber(transcription, clock, outbox);
    this.input = new InputAudio(options.ear, {
      onSpeechStarted: (itemId, startMs) => this.onSpeechStarted(itemId, startMs),
      onSpeechStopped: (itemId, endMs, sound) => this.onSpeechStopped(itemId, endMs, sound),
      onText: (itemId, text) => this.understand(itemId, text),
    });
  }

  /** Ends a turn at the client's request. */
  commit(): Checked<unknown> {
    const sound = this.input.commit();
    if (!sound.ok) return sound;
    const itemId = newId('item');
    this.add(itemId, sound.value);
    this.input.understand(sound.value).then(
      (text) => this.understand(itemId, text),
      () => this.understand(itemId, ''),
    );
    return sound;
  }

  /** Resolves with the text of an item. For a spoken item, waits until it is understood. */
  understood(item: Item): Promise<string> {
    return this.texts.get(item.id)?.promise ?? Promise.resolve(textOf(item));
  }

  onResponseCreated(): void {
    this.idle?.cancel();
  }

  onResponseDone(response: Response): void {
    this.transcriber.onResponseDone();
    const turns = this.turns;
    if (turns?.type !== 'server_vad' || turns.idle_timeout_ms === null || this.input.isSpeechHeard) return;
    const { clock } = this.options;
    // The service assumes that the client started to play when the response started.
    const playedMs = clock.now() - response.createdAtMs;
    const leftMs = Math.max(0, response.spokenMs - playedMs);
    this.idle?.cancel();
    this.idle = clock.setTimer(turns.idle_timeout_ms + leftMs, () => this.onIdle());
  }

  dispose(): void {
    this.idle?.cancel();
    this.transcriber.dispose();
    this.input.close();
  }

  private get turns() {
    return this.options.config().audio.input.turn_detection;
  }

  private onSpeechStarted(itemId: string, startMs: number): void {
    this.idle?.cancel();
    const { outbox, responder } = this.options;
    outbox.send({ type: 'input_audio_buffer.speech_started', audio_start_ms: startMs, item_id: itemId });
    if (this.turns?.interrupt_response === true) responder.interrupt();
  }

  private onSpeechStopped(itemId: string, endMs: number, sound: Uint8Array): void {
    const { outbox } = this.options;
    outbox.send({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: endMs, item_id: itemId });
    this.add(itemId, sound);
    if (this.turns?.create_response === true) this.respond();
  }

  private onIdle(): void {
    const itemId = newId('item');
    const endMs = Math.round(this.input.receivedMs);
    const sound = this.input.take(0);
    this.options.outbox.send({
      type: 'input_audio_buffer.timeout_triggered',
      audio_start_ms: endMs - Math.round(sound.length / MULAW_BYTES_PER_MS),
      audio_end_ms: endMs,
      item_id: itemId,
    });
    this.add(itemId, sound);
    this.texts.get(itemId)?.resolve('');
    this.respond();
  }

  private respond(): void {
    const created = this.options.responder.create();
    if (!created.ok) this.options.outbox.error(created.error);
    else this.onResponseCreated();
  }

  private add(itemId: string, sound: Uint8Array): void {
    const { conversation, outbox, responder } = this.options;
    const item: Item = {
      id: itemId,
      status: 'completed',
      type: 'message',
      role: 'user',
      content: [{ type: 'input_audio', sound: soundOf(sound), text: '', transcript: null }],
    };
    conversation.append(item);
    this.texts.set(itemId, new Deferred());
    const previousId = conversation.previousOf(item);
    outbox.send({ type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: previousId });
    outbox.announce(item, previousId);
    responder.note(item);
  }

  private understand(itemId: string, text: string): void {
    const { conversation, config, responder } = this.options;
    const item = conversation.find(itemId);
    const part = item?.type === 'message' ? item.content[0] : undefined;
    if (part?.type === 'input_audio') {
      part.text = text;
      const { transcription } = config().audio.input;
      if (transcription !== null)
        this.transcriber.transcribe(itemId, part, transcription.model ?? '', responder.isResponding);
    }
    this.texts.get(itemId)?.resolve(text);
  }
}

/** A promise that is resolved from outside. */
class Deferred {
  resolve: (text: string) => void = () => undefined;
  readonly promise = new Promise<string>((resolve) => {
    this.resolve = resolve;
  });
}
