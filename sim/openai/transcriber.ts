import type { Clock, Timer } from '../../src/base/clock.js';
import { type Part, soundMs } from './items.js';
import type { Outbox } from './outbox.js';
import { wordsOf } from './spoken-text.js';

/**
 * How the transcripts of the caller's speech arrive. Another model writes them, and they are not synchronous with the
 * answers.
 */
export interface TranscriptionManner {
  /** Delay after the words are understood. */
  delayMs?: number;
  /** Whether transcripts are held until the response is done. */
  afterResponse?: boolean;
  fails?: boolean;
}

type UserAudio = Extract<Part, { type: 'input_audio' }>;

export class Transcriber {
  private readonly manner: TranscriptionManner;
  private readonly clock: Clock;
  private readonly outbox: Outbox;
  private readonly timers = new Set<Timer>();
  private held: (() => void)[] = [];

  constructor(manner: TranscriptionManner, clock: Clock, outbox: Outbox) {
    this.manner = manner;
    this.clock = clock;
    this.outbox = outbox;
  }

  transcribe(itemId: string, part: UserAudio, model: string, isResponding: boolean): void {
    const tell = (): void => (this.manner.fails === true ? this.fail(itemId) : this.tell(itemId, part, model));
    if (this.manner.afterResponse === true && isResponding) this.held.push(tell);
    else if (this.manner.delayMs === undefined) tell();
    else {
      const timer = this.clock.setTimer(this.manner.delayMs, () => {
        this.timers.delete(timer);
        tell();
      });
      this.timers.add(timer);
    }
  }

  onResponseDone(): void {
    const held = this.held;
    this.held = [];
    for (const tell of held) tell();
  }

  dispose(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.held = [];
  }

  private tell(itemId: string, part: UserAudio, model: string): void {
    const at = { item_id: itemId, content_index: 0 };
    const type = 'conversation.item.input_audio_transcription';
    for (const delta of wordsOf(part.text)) this.outbox.send({ type: `${type}.delta`, ...at, delta });
    part.transcript = part.text;
    this.outbox.send({ type: `${type}.completed`, ...at, transcript: part.text, usage: usageOf(part, model) });
  }

  private fail(itemId: string): void {
    const error = {
      type: 'server_error',
      code: 'audio_unintelligible',
      message: 'The audio could not be transcribed.',
    };
    const type = 'conversation.item.input_audio_transcription.failed';
    this.outbox.send({ type, item_id: itemId, content_index: 0, error });
  }
}

function usageOf(part: UserAudio, model: string): Record<string, unknown> {
  if (/^(whisper-1|gpt-(live-)?transcribe)$/.test(model))
    return { type: 'duration', seconds: soundMs(part.sound) / 1000 };
  const audio = Math.ceil(soundMs(part.sound) / 100);
  const output = Math.ceil(part.text.length / 4);
  return {
    type: 'tokens',
    total_tokens: audio + output,
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: output,
  };
}
