import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import type { PassOn, PassRefusal, VoiceProvider } from '../session.js';
import type { Speaking } from './continuous-options.js';
import type { ProviderBreaker } from './provider-breaker.js';

/** How often is looked whether the caller has heard what is being said, because playout has no event for it. */
const LOOK_EVERY_MS = 100;

/** What the caller hears, and what they have said, while the assistant that passes them on still talks. */
export interface Hearing {
  /** Something is playing to the caller. */
  isPlaying: boolean;
  /** The model may say more. */
  isAnswering: boolean;
  isCallerSpeaking: boolean;
  /** The caller has said something whose text is not known. */
  isTextDue: boolean;
}

/**
 * One assistant passes the caller on to another: first the caller hears what is being said, then the other one is opened. Each part
 * has a limit.
 */
export class Passing {
  readonly speaking: Speaking;
  private readonly passOn: PassOn;
  private readonly clock: Clock;
  private readonly startedMs: number;
  /** The providers of the other assistant that were not tried. */
  private readonly untried: VoiceProvider[];
  private quietSinceMs: number;
  private timer: Timer;
  private openBeforeMs = Number.POSITIVE_INFINITY;
  private isOver = false;

  /** `onDue`: called once, when the caller has heard what is being said, or begins to speak. */
  constructor(options: {
    passOn: PassOn;
    speaking: Speaking;
    clock: Clock;
    breaker: ProviderBreaker;
    hearing: () => Hearing;
    onDue: () => void;
  }) {
    const { breaker, clock, hearing, onDue, passOn, speaking } = options;
    this.passOn = passOn;
    this.speaking = speaking;
    this.clock = clock;
    this.startedMs = clock.now();
    this.quietSinceMs = this.startedMs;
    const isLate = ({ isFull, name }: VoiceProvider): number => Number(breaker.isCooling(name) || isFull === true);
    this.untried = speaking.providers.toSorted((a, b) => isLate(a) - isLate(b));
    const look = (): void => {
      if (this.isDue(hearing())) onDue();
      else this.timer = clock.setTimer(LOOK_EVERY_MS, look);
    };
    this.timer = clock.setTimer(LOOK_EVERY_MS, look);
  }

  /** Whether the call is still where it was when the other assistant was asked for. */
  get mayBegin(): boolean {
    return this.passOn.mayBegin();
  }

  /** Returns the next provider of the other assistant. `undefined` if there is none left, or no time. */
  nextProvider(): VoiceProvider | undefined {
    const nowMs = this.clock.now();
    if (this.openBeforeMs === Number.POSITIVE_INFINITY) this.openBeforeMs = nowMs + SILENCE_BUDGET.passOpenMs;
    return nowMs < this.openBeforeMs ? this.untried.shift() : undefined;
  }

  /** Calls `onLate` when the time for reaching the other assistant is over. */
  limit(onLate: () => void): void {
    this.timer.cancel();
    this.timer = this.clock.setTimer(SILENCE_BUDGET.passOpenMs, onLate);
  }

  /** The other assistant talks to the caller. */
  passed(): void {
    if (this.end()) this.passOn.onPassed();
  }

  refused(why: PassRefusal): void {
    if (this.end()) this.passOn.onRefused(why);
  }

  /** Ends it without a word to anybody, because the session is closed. Returns false if it was over before. */
  end(): boolean {
    this.timer.cancel();
    const wasOver = this.isOver;
    this.isOver = true;
    return !wasOver;
  }

  private isDue({ isAnswering, isCallerSpeaking, isPlaying, isTextDue }: Hearing): boolean {
    const nowMs = this.clock.now();
    // What they say from here on is for the other assistant.
    if (isCallerSpeaking || nowMs - this.startedMs >= SILENCE_BUDGET.passHeardMs) return true;
    if (isPlaying) this.quietSinceMs = nowMs;
    const quietMs = nowMs - this.quietSinceMs;
    const neededMs = isAnswering ? SILENCE_BUDGET.passQuietIfBusyMs : SILENCE_BUDGET.passQuietMs;
    return quietMs >= (isTextDue ? Math.max(neededMs, SILENCE_BUDGET.passTextMs) : neededMs);
  }
}
