import type { EventEmitter } from 'node:events';
import { mulawToPcm } from '../../src/audio/g711.js';
import { writeWav } from '../../src/audio/wav.js';
import type { Clock } from '../../src/base/clock.js';
import type { CarrierCallEvents } from '../twilio/carrier-call.js';
import { FRAME_MS } from '../twilio/ticker.js';

export type Side = 'caller' | 'assistant';

interface Piece {
  atMs: number;
  pcm: Int16Array;
}

const RATE_HZ = 8000;
/** Frames follow each other without a gap unless they are this late. The process that hears them is sometimes late itself. */
const GAP_MS = 250;
/** The ringing tone of North America (ITU-T E.180 supplement 2). */
const RINGING = { tonesHz: [440, 480], onMs: 2000, everyMs: 6000, amplitude: 1600 };

/**
 * Records a call from both sides: the caller on the left, and on the right what answers: the assistant, then the ringing, then
 * whatever {@link StereoRecording.put} adds.
 */
export class StereoRecording {
  private readonly clock: Clock;
  private readonly startedMs: number;
  private readonly pieces: Record<Side, Piece[]> = { caller: [], assistant: [] };
  /** Where the next frame that the caller hears belongs. */
  private heardUntilMs = Number.NEGATIVE_INFINITY;
  private ringingSinceMs: number | undefined;

  constructor(call: EventEmitter<CarrierCallEvents>, clock: Clock) {
    this.clock = clock;
    this.startedMs = clock.now();
    call.on('heard', (frame) => this.hear(frame));
    call.on('dial-started', () => (this.ringingSinceMs = this.nowMs));
    call.on('bridged', () => this.stopRinging());
    call.on('dial-ended', () => this.stopRinging());
  }

  /** Adds what one side says from now on, as mu-law. Ends the ringing, because nobody speaks over it. */
  put(side: Side, mulaw: Uint8Array): void {
    this.stopRinging();
    this.pieces[side].push({ atMs: this.nowMs, pcm: mulawToPcm(mulaw) });
  }

  /** Returns the recording as 16-bit PCM at 8 kHz. */
  wav(): Buffer {
    this.stopRinging();
    return writeWav([mixed(this.pieces.caller), mixed(this.pieces.assistant)], RATE_HZ);
  }

  private get nowMs(): number {
    return this.clock.now() - this.startedMs;
  }

  private hear(frame: Uint8Array): void {
    if (Math.abs(this.nowMs - this.heardUntilMs) > GAP_MS) this.heardUntilMs = this.nowMs;
    this.pieces.assistant.push({ atMs: this.heardUntilMs, pcm: mulawToPcm(frame) });
    this.heardUntilMs += FRAME_MS;
  }

  private stopRinging(): void {
    if (this.ringingSinceMs === undefined) return;
    const pcm = ringing(this.nowMs - this.ringingSinceMs);
    this.pieces.assistant.push({ atMs: this.ringingSinceMs, pcm });
    this.ringingSinceMs = undefined;
  }
}

function ringing(durationMs: number): Int16Array {
  const { amplitude, everyMs, onMs, tonesHz } = RINGING;
  return Int16Array.from({ length: Math.round((durationMs * RATE_HZ) / 1000) }, (_, index) => {
    const atMs = (index * 1000) / RATE_HZ;
    if (atMs % everyMs >= onMs) return 0;
    return amplitude * tonesHz.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * atMs) / 1000), 0);
  });
}

function mixed(pieces: readonly Piece[]): Int16Array {
  const placed = pieces.map(({ atMs, pcm }) => ({ at: Math.round((atMs * RATE_HZ) / 1000), pcm }));
  const pcm = new Int16Array(Math.max(0, ...placed.map(({ at, pcm }) => at + pcm.length)));
  for (const piece of placed)
    for (const [index, sample] of piece.pcm.entries()) {
      const sum = (pcm[piece.at + index] ?? 0) + sample;
      pcm[piece.at + index] = Math.max(-32_768, Math.min(32_767, sum));
    }
  return pcm;
}
