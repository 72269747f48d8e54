import { mulawRms } from '../../src/audio/level.js';
import type { CarrierCall } from '../twilio/carrier-call.js';
import { FRAME_MS } from '../twilio/ticker.js';

/**
 * One act of the caller. `interrupt` interrupts the assistant's next answer; `after-reply` waits until it has finished.
 */
export interface CallerAct {
  what: { audio: Uint8Array; label: string } | { digits: string };
  when: 'after-reply' | 'interrupt';
}

/** Minimum loudness (RMS of 16-bit samples) of a frame that counts as speech. */
const SPEECH_LEVEL = 250;
/** Silence after which the caller considers the other side finished. */
const QUIET_MS = 1000;
/** Speech of the answer before an interruption. */
const INTERRUPT_AFTER_MS = 1400;
/** Delay before the caller speaks again without an answer. */
const NO_REPLY_MS = 12_000;
/** Silence after the last act that ends the call. */
const GIVE_UP_MS = 20_000;
/** Minimum length of a sound that counts as an answer. */
const REPLY_MS = 300;

export type CallerListener = (event: { type: 'speaks'; label: string } | { type: 'presses'; digits: string }) => void;

/**
 * A caller that behaves like a person. It listens to what is really heard, answers when it is quiet, interrupts the
 * assistant when told to, and hangs up after a long silence. All times are call time.
 */
export class Caller {
  private readonly call: CarrierCall;
  private readonly acts: CallerAct[];
  private readonly onAct: CallerListener;
  /** Speech heard since the last act, and the silence after it. */
  private heardMs = 0;
  private quietMs = 0;
  private sinceActMs = 0;
  private speaking = false;

  constructor(call: CarrierCall, acts: readonly CallerAct[], onAct: CallerListener = () => undefined) {
    this.call = call;
    this.acts = [...acts];
    this.onAct = onAct;
    call.on('heard', (frame) => this.listen(frame));
    call.on('stream-started', () => this.listenAfresh());
  }

  private listen(frame: Uint8Array): void {
    const unspoken = this.call.mediaStream?.unspokenBytes ?? 0;
    if (this.speaking && unspoken > 0) return;
    if (this.speaking) {
      this.speaking = false;
      this.listenAfresh();
    }
    this.sinceActMs += FRAME_MS;
    if (mulawRms(frame) >= SPEECH_LEVEL) {
      this.heardMs += FRAME_MS;
      this.quietMs = 0;
    } else this.quietMs += FRAME_MS;

    const next = this.acts[0];
    if (next === undefined) {
      if (this.quietMs >= GIVE_UP_MS) this.call.hangup();
    } else if (this.isTimeFor(next)) {
      this.acts.shift();
      this.act(next);
    }
  }

  private isTimeFor(act: CallerAct): boolean {
    if (this.sinceActMs >= NO_REPLY_MS && this.quietMs >= QUIET_MS) return true;
    if (act.when === 'interrupt') return this.heardMs >= INTERRUPT_AFTER_MS;
    return this.heardMs >= REPLY_MS && this.quietMs >= QUIET_MS;
  }

  private act({ what }: CallerAct): void {
    if ('digits' in what) {
      this.onAct({ type: 'presses', digits: what.digits });
      for (const digit of what.digits) this.call.pressDigit(digit);
      this.listenAfresh();
      return;
    }
    this.onAct({ type: 'speaks', label: what.label });
    this.speaking = true;
    this.call.speak(what.audio);
  }

  private listenAfresh(): void {
    this.heardMs = 0;
    this.quietMs = 0;
    this.sinceActMs = 0;
  }
}
