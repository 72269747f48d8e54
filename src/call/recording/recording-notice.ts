import type { Playback } from '../../twilio/playback.js';
import type { Turn } from '../../voice/history.js';
import type { ResponseStatus } from '../../voice/session.js';

/** Maximum number of times the line is said on its own. */
const MAX_TRIES = 3;
/** Maximum time until the caller has heard what was sent. It is longer than any opening. */
const HEARD_WITHIN_MS = 60_000;
/** How many letters of what follows the line must have been heard if the rest was cut, because the cut is an estimate. */
const MARGIN_LETTERS = 8;
const SAY_PREFIX = 'recording-';

/**
 * Finds out whether the caller has heard the line that says that the call is recorded. The line stands in the opening. If the model
 * leaves it out, or the caller interrupts it, the gateway says it again.
 */
export class RecordingNotice {
  private readonly options: {
    line: () => string;
    /** Says a line to the caller. Returns `false` if no stream is open. */
    say: (text: string, sayId: string) => boolean;
    onHeard: () => void;
    /** The line was said often enough, and the caller has not heard it to its end. */
    onUnheard: () => void;
  };
  /** What the line is made of that is on its way. */
  private letters = '';
  private state: 'idle' | 'awaited' | 'over' = 'idle';
  private tries = 0;
  /** The line that is on its way. `undefined` if none is. */
  private sayId: string | undefined;
  /** Tells one wait for the end of playout from a later one. */
  private wait = 0;

  constructor(options: RecordingNotice['options']) {
    this.options = options;
  }

  /** Whether the caller still has to hear the line. */
  get isAwaited(): boolean {
    return this.state === 'awaited';
  }

  /** The line is in what the model is about to say. */
  expect(): void {
    if (this.state === 'idle') this.state = 'awaited';
    this.letters = lettersOf(this.options.line());
  }

  /** Says the line now. */
  say(): void {
    this.expect();
    if (this.state !== 'awaited' || this.sayId !== undefined) return;
    if (this.tries >= MAX_TRIES) {
      this.stop();
      this.options.onUnheard();
      return;
    }
    const sayId = `${SAY_PREFIX}${this.tries}`;
    this.sayId = sayId;
    if (this.options.say(this.options.line(), sayId)) this.tries++;
    else this.sayId = undefined;
  }

  /** The line no longer matters. */
  stop(): void {
    this.state = 'over';
    this.sayId = undefined;
  }

  /** The stream is over, and what was on its way with it. */
  streamOver(): void {
    this.sayId = undefined;
    this.wait++;
  }

  /** A turn is sent whole, or was cut at what the caller heard. */
  onTurn({ interrupted, speaker, text }: Readonly<Turn>, playback: Playback): void {
    if (this.state !== 'awaited' || speaker !== 'assistant') return;
    const said = lettersOf(text);
    const at = said.indexOf(this.letters);
    if (at < 0) {
      if (!interrupted) this.say();
      return;
    }
    if (interrupted) {
      if (said.length - at - this.letters.length >= MARGIN_LETTERS) this.heard();
      return;
    }
    const wait = ++this.wait;
    void playback.whenHeard(HEARD_WITHIN_MS).then((end) => {
      // If it was cut, the turn comes again with what was heard, and the next turn is followed by the line.
      if (end === 'heard' && wait === this.wait) this.heard();
    });
  }

  /** A line of the gateway is over. */
  onSaid(sayId: string, status: ResponseStatus): void {
    if (sayId !== this.sayId) return;
    this.sayId = undefined;
    // A session that cannot speak it now may speak it later.
    if (status === 'failed' && this.tries >= MAX_TRIES) this.say();
  }

  private heard(): void {
    if (this.state !== 'awaited') return;
    this.stop();
    this.options.onHeard();
  }
}

/** Returns what two spellings of the same words have in common. */
function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
