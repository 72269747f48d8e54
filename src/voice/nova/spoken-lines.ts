import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import { type SpeakLine, spokenLine, unspokenLine } from '../spoken-line.js';

interface Line {
  responseId: string;
  sayId: string;
  text: string;
  speech: { name: 'pending'; deadline: Timer } | { name: 'ready'; mulaw: Uint8Array } | { name: 'failed' };
}

export interface SpokenLinesOptions {
  clock: Clock;
  speakLine: SpeakLine | undefined;
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'response' | 'item') => string;
  /** Whether anything may be told yet. */
  isReady: () => boolean;
  /** Whether a line may be spoken now. */
  isFree: () => boolean;
}

/** Lines the owner wants spoken word for word. Nova cannot, so a synthesiser beside it does; each is given whole. */
export class SpokenLines {
  private readonly options: SpokenLinesOptions;
  private lines: Line[] = [];
  private isGiving = false;

  constructor(options: SpokenLinesOptions) {
    this.options = options;
  }

  say(text: string, sayId: string): void {
    const { clock, newId, speakLine } = this.options;
    const line: Line = { responseId: newId('response'), sayId, text, speech: { name: 'failed' } };
    this.lines.push(line);
    if (speakLine !== undefined) {
      const settle = (mulaw: Uint8Array | undefined): void => {
        if (line.speech.name !== 'pending') return;
        line.speech.deadline.cancel();
        line.speech = mulaw === undefined || mulaw.length === 0 ? { name: 'failed' } : { name: 'ready', mulaw };
        this.next();
      };
      line.speech = { name: 'pending', deadline: clock.setTimer(SILENCE_BUDGET.synthesisMs, () => settle(undefined)) };
      spoken(speakLine, text).then(settle, () => settle(undefined));
    }
    this.next();
  }

  /** Gives what is ready, in order; to be called whenever the line may have become free. */
  next(): void {
    if (this.isGiving || !this.options.isReady()) return;
    this.isGiving = true;
    for (;;) {
      const line = this.lines[0];
      if (line === undefined || line.speech.name === 'pending') break;
      // A line that cannot be spoken is told at once; a spoken one waits for the model to end its turn.
      if (line.speech.name === 'ready' && !this.options.isFree()) break;
      this.lines.shift();
      if (line.speech.name === 'ready') this.give(line, line.speech.mulaw);
      else this.drop(line, 'failed');
    }
    this.isGiving = false;
  }

  cancel(): void {
    for (const line of this.takeAll()) this.drop(line, 'cancelled');
  }

  close(): void {
    this.takeAll();
  }

  private takeAll(): Line[] {
    const { lines } = this;
    this.lines = [];
    for (const { speech } of lines) if (speech.name === 'pending') speech.deadline.cancel();
    return lines;
  }

  private give(line: Line, mulaw: Uint8Array): void {
    const { emit, newId } = this.options;
    const { responseId, sayId, text } = line;
    for (const event of spokenLine({ responseId, itemId: newId('item'), sayId, text, mulaw })) emit(event);
  }

  private drop(line: Line, status: ResponseStatus): void {
    for (const event of unspokenLine(line.responseId, line.sayId, status)) this.options.emit(event);
  }
}

/** A synthesiser that throws at once is one that rejects. */
async function spoken(speakLine: SpeakLine, text: string): Promise<Uint8Array | undefined> {
  return speakLine(text);
}
