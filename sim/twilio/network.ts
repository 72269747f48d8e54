import type { Clock } from '../../src/base/clock.js';
import type { Callbacks, Disorder } from './callbacks.js';
import type { Fields } from './fields.js';
import type { StreamBehaviour } from './media-stream.js';
import type { PhoneEndpoint } from './phone.js';
import type { SharedKey, StreamSignature } from './signing.js';
import type { Ticker } from './ticker.js';
import type { Resolve, WebhookClient } from './webhook-client.js';

/** What a call uses of the carrier that placed it. */
export interface Network {
  readonly options: NetworkOptions;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly networkClock: Clock;
  readonly speed: number;
  readonly webhooks: WebhookClient;
  readonly callbacks: Callbacks;
}

export interface NetworkOptions {
  accountSid: string;
  /** Signs webhooks and upgrades. Without it nothing is signed. */
  authToken?: string;
  /** Signs webhooks in place of the auth token, as a webhook rule of the account does. */
  sharedKey?: SharedKey;
  /** Whether the fragment of a URL is signed. Twilio does not document it. Default: false. */
  signsFragment?: boolean;
  resolve: Resolve;
  /** PEM of an authority to trust in addition to the public ones, for a gateway with a certificate of its own. */
  ca?: string;
  /**
   * Returns the telephone behind a number that TwiML dials, or that is called over REST. The dial fails if there is none. `callSid`: the
   * call that dials, or the one over REST.
   */
  phoneBook?: (number: string, callSid: string) => PhoneEndpoint | undefined;
  /** Synthesizes the text of `<Say>` as mu-law at 8 kHz. Without it `<Say>` only takes its time. */
  synthesize?: (text: string) => Promise<Uint8Array>;
  /** Numbers of the account besides those of a call. A dial may show them as its caller id. */
  ownNumbers?: readonly string[];
  streamSignature?: StreamSignature;
  /** How every stream behaves. */
  stream?: StreamBehaviour;
  /**
   * What follows for a called leg if its TwiML cannot be fetched or parsed. Twilio does not document it, so a gateway must work
   * either way. Default: the legs are bridged.
   */
  failedLegDocument?: 'bridges' | 'hangs-up';
  /** Extra fields in every webhook, because Twilio adds some unannounced. */
  extraFields?: Fields;
  /** Delays, reorders and repeats status callbacks. Without it they are sent as they happen. */
  disorder?: Disorder;
  clock?: Clock;
  /** The clock for limits on the network (15 s for a webhook). The call's clock by default. */
  networkClock?: Clock;
  /** How many times faster than the clock call time runs. */
  speed?: number;
}
