import { CONNECTION_OVERRIDES, PATHS } from '../call/paths.js';
import type { Finding } from './finding.js';
import type { Config } from '../config/config.js';
import { type PhoneNumber, type TwilioAccount, readNumbers, whyNoDial, withoutOverrides } from '../twilio/number.js';

/** Whether the settings name a Twilio account with credentials, and the host to which its numbers should send calls. */
export function canCheckNumber({ publicHost, twilio }: Config): boolean {
  return publicHost !== undefined && twilio.accountSid !== undefined && twilio.authTokens.length > 0;
}

/** Checks the settings at Twilio of TWILIO_PHONE_NUMBER and of every number whose calls reach this gateway. */
export async function checkNumber(config: Config): Promise<Finding> {
  const { publicHost = '', twilio } = config;
  const account: TwilioAccount = {
    baseUrl: config.dial.restUrl,
    accountSid: twilio.accountSid ?? '',
    authToken: twilio.authTokens[0] ?? '',
  };
  const fault = (text: string): Finding => ({ result: 'fault', text });
  let numbers: Awaited<ReturnType<typeof readNumbers>>;
  try {
    numbers = await readNumbers(account);
  } catch {
    return fault(`Twilio does not answer at ${account.baseUrl}; check the network and TWILIO_API_URL.`);
  }
  if (numbers === 'unreadable')
    return fault(`What answers at ${account.baseUrl} is not Twilio's list of numbers; check TWILIO_API_URL.`);
  if ('status' in numbers) {
    return fault(
      `Twilio answers ${numbers.status}; check TWILIO_ACCOUNT_SID, and that the first TWILIO_AUTH_TOKEN is the account's primary one.`,
    );
  }
  const { phoneNumber } = twilio;
  if (phoneNumber !== undefined && numbers.every(({ number }) => number !== phoneNumber))
    return fault(`The account has no number ${phoneNumber}; check TWILIO_PHONE_NUMBER.`);
  const ours = numbers.filter(({ number, voiceUrl }) => number === phoneNumber || hostOf(voiceUrl) === publicHost);
  if (ours.length === 0) {
    return {
      result: 'advice',
      text: `No number of this account sends its calls to ${publicHost}; set "A call comes in" of a number.`,
    };
  }
  const found = await Promise.all(
    ours.map(async (one) => {
      const missing = await missingOf(one, publicHost, account);
      return missing.length === 0 ? [] : [`${one.number}: ${missing.join('; ')}.`];
    }),
  );
  const text = found.flat().join(' ');
  return text === ''
    ? {
        result: 'fine',
        text: `${ours.map(({ number }) => number).join(', ')}: calls reach this gateway, and the fallback dials a human.`,
      }
    : { result: 'advice', text };
}

async function missingOf(one: PhoneNumber, publicHost: string, account: TwilioAccount): Promise<string[]> {
  if (one.elsewhere !== '') return [`its calls go to ${one.elsewhere}, whose settings are not checked`];
  const missing: string[] = [];
  const voiceUrl = `https://${publicHost}${PATHS.voice}`;
  if (routeOf(one.voiceUrl) !== voiceUrl || one.voiceMethod !== 'POST')
    missing.push(`"A call comes in" must be ${voiceUrl}${CONNECTION_OVERRIDES} with POST`);
  else if (!one.voiceUrl.includes('#'))
    missing.push(`"A call comes in" lacks ${CONNECTION_OVERRIDES}, so Twilio tries no other gateway when one hangs`);
  if (routeOf(one.statusCallback) !== `https://${publicHost}${PATHS.callStatus}`)
    missing.push(`"Call status changes" must be https://${publicHost}${PATHS.callStatus}${CONNECTION_OVERRIDES}`);
  const fallback = await fallbackOf(one, publicHost, account);
  return fallback === undefined ? missing : [...missing, fallback];
}

/** Returns what is wrong with the fallback URL, which Twilio requests when no gateway answers. `undefined` if it works. */
async function fallbackOf(
  { fallbackMethod, fallbackUrl }: PhoneNumber,
  publicHost: string,
  account: TwilioAccount,
): Promise<string | undefined> {
  if (fallbackUrl === '')
    return '"Primary handler fails" is not set, so callers are cut off when no gateway answers (terraform/README.md)';
  if (hostOf(fallbackUrl) === publicHost)
    return '"Primary handler fails" is this gateway, which does not help when no gateway answers (terraform/README.md)';
  const why = await whyNoDial(fallbackUrl, fallbackMethod, account);
  return why === undefined ? undefined : `"Primary handler fails" does not dial a human: ${why}`;
}

/** Returns a URL without its overrides and without a final slash, which make no difference to the gateway. */
function routeOf(url: string): string {
  return withoutOverrides(url).replace(/\/$/, '');
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
