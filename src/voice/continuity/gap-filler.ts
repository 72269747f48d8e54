import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../clock.js';
import type { VoiceEvent } from '../session.js';

/** Mu-law at 8 kHz; undefined when nothing on this machine can speak. */
export type SpeakLine = (text: string) => Promise<Uint8Array | undefined>;

/** Silence that a caller takes for thinking. */
const AFTER_MS = 1200;
const CHUNK_BYTES = 200 * MULAW_BYTES_PER_MS;

/** Says one short line when a caller who waits for an answer hears nothing because the session was lost, or is slow. */
export class GapFiller {
  private readonly options: {
    clock: Clock;
    speakLine: SpeakLine;
    line: string;
    emit: (event: VoiceEvent) => void;
  };
  private timer: Timer | undefined;
  private count = 0;

  constructor(options: GapFiller['options']) {
    this.options = options;
  }

  start(afterMs = AFTER_MS): void {
    const { clock, speakLine } = this.options;
    if (this.timer !== undefined) return;
    const timer = clock.setTimer(afterMs, () => {
      void this.speak(speakLine, timer);
    });
    this.timer = timer;
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private async speak(speakLine: SpeakLine, timer: Timer): Promise<void> {
    const { emit, line } = this.options;
    const mulaw = await speakLine(line).catch(() => undefined);
    // Stopped meanwhile: the model speaks again.
    if (mulaw === undefined || this.timer !== timer) return;
    const responseId = `gap-${++this.count}`;
    const itemId = `${responseId}-line`;
    emit({ type: 'response-started', responseId, sayId: undefined });
    emit({ type: 'assistant-text', responseId, itemId, text: line });
    for (let at = 0; at < mulaw.length; at += CHUNK_BYTES) {
      const chunk = AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, mulaw.subarray(at, at + CHUNK_BYTES));
      emit({ type: 'audio', responseId, itemId, chunk });
    }
    emit({ type: 'item-done', responseId, itemId });
    emit({ type: 'response-done', responseId, sayId: undefined, status: 'completed' });
  }
}
