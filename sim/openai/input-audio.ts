import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import type { Ear, EarLine } from '../model/ear.js';
import { AudioDecoder, isWholeSamples } from './audio-codec.js';
import type { AudioFormat, TurnDetection } from './session-schema.js';
import { type Checked, accepted, newId, refused } from './wire.js';

/** Of one append (realtime.d.ts, InputAudioBufferAppendEvent). */
const MAX_APPEND_BYTES = 15 * 1024 * 1024;
const MIN_COMMIT_MS = 100;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface InputListener {
  onSpeechStarted(itemId: string, startMs: number): void;
  /** The utterance is over; its `sound` belongs to the item now. */
  onSpeechStopped(itemId: string, endMs: number, sound: Uint8Array): void;
  /** What the utterance says; it may come long after the stop. */
  onText(itemId: string, text: string): void;
}

/** The input audio buffer and the turn detection over it. */
export class InputAudio {
  /** Everything the client has sent, mu-law. */
  readonly received: Uint8Array[] = [];
  receivedMs = 0;
  private readonly ear: Ear;
  private readonly listener: InputListener;
  private readonly decoder = new AudioDecoder();
  /** Since the last commit, and where in what was received it begins. */
  private buffer: Uint8Array[] = [];
  private bufferStartMs = 0;
  private line: { ear: EarLine; settings: string; turns: TurnDetection } | undefined;
  private speaking: { itemId: string; startMs: number } | undefined;
  /** Items whose text is still to come, in the order in which it will. */
  private readonly untold: string[] = [];

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
    this.line?.ear.push(mulaw);
    return accepted(undefined);
  }

  /** The client ends a turn by itself: gives up the buffer. */
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

  /** Ends the buffer and gives what was sent from `fromMs` on, for an item that the server makes by itself. */
  take(fromMs: number): Uint8Array {
    const skipMs = Math.max(0, fromMs - this.bufferStartMs);
    const sound = Buffer.concat(this.buffer).subarray(Math.round(skipMs * MULAW_BYTES_PER_MS));
    this.clear();
    return sound;
  }

  understand(sound: Uint8Array): Promise<string> {
    return this.ear.understand(sound);
  }

  /** Listens as `turns` says from now on; null: the client finds turns itself. */
  detect(turns: TurnDetection | null): void {
    const hangoverMs = turns?.type === 'server_vad' ? turns.silence_duration_ms : undefined;
    const settings = JSON.stringify([turns?.type, hangoverMs]);
    if (turns !== null && this.line?.settings === settings) {
      this.line.turns = turns;
      return;
    }
    // A line that is given up tells nothing any more.
    const untold = [...this.untold];
    this.close();
    for (const itemId of untold) this.listener.onText(itemId, '');
    if (turns === null) return;
    const startedAtMs = this.receivedMs;
    const ear = this.ear.listen(
      {
        onSpeechStarted: (atMs) => this.startSpeech(startedAtMs + atMs),
        onSpeechStopped: (atMs) => this.stopSpeech(startedAtMs + atMs),
        onText: (text) => {
          const itemId = this.untold.shift();
          if (itemId !== undefined) this.listener.onText(itemId, text);
        },
      },
      hangoverMs === undefined ? {} : { hangoverMs },
    );
    this.line = { ear, settings, turns };
  }

  close(): void {
    this.line?.ear.close();
    this.line = undefined;
    this.speaking = undefined;
    this.untold.length = 0;
  }

  private startSpeech(atMs: number): void {
    // The start is told with the padding that the item's sound has.
    const turns = this.line?.turns;
    const paddingMs = turns?.type === 'server_vad' ? turns.prefix_padding_ms : 0;
    this.speaking = { itemId: newId('item'), startMs: Math.max(0, Math.round(atMs - paddingMs)) };
    this.listener.onSpeechStarted(this.speaking.itemId, this.speaking.startMs);
  }

  private stopSpeech(atMs: number): void {
    if (this.speaking === undefined) return;
    const { itemId, startMs } = this.speaking;
    this.speaking = undefined;
    this.untold.push(itemId);
    // The end is told with the silence that was waited for.
    const turns = this.line?.turns;
    const silenceMs = turns?.type === 'server_vad' ? turns.silence_duration_ms : 0;
    this.listener.onSpeechStopped(itemId, Math.round(atMs + silenceMs), this.take(startMs));
  }
}
