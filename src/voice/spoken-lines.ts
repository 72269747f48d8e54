import { SILENCE_BUDGET } from '../base/silence-budget.js';
import type { Clock, Timer } from '../base/clock.js';
import type { ResponseStatus, VoiceEvent } from './session.js';
import { type SpeakLine, spokenLine, unspokenLine } from './spoken-line.js';

interface QueuedLine {
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
  /** Returns whether the session is ready, so that events may be emitted. */
  isReady: () => boolean;
  /** Returns whether the model is not speaking, so that a line may be. */
  isFree: () => boolean;
}

/** Speaks the owner's lines word for word, for a model that cannot: a synthesiser speaks each line as a whole. */
export class SpokenLines {
  private readonly options: SpokenLinesOptions;
  private lines: QueuedLine[] = [];
  private isSending = false;

  constructor(options: SpokenLinesOptions) {
    this.options = options;
  }

  say(text: string, sayId: string): void {
    const { clock, newId, speakLine } = this.options;
    const line: QueuedLine = { responseId: newId('response'), sayId, text, speech: { name: 'failed' } };
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

  /** Sends the lines that are ready, in order. Called whenever the model may have stopped speaking. */
  next(): void {
    if (this.isSending || !this.options.isReady()) return;
    this.isSending = true;
    for (;;) {
      const line = this.lines[0];
      if (line === undefined || line.speech.name === 'pending') break;
      // A line that cannot be spoken fails at once. A spoken one waits for the end of the model's turn.
      if (line.speech.name === 'ready' && !this.options.isFree()) break;
      this.lines.shift();
      if (line.speech.name === 'ready') this.send(line, line.speech.mulaw);
      else this.drop(line, 'failed');
    }
    this.isSending = false;
  }

  cancel(): void {
    for (const line of this.takeAll()) this.drop(line, 'cancelled');
  }

  close(): void {
    this.takeAll();
  }

  private takeAll(): QueuedLine[] {
    const { lines } = this;
    this.lines = [];
    for (const { speech } of lines) if (speech.name === 'pending') speech.deadline.cancel();
    return lines;
  }

  private send(line: QueuedLine, mulaw: Uint8Array): void {
    const { emit, newId } = this.options;
    const { responseId, sayId, text } = line;
    for (const event of spokenLine({ responseId, itemId: newId('item'), sayId, text, mulaw })) emit(event);
  }

  private drop(line: QueuedLine, status: ResponseStatus): void {
    for (const event of unspokenLine(line.responseId, line.sayId, status)) this.options.emit(event);
  }
}

/** Turns a synthesiser that throws into one that rejects. */
async function spoken(speakLine: SpeakLine, text: string): Promise<Uint8Array | undefined> {
  return speakLine(text);
}
