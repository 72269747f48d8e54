import { type Clock, systemClock } from '../../src/base/clock.js';
import { Callbacks, type Disorder } from './callbacks.js';
import { CarrierCall, type PlaceCallOptions } from './carrier-call.js';
import type { Fields } from './fields.js';
import type { StreamBehaviour } from './media-stream.js';
import type { PhoneEndpoint } from './phone.js';
import type { StreamSignature } from './signing.js';
import { Ticker } from './ticker.js';
import { type Resolve, WebhookClient } from './webhook-client.js';

export interface CarrierOptions {
  accountSid: string;
  /** Signs webhooks and upgrades; absent: nothing is signed. */
  authToken?: string;
  resolve: Resolve;
  /** PEM of an authority to trust beside the known ones, for a gateway with a certificate of its own. */
  ca?: string;
  /** Who answers a number that TwiML dials; nobody there: the dial fails. */
  phoneBook?: (number: string) => PhoneEndpoint | undefined;
  /** Speaks what `<Say>` says; without it `<Say>` only takes its time. Mu-law at 8 kHz. */
  synthesize?: (text: string) => Promise<Uint8Array>;
  streamSignature?: StreamSignature;
  /** How every stream behaves. */
  stream?: StreamBehaviour;
  /** In every webhook beside the known fields: Twilio adds some unannounced. */
  extraFields?: Fields;
  /** Status callbacks come late, in another order, twice; otherwise as they happen. */
  disorder?: Disorder;
  clock?: Clock;
  /** The clock of limits on the network (15 s for a webhook), where it is not that of the call. */
  networkClock?: Clock;
  /** Call time runs this much faster than the clock. */
  speed?: number;
  /** Sees every call before it rings. */
  onCall?: (call: CarrierCall) => void;
}

/** So many calls are known to REST after their end. */
const REMEMBERED_CALLS = 1000;

/**
 * A simulated Twilio: places calls to a gateway through the webhook, TwiML and media stream that the real one uses, and
 * refuses or warns about what the real one would.
 */
export class Carrier {
  readonly options: CarrierOptions;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly networkClock: Clock;
  readonly speed: number;
  readonly webhooks: WebhookClient;
  readonly callbacks: Callbacks;
  private readonly calls = new Set<CarrierCall>();
  private readonly known = new Map<string, CarrierCall>();

  constructor(options: CarrierOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.networkClock = options.networkClock ?? this.clock;
    this.speed = options.speed ?? 1;
    this.ticker = new Ticker(this.clock, this.speed);
    this.webhooks = new WebhookClient({
      authToken: options.authToken,
      resolve: options.resolve,
      clock: this.networkClock,
      ca: options.ca,
    });
    this.callbacks = new Callbacks(this.webhooks, this.clock, options.disorder);
  }

  /** Rings the gateway; the call goes on by itself until somebody hangs up. */
  placeCall(options: PlaceCallOptions): CarrierCall {
    const call = new CarrierCall(this, options);
    this.calls.add(call);
    this.known.set(call.callSid, call);
    call.on('ended', () => {
      this.calls.delete(call);
      this.forgetOldest();
    });
    this.options.onCall?.(call);
    call.start();
    return call;
  }

  /** A call that is live or was not long ago. */
  find(callSid: string): CarrierCall | undefined {
    return this.known.get(callSid);
  }

  /** Resolves once every webhook sent so far is answered: what a gateway is told after the end of a call, too. */
  async whenIdle(): Promise<void> {
    await this.callbacks.whenIdle();
    await this.webhooks.whenIdle();
  }

  /** Hangs up every call and breaks off what is under way. */
  close(): void {
    for (const call of this.calls) call.hangup();
    this.ticker.stop();
    this.callbacks.close();
    this.webhooks.close();
  }

  private forgetOldest(): void {
    for (const [callSid, call] of this.known) {
      if (this.known.size <= REMEMBERED_CALLS) return;
      if (call.isOver) this.known.delete(callSid);
    }
  }
}
