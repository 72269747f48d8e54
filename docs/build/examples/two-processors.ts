import type { AudioChunk, Frame, Link, Processor, ProcessorContext, ProcessorEntry } from 'tandem/extension';
import { mulawToPcm } from 'tandem/extension';

/** Two stages of your own in the frame pipeline. */
export const processors: Record<string, ProcessorEntry> = {
  'caller-seconds': { place: 'before-model', create: (context) => new CallerSeconds(context) },
  'mask-words': { place: 'after-model', create: (context) => new MaskWords(context) },
};

/** Loudness (mean of 16-bit samples without their sign) from which a frame is speech. */
const SPEECH_LEVEL = 300;

/** Logs how many seconds of a stream the caller spoke. */
class CallerSeconds implements Processor {
  readonly name = 'caller-seconds';
  private readonly log: ProcessorContext['log'];
  private speechMs = 0;

  constructor({ log }: ProcessorContext) {
    this.log = log;
  }

  process(frame: Frame, link: Link): void {
    // First the frame, then the work, so that the model hears the caller without delay.
    link.push(frame);
    if (frame.type === 'input-audio' && levelOf(frame.chunk) >= SPEECH_LEVEL) this.speechMs += frame.chunk.durationMs;
  }

  close(): void {
    this.log.info({ caller_speech_seconds: Math.round(this.speechMs / 1000) }, 'the caller spoke');
  }
}

function levelOf(chunk: AudioChunk): number {
  const samples = mulawToPcm(chunk.bytes);
  return samples.reduce((sum, sample) => sum + Math.abs(sample), 0) / Math.max(1, samples.length);
}

/** Keeps the single words of MASK_WORDS out of the transcript, and so out of the agent's panel and the CRM. */
class MaskWords implements Processor {
  readonly name = 'mask-words';
  private readonly words: RegExp;
  /** The last piece of the assistant's text, from where it may be the beginning of a word. */
  private held: Extract<Frame, { type: 'assistant-text' }> | undefined;

  constructor({ env }: ProcessorContext) {
    const words = (env['MASK_WORDS'] ?? '').split(',').filter((word) => word !== '');
    const escaped = words.map((word) => word.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.words = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|') || '(?!)'})(?![\\p{L}\\p{N}])`, 'giu');
  }

  process(frame: Frame, link: Link): void {
    switch (frame.type) {
      case 'assistant-text': {
        // A piece may end in the middle of a word, so its last word waits for the next piece.
        const text = (this.held?.itemId === frame.itemId ? this.held.text : '') + frame.text;
        const end = text.search(/\S*$/);
        this.held = { ...frame, text: text.slice(end) };
        if (end > 0) link.push({ ...frame, text: this.masked(text.slice(0, end)) });
        return;
      }
      case 'assistant-text-final':
      case 'caller-text':
        link.push({ ...frame, text: this.masked(frame.text) });
        return;
      case 'item-done':
        if (this.held?.itemId === frame.itemId) link.push({ ...this.held, text: this.masked(this.held.text) });
        this.held = undefined;
        link.push(frame);
        return;
      default:
        // All other frames, and those of types that you do not know, must go on.
        link.push(frame);
    }
  }

  private masked(text: string): string {
    return text.replace(this.words, (word) => '*'.repeat(word.length));
  }
}
