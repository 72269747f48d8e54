import { mulawRms } from '../../src/audio/level.js';
import type { CarrierCall } from '../twilio/carrier-call.js';
import { FRAME_MS } from '../twilio/ticker.js';

/** One thing the caller does. `interrupt`: talks over the assistant's next answer; else waits until it is quiet. */
export interface CallerAct {
  what: { audio: Uint8Array; label: string } | { digits: string };
  when: 'after-reply' | 'interrupt';
}

/** Loudness (RMS of 16-bit samples) from which a frame counts as somebody speaking. */
const SPEECH_LEVEL = 250;
/** A person waits this long to be sure that the other side has finished. */
const QUIET_MS = 1000;
/** An interrupter lets the answer run this long first. */
const INTERRUPT_AFTER_MS = 1400;
/** Without any answer a person speaks again after this. */
const NO_REPLY_MS = 12_000;
/** After the last act, this much silence ends the call. */
const GIVE_UP_MS = 20_000;
/** Shorter sounds are not an answer. */
const REPLY_MS = 300;

export type CallerListener = (event: { type: 'speaks'; label: string } | { type: 'presses'; digits: string }) => void;

/**
 * A caller who behaves like a person: listens to what is really heard, answers when it is quiet, talks over the
 * assistant when told to, and hangs up after long silence. Everything is timed in call time.
 */
export class Caller {
  private readonly call: CarrierCall;
  private readonly acts: CallerAct[];
  private readonly onAct: CallerListener;
  /** Speech heard since the last act, and how long it has been quiet. */
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
