import { type Clock, systemClock } from '../../src/clock.js';
import { CarrierCall, type PlaceCallOptions } from './carrier-call.js';
import type { Resolve } from './http.js';
import type { PhoneEndpoint } from './phone.js';
import type { StreamSignature } from './signing.js';
import { Ticker } from './ticker.js';

export interface CarrierOptions {
  accountSid: string;
  /** Signs webhooks and upgrades; absent: nothing is signed. */
  authToken?: string;
  /** Where a public host really listens, for instance `http://127.0.0.1:8000`. */
  resolve: Resolve;
  /** Who answers a number that TwiML dials; nobody there: the dial fails. */
  phoneBook?: (number: string) => PhoneEndpoint | undefined;
  /** Speaks what `<Say>` says; without it `<Say>` only takes its time. Mu-law at 8 kHz. */
  synthesize?: (text: string) => Promise<Uint8Array>;
  streamSignature?: StreamSignature;
  clock?: Clock;
  /** Call time runs this much faster than the clock. */
  speed?: number;
}

/**
 * A simulated Twilio: places calls to a gateway through the webhook, TwiML and media stream that the real one uses, and
 * refuses or warns about what the real one would.
 */
export class Carrier {
  readonly options: CarrierOptions;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly speed: number;
  private readonly calls = new Set<CarrierCall>();

  constructor(options: CarrierOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.speed = options.speed ?? 1;
    this.ticker = new Ticker(this.clock, this.speed);
  }

  /** Rings the gateway; the call goes on by itself until somebody hangs up. */
  placeCall(options: PlaceCallOptions): CarrierCall {
    const call = new CarrierCall(this, options);
    this.calls.add(call);
    call.on('ended', () => this.calls.delete(call));
    call.start();
    return call;
  }

  /** Hangs up every call. */
  close(): void {
    for (const call of this.calls) call.hangup();
    this.ticker.stop();
  }
}
