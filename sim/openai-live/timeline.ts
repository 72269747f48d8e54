import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import type { Clock } from '../../src/base/clock.js';
import type { Ear, EarLine } from '../model/ear.js';
import { wordsOf } from '../openai/spoken-text.js';
import { type Checked, type ServerEvent, accepted } from '../openai/wire.js';
import { LiveDecoder, encodeLive } from './audio.js';
import type { LiveManners } from './manners.js';
import { FRAME_MS, Mouth } from './mouth.js';
import type { LiveFormat } from './settings.js';

export interface TimelineOptions {
  clock: Clock;
  ear: Ear;
  manners: LiveManners;
  /** Returns the format of both sides' audio. `undefined` unless the session is started. */
  format: () => LiveFormat | undefined;
  send: (event: ServerEvent) => void;
  /** Calls `action` after a while, unless the session is over by then. */
  later: (delayMs: number, action: () => void) => void;
  /** Called with what the caller has said. */
  onText: (text: string) => void;
  /** Called with what the model has said of a speech when it ends or is cut off. */
  onSaid: (text: string) => void;
  /** Called after each frame. `isSilence`: the model said nothing in it. */
  onFrame: (isSilence: boolean) => void;
}

/** Time from the beginning of the caller's speech until the model stops, in milliseconds of the session. */
const YIELDS_AFTER_MS = 200;
const USAGE_EVERY_MS = 60_000;
const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS;

/** The time in which the model lives: frames, each of which needs a piece of the caller's audio and makes a piece of the model's. */
export class Timeline {
  readonly mouth: Mouth;
  private readonly options: TimelineOptions;
  private readonly decoder = new LiveDecoder();
  private readonly received: Uint8Array[] = [];
  private readonly line: EarLine;
  private startedMs = 0;
  private pending = new Uint8Array(0);
  private atMs = 0;
  private isMuted = false;
  private spokeSinceMs: number | undefined;
  private speechStartMs = 0;

  constructor(options: TimelineOptions) {
    this.options = options;
    this.mouth = new Mouth(options.onSaid);
    this.line = options.ear.listen({
      onSpeechStarted: (atMs) => {
        this.speechStartMs = atMs;
        this.spokeSinceMs = this.atMs;
      },
      onSpeechStopped: () => {
        this.spokeSinceMs = undefined;
      },
      onText: options.onText,
    });
  }

  /** How far the session has come, in milliseconds of audio. */
  get positionMs(): number {
    return this.atMs;
  }

  /** All audio of the caller, as mu-law at 8 kHz. */
  get callerAudio(): Uint8Array {
    return Buffer.concat(this.received);
  }

  /** How much audio the model has not heard yet, in milliseconds. */
  get behindMs(): number {
    return this.pending.length / MULAW_BYTES_PER_MS;
  }

  /** What the session has cost, as a field of an event. */
  get usage(): { usage: { seconds: number } } {
    return { usage: { seconds: Math.round(this.atMs / 1000) } };
  }

  /** Called when the session is started. */
  start(): void {
    this.startedMs = this.options.clock.now();
    this.tick();
  }

  /** Takes the caller's audio. */
  append(base64: string, format: LiveFormat): Checked<unknown> {
    const decoded = this.decoder.decode(base64, format);
    if (!decoded.ok) return decoded;
    this.received.push(decoded.value);
    this.pending = Buffer.concat([this.pending, decoded.value]);
    if (this.options.manners.hears === 'at-once') this.advance();
    return accepted(undefined);
  }

  mute(isMuted: boolean): void {
    this.isMuted = isMuted;
  }

  /** Sends the transcript of the caller's last speech, in pieces of some words and without an end. */
  transcribe(text: string): void {
    const words = wordsOf(text);
    const eachMs = Math.max(1, (this.atMs - this.speechStartMs) / words.length);
    for (let at = 0; at < words.length; at += 3) {
      const delta = words.slice(at, at + 3).join('');
      const start = Math.round(this.speechStartMs + at * eachMs);
      const end = Math.round(Math.min(this.atMs, start + 3 * eachMs));
      this.options.send({
        type: 'session.input_transcript.delta',
        delta,
        start_ms: start,
        end_ms: Math.max(start, end),
      });
    }
  }

  close(): void {
    this.line.close();
  }

  private tick(): void {
    this.options.later(FRAME_MS / this.options.manners.speed, () => {
      this.advance();
      this.tick();
    });
  }

  private advance(): void {
    const { clock, format, manners, onFrame, send } = this.options;
    while (this.pending.length >= FRAME_BYTES) {
      const spoken = format();
      if (spoken === undefined) return;
      const elapsedMs = (clock.now() - this.startedMs) * manners.speed;
      if (manners.hears === 'in-time' && this.atMs + FRAME_MS > elapsedMs) return;
      const heard = this.pending.subarray(0, FRAME_BYTES);
      this.pending = this.pending.slice(FRAME_BYTES);
      this.atMs += FRAME_MS;
      if (!this.isMuted) this.line.push(heard);
      if (this.spokeSinceMs !== undefined && this.atMs - this.spokeSinceMs >= YIELDS_AFTER_MS && manners.yields)
        this.mouth.stop();
      onFrame(this.speak(spoken));
      if (this.atMs % USAGE_EVERY_MS === 0)
        send({ type: 'session.usage.updated', ...this.usage, context_window: { usage_ratio: 0.1 } });
    }
  }

  /** Returns whether the model was silent. */
  private speak(format: LiveFormat): boolean {
    const { manners, send } = this.options;
    const { audio, isSilence, words } = this.mouth.frame();
    if (!isSilence || manners.silence === 'sent')
      send({ type: 'session.output_audio.delta', delta: encodeLive(audio, format) });
    if (words !== '') {
      const range = { start_ms: this.atMs - FRAME_MS, end_ms: this.atMs };
      send({ type: 'session.output_transcript.delta', delta: words, ...range });
    }
    return isSilence;
  }
}
