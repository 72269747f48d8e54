import { type CarrierRig, withCarrier } from './carrier-rig.js';
import { until } from './rig.js';
import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import type { IncomingLeg } from '../../sim/twilio/phone.js';

// For tests of `<Dial>` on the simulated carrier: a call that has dialled a telephone, on a clock that the test moves.

/** The number that is dialled. */
export const NUMBER = '+12065550100';
export const ACTION = 'action="/result"';

export interface Dialled extends CarrierRig {
  live: CarrierCall;
  leg: IncomingLeg;
  /** What the called side hears and sees, with the milliseconds since it rang. */
  seen: string[];
  /** Advances the clock in steps of 100 ms and lets each take effect. */
  pass: (durationMs: number) => Promise<void>;
}

/** Runs `body` on a call that has dialled. `onRing` is called when the telephone rings. */
export async function withDial(
  twiml: string,
  body: (rig: Dialled) => Promise<void>,
  onRing: (leg: IncomingLeg) => void = () => undefined,
  options: Parameters<typeof withCarrier>[0] = {},
): Promise<void> {
  let leg: IncomingLeg | undefined;
  const seen: string[] = [];
  let now = (): number => 0;
  const phone = {
    ring: (incoming: IncomingLeg): void => {
      leg = incoming;
      const startedMs = now();
      const note = (what: string): void => void seen.push(`${now() - startedMs} ${what}`);
      incoming.onDigit((digit) => note(digit));
      incoming.onSaid((text, language) => note(`${language}: ${text}`));
      incoming.onBridged(() => note('bridged'));
      incoming.onHangup(() => note('hung up'));
      onRing(incoming);
    },
  };
  await withCarrier({ ...options, phoneBook: (number) => (number === NUMBER ? phone : undefined) }, async (rig) => {
    now = () => rig.clock.now();
    rig.gateway.say('/voice', twiml);
    rig.gateway.say('/result', '<Hangup/>');
    const live = rig.call();
    await until(() => leg !== undefined, 'the ringing');
    await body({
      ...rig,
      live,
      leg: leg as IncomingLeg,
      seen,
      pass: async (durationMs) => {
        const settle = (): Promise<void> =>
          new Promise((resolve) => {
            setImmediate(resolve);
          });
        await settle();
        for (let passedMs = 0; passedMs < durationMs; passedMs += 100) {
          rig.clock.advance(100);
          await settle();
        }
      },
    });
  });
}

/** The fields of the action request. */
export const resultOf = ({ gateway }: CarrierRig): Record<string, string> =>
  Object.fromEntries(gateway.of('/result')[0]?.form ?? []);

/** Resolves with `DialCallStatus` and `DialBridged` when the dial is over. */
export async function result(rig: Dialled): Promise<string[]> {
  await until(() => rig.gateway.of('/result').length === 1, 'the action');
  await rig.live.whenEnded();
  await rig.carrier.whenIdle();
  const { DialBridged = '', DialCallStatus = '' } = resultOf(rig);
  return [DialCallStatus, DialBridged];
}

/** A dial with these attributes of `<Dial>` and `<Number>`. */
export const dialTwiml = (dial = '', number = ''): string =>
  `<Dial ${ACTION} ${dial}><Number ${number}>${NUMBER}</Number></Dial><Say>never</Say>`;
