import type { CarrierCall, PlaceCallOptions } from '../../sim/twilio/carrier-call.js';
import { Carrier, type CarrierOptions } from '../../sim/twilio/carrier.js';
import { FAKE_HOST, FAKE_TOKEN, FakeGateway } from './fake-gateway.js';
import { FakeClock } from './fake-clock.js';
import { until } from './rig.js';

/** For tests of the simulated carrier: the carrier and a fake gateway on real sockets, with time that is moved by hand. */
export interface CarrierRig {
  clock: FakeClock;
  gateway: FakeGateway;
  carrier: Carrier;
  call: (options?: Partial<PlaceCallOptions>) => CarrierCall;
  /** Twilio error codes of all calls so far. */
  problems: number[];
  /** Moves the call's time in steps of one frame, and delivers everything in flight after each step. */
  advance: (durationMs: number, call: CarrierCall) => Promise<void>;
}

export const ACCOUNT_SID = `AC${'4'.repeat(32)}`;

export type CarrierRigOptions = Partial<CarrierOptions> & {
  tls?: { key: string; cert: string };
  /** Address that every host other than the gateway's resolves to. */
  elsewhere?: string;
};

/** Runs `body`, then closes everything and checks that no timer is left. */
export async function withCarrier(options: CarrierRigOptions, body: (rig: CarrierRig) => Promise<void>): Promise<void> {
  const { elsewhere, tls, ...carrierOptions } = options;
  const clock = new FakeClock();
  const gateway = await new FakeGateway(tls).start();
  const carrier = new Carrier({
    accountSid: ACCOUNT_SID,
    authToken: FAKE_TOKEN,
    resolve: (host) => (host === FAKE_HOST ? gateway.base : elsewhere),
    clock,
    ...carrierOptions,
  });
  const problems: number[] = [];
  try {
    await body({
      clock,
      gateway,
      carrier,
      problems,
      call: (more) => {
        const call = carrier.placeCall({
          from: '+12025550123',
          to: '+12065550199',
          voiceUrl: `https://${FAKE_HOST}/voice`,
          ...more,
        });
        call.on('problem', (code) => problems.push(code));
        return call;
      },
      advance: async (durationMs, call) => {
        await call.mediaStream?.settle();
        for (let passedMs = 0; passedMs < durationMs; passedMs += 20) {
          clock.advance(20);
          await call.mediaStream?.settle();
        }
      },
    });
  } finally {
    carrier.close();
    await gateway.close();
  }
  await until(() => clock.timers === 0, 'every timer to be cancelled');
}

/** Returns TwiML for a stream to the fake gateway. */
export function streamTwiml(attributes = '', inside = '', connect = ''): string {
  return `<Connect ${connect}><Stream url="wss://${FAKE_HOST}/stream" ${attributes}>${inside}</Stream></Connect>`;
}
