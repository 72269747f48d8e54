import { mulawRms } from '../../src/audio/level.js';
import type { CarrierCall } from '../twilio/carrier-call.js';
import { FRAME_BYTES, FRAME_MS } from '../twilio/ticker.js';

/**
 * One act of the caller. `interrupt` interrupts the assistant's next answer; `after-reply` waits until it has finished.
 */
export interface CallerAct {
  what: { audio: Uint8Array; label: string } | { digits: string };
  when: 'after-reply' | 'interrupt';
}

export type CallerEvent =
  | { type: 'speaks'; label: string; audio: Uint8Array }
  | { type: 'presses'; digits: string }
  /** The other side began to answer the last act, so long after the caller's last sound. */
  | { type: 'answered'; afterMs: number }
  /** Nothing was heard after the last act before the next one or before the caller gives up. */
  | { type: 'unanswered' };

export interface CallerOptions {
  onEvent?: (event: CallerEvent) => void;
  /** Whether the caller stays on the line when there is nothing left to do. */
  stays?: boolean;
}

/** Minimum loudness (RMS of 16-bit samples) of a frame that counts as speech. */
const SPEECH_LEVEL = 250;
/** Silence after which the caller considers the other side finished. */
const QUIET_MS = 1000;
/** Silence after which the caller hangs up when the last act is answered. The gateway asks a silent caller after ten seconds. */
const DONE_MS = 6000;
/** Speech of the answer before an interruption. */
const INTERRUPT_AFTER_MS = 1400;
/** Delay before the caller speaks again without an answer. */
const NO_REPLY_MS = 12_000;
/** Silence after the last act that ends the call. */
const GIVE_UP_MS = 20_000;
/** Minimum length of a sound that counts as an answer. */
const REPLY_MS = 300;
/** Silence after which a sound is not the end of the answer that the caller interrupted. */
const STOPPED_MS = 200;

/** How far the other side is with its answer to the last act. */
type Answer = 'none-due' | 'after-a-pause' | 'due';

/**
 * A caller that behaves like a person. It listens to what is really heard, answers when it is quiet, interrupts the
 * assistant when told to, and hangs up when everything is done or after a long silence. All times are call time.
 */
export class Caller {
  private readonly call: CarrierCall;
  private readonly acts: CallerAct[];
  private readonly onEvent: (event: CallerEvent) => void;
  private readonly stays: boolean;
  /** Speech heard since the last act, and the silence after it. */
  private heardMs = 0;
  private quietMs = 0;
  private sinceActMs = 0;
  private answer: Answer = 'none-due';
  /** The silence at the end of what the caller is saying. `undefined` while the caller says nothing. */
  private speaking: { tailBytes: number } | undefined;
  private wasLoud = false;

  constructor(call: CarrierCall, acts: readonly CallerAct[], { onEvent, stays = false }: CallerOptions = {}) {
    this.call = call;
    this.acts = [...acts];
    this.onEvent = onEvent ?? (() => undefined);
    this.stays = stays;
    call.on('heard', (frame) => this.listen(frame));
    call.on('stream-started', () => this.listenAfresh());
    call.on('ended', () => this.giveUpAnswer());
  }

  /** Number of acts that are still to be done. */
  get actsLeft(): number {
    return this.acts.length;
  }

  private listen(frame: Uint8Array): void {
    const isLoud = mulawRms(frame) >= SPEECH_LEVEL;
    const unspoken = this.call.mediaStream?.unspokenBytes ?? 0;
    if (this.speaking !== undefined && unspoken > this.speaking.tailBytes) {
      this.wasLoud = isLoud;
      return;
    }
    if (this.speaking !== undefined) {
      this.speaking = undefined;
      this.listenAfresh();
      this.answer = this.wasLoud ? 'after-a-pause' : 'due';
    }
    this.sinceActMs += FRAME_MS;
    if (isLoud) {
      if (this.answer === 'due') this.onAnswered();
      this.heardMs += FRAME_MS;
      this.quietMs = 0;
    } else this.quietMs += FRAME_MS;
    if (this.answer === 'after-a-pause' && this.quietMs >= STOPPED_MS) this.answer = 'due';

    const next = this.acts[0];
    if (next === undefined) {
      if (!this.stays && this.isTimeToLeave()) this.call.hangup();
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

  private isTimeToLeave(): boolean {
    return this.quietMs >= (this.heardMs >= REPLY_MS ? DONE_MS : GIVE_UP_MS);
  }

  private act({ what }: CallerAct): void {
    this.giveUpAnswer();
    if ('digits' in what) {
      this.onEvent({ type: 'presses', digits: what.digits });
      for (const digit of what.digits) this.call.pressDigit(digit);
      this.listenAfresh();
      this.answer = 'due';
      return;
    }
    this.onEvent({ type: 'speaks', label: what.label, audio: what.audio });
    this.speaking = { tailBytes: silentTail(what.audio) };
    this.call.speak(what.audio);
  }

  private onAnswered(): void {
    this.answer = 'none-due';
    this.onEvent({ type: 'answered', afterMs: this.sinceActMs });
  }

  private giveUpAnswer(): void {
    if (this.answer === 'none-due' && this.speaking === undefined) return;
    this.answer = 'none-due';
    this.speaking = undefined;
    this.onEvent({ type: 'unanswered' });
  }

  private listenAfresh(): void {
    this.heardMs = 0;
    this.quietMs = 0;
    this.sinceActMs = 0;
  }
}

/** Returns the length of the silence at the end, in bytes. A recording often has some. */
function silentTail(mulaw: Uint8Array): number {
  let end = mulaw.length;
  while (end > 0 && mulawRms(mulaw.subarray(Math.max(0, end - FRAME_BYTES), end)) < SPEECH_LEVEL) end -= FRAME_BYTES;
  return mulaw.length - Math.max(0, end);
}
