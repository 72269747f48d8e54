import type { Clock } from '../base/clock.js';
import type { RecordingServices } from '../call/recording/call-recording.js';
import { PATHS } from '../call/paths.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { TwilioRecordings } from '../twilio/recordings-api.js';
import type { TwilioAccount } from '../twilio/rest-request.js';
import { TwilioRest } from '../twilio/rest.js';

/** How the gateway asks Twilio about its calls. Both are `undefined` if Twilio's account is not known. */
export interface Twilio {
  rest: TwilioRest | undefined;
  recordings: RecordingServices | undefined;
}

export interface TwilioOptions {
  config: Config;
  clock: Clock;
  /** `undefined`: `fetch` of Node. */
  fetch: typeof fetch | undefined;
  log: Logger;
  metrics: Metrics;
  /** An absolute URL as Twilio knows it. */
  url: (scheme: 'https', path: string) => string;
}

/** Opens nothing without Twilio's account. */
export function openTwilio({ config, clock, fetch: send, log, metrics, url }: TwilioOptions): Twilio {
  const account = twilioAccountOf(config);
  if (account === undefined) return { rest: undefined, recordings: undefined };
  const rest = new TwilioRest({
    ...account,
    clock,
    log,
    count: (result) => metrics.restUpdates.inc({ result }),
    ...(send === undefined ? {} : { fetch: send }),
  });
  const { atHandover, onFailure, pauseBehavior } = config.recording;
  const statusUrl = (): string => url('https', PATHS.callRecording);
  const api = new TwilioRecordings({ account, clock, pauseBehavior, statusUrl, fetch: send });
  return { rest, recordings: { api, atHandover, onFailure } };
}

/** `undefined` without credentials. */
export function twilioAccountOf({ dial, twilio }: Config): TwilioAccount | undefined {
  const { accountSid } = twilio;
  const [authToken] = twilio.authTokens;
  return accountSid === undefined || authToken === undefined
    ? undefined
    : { baseUrl: dial.restUrl, accountSid, authToken };
}
