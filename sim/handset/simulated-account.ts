import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/base/clock.js';
import type { CarrierCall } from '../twilio/carrier-call.js';
import { Carrier } from '../twilio/carrier.js';
import type { IncomingLeg, PhoneEndpoint } from '../twilio/phone.js';
import { RestApi } from '../twilio/rest.js';

/** The number of the gateway, which the softphone calls and which calls the softphone. */
export const GATEWAY_NUMBER = '+12065550199';

/** A telephone that waits for a call. */
export interface WaitingPhone {
  ring(call: CarrierCall, carrier: Carrier, leg: IncomingLeg): void;
}

export interface SimulatedAccountOptions {
  accountSid: string;
  clock: Clock;
  /** Returns where the gateway listens. */
  resolve: () => string;
  synthesize: (text: string) => Promise<Uint8Array>;
  /** Returns the telephone that the gateway dials with this number in the call of this CallSid. */
  phoneOf: (number: string, callSid: string) => PhoneEndpoint | undefined;
  /** Returns a telephone that waits. It is called whatever number the gateway calls. */
  waiting: () => WaitingPhone | undefined;
}

/** An account of the simulated carrier through which the gateway makes calls. Nothing is opened before it is used. */
export class SimulatedAccount {
  private readonly options: SimulatedAccountOptions;
  private readonly authToken = randomBytes(16).toString('hex');
  private opened: Promise<{ carrier: Carrier; api: RestApi; baseUrl: string }> | undefined;

  constructor(options: SimulatedAccountOptions) {
    this.options = options;
  }

  async open(): Promise<{ baseUrl: string; accountSid: string; authToken: string }> {
    this.opened ??= this.start();
    const { baseUrl } = await this.opened;
    return { baseUrl, accountSid: this.options.accountSid, authToken: this.authToken };
  }

  async close(): Promise<void> {
    const opened = await this.opened;
    opened?.carrier.close();
    await opened?.api.close();
  }

  private async start(): Promise<{ carrier: Carrier; api: RestApi; baseUrl: string }> {
    const { accountSid, clock, phoneOf, resolve, synthesize, waiting } = this.options;
    // Without an auth token of its own it signs nothing, as the gateway expects of it.
    const carrier: Carrier = new Carrier({
      accountSid,
      clock,
      resolve,
      synthesize,
      ownNumbers: [GATEWAY_NUMBER],
      phoneBook: (number, callSid) => {
        const call = carrier.find(callSid);
        if (call?.isUnanswered !== true) return phoneOf(number, callSid);
        const phone = waiting();
        return phone && { ring: (leg) => phone.ring(call, carrier, leg) };
      },
    });
    const api = new RestApi(carrier, {
      apiKeys: { [accountSid]: this.authToken },
      numbers: [{ phoneNumber: GATEWAY_NUMBER }],
    });
    return { carrier, api, baseUrl: await api.start() };
  }
}
