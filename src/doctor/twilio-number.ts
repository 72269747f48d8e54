import { CONNECTION_OVERRIDES, PATHS } from '../call/paths.js';
import { shownUrl, whyUnreached } from './ask.js';
import { type Finding, advice, fault, fine } from './finding.js';
import { type PhoneNumber, type TwilioAccount, readNumbers, whyNoDial, withoutOverrides } from '../twilio/number.js';

export interface NumberQuestion {
  account: TwilioAccount;
  /** TWILIO_PHONE_NUMBER. */
  phoneNumber: string | undefined;
  /** The host to which numbers should send calls. `undefined`: only the account and the number are asked about. */
  publicHost: string | undefined;
}

/** Checks the settings at Twilio of TWILIO_PHONE_NUMBER and of every number whose calls reach this gateway. */
export async function askNumber({ account, phoneNumber, publicHost }: NumberQuestion): Promise<Finding[]> {
  let numbers: Awaited<ReturnType<typeof readNumbers>>;
  try {
    numbers = await readNumbers(account);
  } catch (error) {
    return [
      fault(
        'twilio-account',
        `Twilio does not answer at ${shownUrl(account.baseUrl)}: ${whyUnreached(error)}. Check the network and TWILIO_API_URL.`,
      ),
    ];
  }
  if (numbers === 'unreadable')
    return [
      fault(
        'twilio-account',
        `What answers at ${shownUrl(account.baseUrl)} is not Twilio's list of numbers; check TWILIO_API_URL.`,
      ),
    ];
  if ('status' in numbers) {
    return [
      fault(
        'twilio-account',
        `Twilio answers ${numbers.status}; check TWILIO_ACCOUNT_SID, and that the first TWILIO_AUTH_TOKEN is the account's primary one.`,
      ),
    ];
  }
  if (phoneNumber !== undefined && numbers.every(({ number }) => number !== phoneNumber))
    return [fault('twilio-number', `The account has no number ${phoneNumber}; check TWILIO_PHONE_NUMBER.`)];
  if (publicHost === undefined)
    return [
      fine(
        'twilio-account',
        'Twilio accepts the account and its token. Without PUBLIC_HOST no number can send calls here.',
      ),
    ];
  const ours = numbers.filter(({ number, voiceUrl }) => number === phoneNumber || hostOf(voiceUrl) === publicHost);
  if (ours.length === 0)
    return [
      advice(
        'twilio-number',
        `No number of this account sends its calls to ${publicHost}; set "A call comes in" of a number.`,
      ),
    ];
  const found = await Promise.all(ours.map((one) => findingsOf(one, publicHost, account)));
  const wrong = found.flat();
  return wrong.length > 0
    ? wrong
    : [
        fine(
          'twilio-number',
          `${ours.map(({ number }) => number).join(', ')}: calls reach this gateway, and the fallback dials a human.`,
        ),
      ];
}

/** One finding for what keeps calls away, and one for the rest. */
async function findingsOf(one: PhoneNumber, publicHost: string, account: TwilioAccount): Promise<Finding[]> {
  const costly = callsElsewhere(one, publicHost);
  const missing = one.elsewhere === '' ? await missingOf(one, publicHost, account) : [];
  return [
    ...(costly === undefined ? [] : [costly]),
    ...(missing.length === 0 ? [] : [advice('twilio-number-settings', `${one.number}: ${missing.join('; ')}.`)]),
  ];
}

/** Says why no call of the number reaches this gateway. `undefined` if its calls do. */
function callsElsewhere(
  { elsewhere, number, voiceMethod, voiceUrl }: PhoneNumber,
  publicHost: string,
): Finding | undefined {
  if (elsewhere !== '')
    return advice('twilio-number-settings', `${number}: its calls go to ${elsewhere}, whose settings are not checked.`);
  const right = `https://${publicHost}${PATHS.voice}`;
  if (routeOf(voiceUrl) === right && voiceMethod === 'POST') return undefined;
  return fault(
    'twilio-number',
    `${number}: its calls do not come here. "A call comes in" must be ${right}${CONNECTION_OVERRIDES} with POST.`,
  );
}

async function missingOf(one: PhoneNumber, publicHost: string, account: TwilioAccount): Promise<string[]> {
  const missing: string[] = [];
  if (routeOf(one.voiceUrl) === `https://${publicHost}${PATHS.voice}` && !one.voiceUrl.includes('#'))
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
