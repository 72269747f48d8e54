import { type Clock, systemClock } from '../../src/base/clock.js';
import { Callbacks } from './callbacks.js';
import { CarrierCall, type OutgoingOptions, type PlaceCallOptions } from './carrier-call.js';
import type { Network, NetworkOptions } from './network.js';
import { dialOut } from './dial-out.js';
import { Script } from './script.js';
import { Ticker } from './ticker.js';
import { WebhookClient } from './webhook-client.js';

export interface CarrierOptions extends NetworkOptions {
  /** Called with every call before it rings. */
  onCall?: (call: CarrierCall) => void;
  /** How long a call over REST waits before it is dialled, because an account makes one a second. Default: not at all. */
  queueMs?: number;
}

/** Maximum number of ended calls that REST still knows. */
const REMEMBERED_CALLS = 1000;

/**
 * A simulated Twilio. It places calls to a gateway through the same webhook, TwiML and media stream as the real one. It
 * refuses or warns about what the real one would.
 */
export class Carrier implements Network {
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
      signer: options,
      signsFragment: options.signsFragment ?? false,
      resolve: options.resolve,
      clock: this.networkClock,
      ca: options.ca,
    });
    this.callbacks = new Callbacks(this.webhooks, this.clock, options.disorder);
  }

  /** Rings the gateway. The call then runs by itself until one side hangs up. */
  placeCall(options: PlaceCallOptions): CarrierCall {
    const call = this.add(options);
    call.start();
    return call;
  }

  /** Calls a telephone of `phoneBook` for the account, as REST does. The call is queued at first. */
  makeCall(options: PlaceCallOptions & { outgoing: OutgoingOptions }): CarrierCall {
    const call = this.add(options);
    // After the answer of REST.
    setImmediate(() => void dialOut(call, this.options.queueMs ?? 0));
    return call;
  }

  /** Every call that REST still knows, oldest first. */
  get all(): readonly CarrierCall[] {
    return [...this.known.values()];
  }

  private add(options: PlaceCallOptions): CarrierCall {
    const call = new CarrierCall(this, options, (call) => new Script(call));
    this.calls.add(call);
    this.known.set(call.callSid, call);
    call.on('ended', () => {
      this.calls.delete(call);
      this.forgetOldest();
    });
    this.options.onCall?.(call);
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
