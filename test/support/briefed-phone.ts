import type { IncomingLeg, PhoneEndpoint } from '../../sim/twilio/phone.js';

/** What the person at the telephone does each time something is said. `count`: how many texts were said on this leg. */
export type Reaction = (leg: IncomingLeg, count: number) => void;

/** Presses `key` as soon as the question for a key begins, which is the second text. */
export const presses =
  (key: string): Reaction =>
  (leg, count) => {
    if (count === 2) leg.press(key);
  };

/** For tests of briefings: a telephone at which somebody, or a machine, answers at once and listens. */
export class BriefedPhone implements PhoneEndpoint {
  /** Everything that was said to the called legs, as `language: text`. */
  readonly said: string[] = [];
  readonly legs: IncomingLeg[] = [];
  /** Tones that the called legs heard. */
  digits = '';
  /** How many legs were joined with the caller. */
  joined = 0;
  /** How many legs the carrier has ended. */
  ended = 0;
  private readonly react: Reaction;

  constructor(react: Reaction = () => undefined) {
    this.react = react;
  }

  ring(leg: IncomingLeg): void {
    let count = 0;
    this.legs.push(leg);
    leg.onDigit((digit) => (this.digits += digit));
    leg.onBridged(() => this.joined++);
    leg.onHangup(() => this.ended++);
    leg.onSaid((text, language) => {
      this.said.push(`${language}: ${text}`);
      this.react(leg, ++count);
    });
    leg.answer();
  }
}
