import type { Leg } from './leg.js';
import { legFields } from './leg-reports.js';
import { Lifetime } from './lifetime.js';
import { areDigits, playTones } from './tones.js';
import type { Element } from './twiml.js';
import type { VerbContext } from './verb-context.js';

/** Twilio: Gather – defaults. */
const TIMEOUT_SECONDS = '5';
const FINISH_KEY = '#';

/**
 * Plays `sendDigits` and the TwiML of `url` to the called leg, before the legs are bridged (Twilio: Number – url). Resolves when
 * that is over, or the leg is.
 */
export async function playToLeg(script: VerbContext, leg: Leg, number: Element, legLife: Lifetime): Promise<void> {
  const { method, sendDigits, url } = number.attributes;
  const document = new LegDocument(script, leg, legLife);
  if (sendDigits !== undefined) await document.play(sendDigits);
  if (url !== undefined) await document.run(url, method, {});
}

/** The TwiML that runs on a called leg alone. */
class LegDocument {
  private readonly script: VerbContext;
  private readonly leg: Leg;
  private readonly life: Lifetime;

  constructor(script: VerbContext, leg: Leg, life: Lifetime) {
    this.script = script;
    this.leg = leg;
    this.life = life;
  }

  async run(url: string, method: string | undefined, more: Record<string, string>): Promise<void> {
    const { call } = this.script;
    const fields = { ...legFields(call, this.leg, 'in-progress'), ...more };
    const answer = await this.script.document({ url, method, fields });
    if ('code' in answer) {
      call.emit('problem', answer.code, answer.what);
      if (call.carrier.options.failedLegDocument === 'hangs-up') this.leg.release();
      return;
    }
    for (const verb of answer.verbs) {
      if (this.life.isOver) return;
      if (verb.name === 'Gather') {
        const digits = await this.gather(verb);
        if (this.life.isOver) return;
        if (digits === undefined) continue;
        // Twilio: Gather – without an action the current document is requested again.
        const { action = url, method: how } = verb.attributes;
        return this.run(action, how, { Digits: digits });
      }
      await this.perform(verb, this.life);
    }
  }

  async play(digits: string, life = this.life): Promise<void> {
    if (!areDigits(digits)) this.script.call.emit('problem', 12200, 'digits are not valid');
    else await playTones(life, digits, (digit, durationMs) => this.leg.playDigit(digit, durationMs));
  }

  private async perform(verb: Element, life: Lifetime): Promise<void> {
    switch (verb.name) {
      case 'Play':
        return this.play(verb.attributes['digits'] ?? '', life);
      case 'Pause':
        await life.pass(Number(verb.attributes['length'] ?? '1') * 1000);
        return;
      case 'Say':
        this.leg.say(verb.text, verb.attributes['language'] ?? 'en-US');
        await life.pass(this.script.sayingMs(verb.text));
        return;
      case 'Hangup':
        this.leg.release();
        return;
      default:
        this.script.call.emit('problem', 12200, `<${verb.name}> is not allowed on a called leg`);
    }
  }

  /**
   * Runs `<Gather>`: a key ends the prompt, and each key begins the waiting anew (Twilio: Gather). Resolves with the keys. Resolves
   * with `undefined` if there were none and the next verb runs.
   */
  private async gather({ attributes, children }: Element): Promise<string | undefined> {
    const { actionOnEmptyResult, finishOnKey = FINISH_KEY, numDigits, timeout = TIMEOUT_SECONDS } = attributes;
    const maxDigits = numDigits === undefined ? Infinity : Number(numDigits);
    let digits = '';
    let wait = this.newWait();
    let isFinished = false;
    const forget = this.leg.onKey((key) => {
      if (isFinished) return;
      if (key !== '' && finishOnKey.includes(key)) isFinished = true;
      else digits += key;
      isFinished ||= digits.length >= maxDigits;
      wait.end();
    });
    for (const verb of children) if (!wait.isOver) await this.perform(verb, wait);
    const isDone = (): boolean => isFinished || this.life.isOver;
    while (!isDone()) {
      wait = this.newWait();
      if (await wait.pass(Number(timeout) * 1000)) break;
    }
    forget();
    wait.end();
    return digits === '' && actionOnEmptyResult !== 'true' ? undefined : digits;
  }

  /** A wait that ends with the leg. */
  private newWait(): Lifetime {
    const { clock, speed } = this.script.call.carrier;
    const wait = new Lifetime(clock, speed);
    const forget = this.life.onEnd(() => wait.end());
    wait.onEnd(forget);
    return wait;
  }
}
