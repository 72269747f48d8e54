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
  /** Signs webhooks and upgrades. Without it nothing is signed. */
  authToken?: string;
  resolve: Resolve;
  /** PEM of an authority to trust in addition to the public ones, for a gateway with a certificate of its own. */
  ca?: string;
  /** Returns the telephone behind a number that TwiML dials. The dial fails if there is none. */
  phoneBook?: (number: string) => PhoneEndpoint | undefined;
  /** Synthesizes the text of `<Say>` as mu-law at 8 kHz. Without it `<Say>` only takes its time. */
  synthesize?: (text: string) => Promise<Uint8Array>;
  streamSignature?: StreamSignature;
  /** How every stream behaves. */
  stream?: StreamBehaviour;
  /** Extra fields in every webhook, because Twilio adds some unannounced. */
  extraFields?: Fields;
  /** Delays, reorders and repeats status callbacks. Without it they are sent as they happen. */
  disorder?: Disorder;
  clock?: Clock;
  /** The clock for limits on the network (15 s for a webhook). The call's clock by default. */
  networkClock?: Clock;
  /** How many times faster than the clock call time runs. */
  speed?: number;
  /** Called with every call before it rings. */
  onCall?: (call: CarrierCall) => void;
}

/** Maximum number of ended calls that REST still knows. */
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

  /** Rings the gateway. The call then runs by itself until one side hangs up. */
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

  /** Returns a live call, or one that ended recently. */
  find(callSid: string): CarrierCall | undefined {
    return this.known.get(callSid);
  }

  /** Resolves when every webhook sent so far is answered, including those sent after the end of a call. */
  async whenIdle(): Promise<void> {
    await this.callbacks.whenIdle();
    await this.webhooks.whenIdle();
  }

  /** Hangs up every call and aborts the requests in flight. */
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
