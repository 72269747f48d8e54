import { randomBytes } from 'node:crypto';
import { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { VoiceEvent } from '../session.js';

/** Mu-law at 8 kHz; undefined when nothing on this machine can speak. */
export type SpeakLine = (text: string) => Promise<Uint8Array | undefined>;

const CHUNK_BYTES = 200 * MULAW_BYTES_PER_MS;

/** Says one short line, without any model, to a caller who waits and hears nothing. */
export class GapFiller {
  private readonly options: {
    speakLine: SpeakLine;
    line: string;
    emit: (event: VoiceEvent) => void;
  };
  /** A call may have several of these, one after the other, and one history. */
  private readonly id = randomBytes(4).toString('hex');
  private count = 0;
  private isSpeaking = false;

  constructor(options: GapFiller['options']) {
    this.options = options;
  }

  /** Nothing is heard of it when it is stopped before it has been synthesised. */
  async speak(): Promise<void> {
    const { emit, line, speakLine } = this.options;
    if (this.isSpeaking) return;
    this.isSpeaking = true;
    const count = ++this.count;
    const mulaw = await speakLine(line).catch(() => undefined);
    if (count !== this.count) return;
    this.isSpeaking = false;
    if (mulaw === undefined) return;
    const responseId = `gap-${this.id}-${count}`;
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

  /** The model speaks after all, or the caller does. */
  stop(): void {
    if (!this.isSpeaking) return;
    this.isSpeaking = false;
    this.count++;
  }
}
