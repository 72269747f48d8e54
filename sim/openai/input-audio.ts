import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import type { Ear, EarLine } from '../model/ear.js';
import { AudioDecoder, isWholeSamples } from './audio-codec.js';
import type { AudioFormat, TurnDetection } from './session-schema.js';
import { type Checked, accepted, newId, refused } from './wire.js';

/** Maximum size of one append (realtime.d.ts, InputAudioBufferAppendEvent). */
const MAX_APPEND_BYTES = 15 * 1024 * 1024;
const MIN_COMMIT_MS = 100;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface InputListener {
  onSpeechStarted(itemId: string, startMs: number): void;
  /** Called when an utterance is over. `sound` is the audio of its item. */
  onSpeechStopped(itemId: string, endMs: number, sound: Uint8Array): void;
  /** Called with the text of an utterance, maybe long after its end. */
  onText(itemId: string, text: string): void;
}

/** The input audio buffer, with turn detection. */
export class InputAudio {
  /** All audio that the client has sent, as mu-law. */
  readonly received: Uint8Array[] = [];
  receivedMs = 0;
  private readonly ear: Ear;
  private readonly listener: InputListener;
  private readonly decoder = new AudioDecoder();
  /** The audio since the last commit, and its offset in the received audio. */
  private buffer: Uint8Array[] = [];
  private bufferStartMs = 0;
  private detection: { ear: EarLine; settings: string; turns: TurnDetection } | undefined;
  private speaking: { itemId: string; startMs: number } | undefined;
  /** Items that wait for their text, in the order in which it will arrive. */
  private readonly awaitingText: string[] = [];

  constructor(ear: Ear, listener: InputListener) {
    this.ear = ear;
    this.listener = listener;
  }

  get isSpeechHeard(): boolean {
    return this.speaking !== undefined;
  }

  append(base64: string, format: AudioFormat): Checked<undefined> {
    if ((base64.length * 3) / 4 > MAX_APPEND_BYTES)
      return refused(
        'string_above_max_length',
        `Invalid 'audio': audio too long. At most 15 MiB can be appended at once.`,
        'audio',
      );
    const bytes = BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
    if (bytes === undefined || !isWholeSamples(bytes.length, format))
      return refused(
        'invalid_value',
        "Invalid 'audio'. Expected base64-encoded audio bytes but got an invalid value.",
        'audio',
      );
    const mulaw = this.decoder.decode(bytes, format);
    this.receivedMs += mulaw.length / MULAW_BYTES_PER_MS;
    this.received.push(mulaw);
    this.buffer.push(mulaw);
    this.detection?.ear.push(mulaw);
    return accepted(undefined);
  }

  /** Ends a turn at the client's request. Returns the buffer's audio and clears it. */
  commit(): Checked<Uint8Array> {
    const sound = Buffer.concat(this.buffer);
    const havingMs = sound.length / MULAW_BYTES_PER_MS;
    if (havingMs < MIN_COMMIT_MS)
      return refused(
        'input_audio_buffer_commit_empty',
        `Error committing input audio buffer: buffer too small. Expected at least ${MIN_COMMIT_MS}ms of audio, but buffer only has ${havingMs.toFixed(2)}ms of audio.`,
      );
    this.clear();
    return accepted(sound);
  }

  clear(): void {
    this.buffer = [];
    this.bufferStartMs = this.receivedMs;
  }

  /** Clears the buffer and returns its audio from `fromMs` on, for an item that the server creates. */
  take(fromMs: number): Uint8Array {
    const skipMs = Math.max(0, fromMs - this.bufferStartMs);
    const sound = Buffer.concat(this.buffer).subarray(Math.round(skipMs * MULAW_BYTES_PER_MS));
    this.clear();
    return sound;
  }

  understand(sound: Uint8Array): Promise<string> {
    return this.ear.understand(sound);
  }

  /** Detects turns with the settings `turns`. With null the client detects turns itself. */
  detect(turns: TurnDetection | null): void {
    const hangoverMs = turns?.type === 'server_vad' ? turns.silence_duration_ms : undefined;
    const settings = JSON.stringify([turns?.type, hangoverMs]);
    if (turns !== null && this.detection?.settings === settings) {
      this.detection.turns = turns;
      return;
    }
    // A closed detector reports no text any more.
    const awaiting = [...this.awaitingText];
    this.close();
    for (const itemId of awaiting) this.listener.onText(itemId, '');
    if (turns === null) return;
    const startedAtMs = this.receivedMs;
    const ear = this.ear.listen(
      {
        onSpeechStarted: (atMs) => this.startSpeech(startedAtMs + atMs),
        onSpeechStopped: (atMs) => this.stopSpeech(startedAtMs + atMs),
        onText: (text) => {
          const itemId = this.awaitingText.shift();
          if (itemId !== undefined) this.listener.onText(itemId, text);
        },
      },
      hangoverMs === undefined ? {} : { hangoverMs },
    );
    this.detection = { ear, settings, turns };
  }

  close(): void {
    this.detection?.ear.close();
    this.detection = undefined;
    this.speaking = undefined;
    this.awaitingText.length = 0;
  }

  private startSpeech(atMs: number): void {
    // The reported start includes the padding of the item's sound.
    const turns = this.detection?.turns;
    const paddingMs = turns?.type === 'server_vad' ? turns.prefix_padding_ms : 0;
    this.speaking = { itemId: newId('item'), startMs: Math.max(0, Math.round(atMs - paddingMs)) };
    this.listener.onSpeechStarted(this.speaking.itemId, this.speaking.startMs);
  }

  private stopSpeech(atMs: number): void {
    if (this.speaking === undefined) return;
    const { itemId, startMs } = this.speaking;
    this.speaking = undefined;
    this.awaitingText.push(itemId);
    // The reported end includes the silence that ended the turn.
    const turns = this.detection?.turns;
    const silenceMs = turns?.type === 'server_vad' ? turns.silence_duration_ms : 0;
    this.listener.onSpeechStopped(itemId, Math.round(atMs + silenceMs), this.take(startMs));
  }
}
