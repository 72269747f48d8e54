import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { Config } from '../config/config.js';
import { LOCAL_MODE_PEPPER } from '../handover/token.js';
import type { NumberList } from '../handover/number-list.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import { OutboundApi } from '../outbound/api.js';
import { DoNotCall } from '../outbound/do-not-call.js';
import { type CallsHere, OutboundCalls } from '../outbound/outbound-calls.js';
import type { Assistants } from '../prompts/assistants.js';
import { outboundAssistant } from '../prompts/outbound-prompt.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { twilioAccountOf } from './open-twilio.js';
import { TwilioCalls, type TwilioCallsOptions } from '../twilio/calls-api.js';

/** What a gateway needs to make calls. */
export interface OutboundParts {
  doNotCall: DoNotCall;
  notes: SharedNotes;
  /** The number that calls if a request names none. */
  ownNumber: string | undefined;
  account: TwilioCallsOptions['account'];
  hasAssistant: (from: string, name: string | undefined) => boolean;
}

/** The number of the softphone's gateway. */
const SIMULATED_NUMBER = '+12065550199';

/** Returns what the gateway needs to make calls. `undefined` if it makes none. */
export function outboundParts(
  config: Config,
  parts: {
    assistants: Assistants;
    clock: Clock;
    list: NumberList;
    notes: SharedNotes;
    /** The account of the simulated carrier. `undefined` if there is none. */
    simulated: TwilioCallsOptions['account'] | undefined;
  },
): OutboundParts | undefined {
  const { handover, isCarrierSimulated, outbound, twilio } = config;
  if (outbound === undefined) return undefined;
  const { assistants, clock, list, notes, simulated } = parts;
  const pepper = outbound.listPepper ?? handover.pepper ?? LOCAL_MODE_PEPPER;
  return {
    doNotCall: new DoNotCall({ list, pepper, clock }),
    notes,
    ownNumber: twilio.phoneNumber ?? (isCarrierSimulated ? SIMULATED_NUMBER : undefined),
    account: accountOf(config, simulated),
    hasAssistant: (ownNumber, assistant) =>
      outboundAssistant(assistants, { ownNumber, assistant, context: undefined }) !== undefined,
  };
}

function accountOf(config: Config, simulated: OutboundParts['account'] | undefined): OutboundParts['account'] {
  const account = twilioAccountOf(config);
  if (account !== undefined) return () => Promise.resolve(account);
  return (
    simulated ??
    (() => Promise.reject(new TandemError('CONFIG_INVALID', 'TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN make calls.')))
  );
}

/** Opens the API by which others have calls made. Without `parts` it answers that there is none. */
export function openOutbound(
  config: Config,
  parts: OutboundParts | undefined,
  gateway: {
    calls: CallsHere;
    isDraining: () => boolean;
    url: (scheme: 'https', path: string) => string;
    fetch: typeof fetch | undefined;
    clock: Clock;
    log: Logger;
    metrics: Metrics;
  },
): { api: OutboundApi; calls: OutboundCalls | undefined } {
  const { handover, outbound } = config;
  const { log, fetch: send, ...rest } = gateway;
  const calls =
    outbound === undefined || parts === undefined
      ? undefined
      : new OutboundCalls({
          ...rest,
          log,
          countries: outbound.countries,
          hours: outbound.hours,
          limits: outbound.limits,
          requiresConsent: outbound.requiresConsent,
          secret: handover.pepper ?? LOCAL_MODE_PEPPER,
          ownNumber: parts.ownNumber,
          hasAssistant: parts.hasAssistant,
          notes: parts.notes,
          list: parts.doNotCall,
          api: new TwilioCalls({ account: parts.account, clock: gateway.clock, fetch: send }),
        });
  return { api: new OutboundApi({ calls, tokens: outbound?.tokens ?? [], log }), calls };
}
