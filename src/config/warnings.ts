import { isLoopback, isPrivateHost } from './addresses.js';
import { misspeltIn } from './misspelt.js';
import type { Standing } from './rules.js';
import { VARIABLES, type Values } from './variables.js';

const SAFE_TOKEN_CHARACTERS = 16;
const OPENAI_HOST = /^https:\/\/([a-z]+\.)?api\.openai\.com\b/;
const SETTINGS: readonly string[] = Object.values(VARIABLES).flatMap((group) => Object.keys(group));
/** Variables that other commands of this project read. */
const NAMES_OF_COMMANDS = ['EVALS_MODEL', 'EVALS_JUDGE_MODEL', 'HANDOVER_TOKEN_PEPPER_SECRET_ARN'];

/** Returns what the operator should know about settings that can be used, one sentence each, without a secret. */
export function warningsOf(values: Values, standing: Standing): string[] {
  return [
    ...unsigned(values, standing),
    ...unreachable(values, standing),
    ...local(values, standing),
    ...credentials(values),
    ...outbound(values),
    ...misspeltIn(standing.env, [...SETTINGS, ...NAMES_OF_COMMANDS]).map(
      ({ name, nearest }) => `${name} is not a setting of the gateway and is not read. Is ${nearest} meant?`,
    ),
  ];
}

function unsigned({ PUBLIC_HOST: publicHost }: Values, { host, signed }: Standing): string[] {
  if (signed) return [];
  if (!isLoopback(host)) {
    return [
      'Webhooks are not signed and the gateway listens on a public address, so anyone who reaches it can place calls. Set TWILIO_AUTH_TOKEN and remove ALLOW_UNSIGNED_WEBHOOKS=true.',
    ];
  }
  if (publicHost === undefined || isPrivateHost(publicHost)) return [];
  return [
    `PUBLIC_HOST is ${publicHost}, a public name, and TWILIO_AUTH_TOKEN is not set, so anyone who reaches it through the tunnel or proxy can place calls. Set TWILIO_AUTH_TOKEN.`,
  ];
}

/** With an auth token, Twilio is expected, and the signatures are of PUBLIC_HOST. */
function unreachable({ PUBLIC_HOST: publicHost }: Values, { signed }: Standing): string[] {
  if (!signed || (publicHost !== undefined && !isPrivateHost(publicHost))) return [];
  const what = publicHost === undefined ? 'is not set' : `is ${publicHost}, which is private`;
  return [
    `PUBLIC_HOST ${what}, so Twilio cannot reach the gateway, or its signature does not match. Set the public host name.`,
  ];
}

function local(values: Values, { embedded, signed }: Standing): string[] {
  const { CONNECT_PHONE_NUMBER: number, HANDOVER_TOKEN_PEPPER: pepper } = values;
  if (!embedded) {
    if (number !== undefined) return [];
    return [
      'CONNECT_PHONE_NUMBER is not set, so no call can be transferred to a human. Set the number of your Amazon Connect instance.',
    ];
  }
  if (!signed) return [];
  const facts = [
    values.DYNAMODB_ENDPOINT_URL === undefined ? ['handover records are lost when the gateway stops'] : [],
    number === undefined ? ['transfers dial a made-up number (CONNECT_PHONE_NUMBER)'] : [],
    pepper === undefined ? ['tokens are stored under a published key (HANDOVER_TOKEN_PEPPER)'] : [],
  ].flat();
  if (facts.length === 0) return [];
  return [`USE_LOCAL_DYNAMODB=true is for trials: ${facts.join(', ')}. Do not let real callers in.`];
}

function outbound({ OUTBOUND_API_TOKENS: tokens, OUTBOUND_HOURS: hours }: Values): string[] {
  if (tokens === undefined) return [];
  const isShort = tokens.some((token) => token.length < SAFE_TOKEN_CHARACTERS);
  return [
    ...(isShort
      ? [
          'OUTBOUND_API_TOKENS has a token that is short enough to be guessed. Generate one with "openssl rand -hex 24".',
        ]
      : []),
    ...(hours === undefined
      ? ['OUTBOUND_HOURS is not set, so people may be called at any hour of their day. Set hours like 09:00-20:00.']
      : []),
  ];
}

/** Credentials that can be used, but look as if something else had been copied. */
function credentials(values: Values): string[] {
  const warnings: string[] = [];
  if (values.CONSOLE_TOKEN !== undefined && values.CONSOLE_TOKEN.length < SAFE_TOKEN_CHARACTERS) {
    warnings.push('CONSOLE_TOKEN is short enough to be guessed. Generate a longer one with "openssl rand -base64 24".');
  }
  if (values.TWILIO_AUTH_TOKEN?.some((token) => !/^[0-9a-f]{32}$/.test(token)) === true) {
    warnings.push(
      'TWILIO_AUTH_TOKEN has a value that is not 32 hexadecimal digits, as auth tokens of Twilio are. If Twilio is refused with 403, copy the token again.',
    );
  }
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: baseUrl } = values;
  if (key !== undefined && !key.startsWith('sk-') && OPENAI_HOST.test(baseUrl))
    warnings.push('OPENAI_API_KEY does not begin with sk-, as keys of OpenAI do. If OpenAI refuses it, copy it again.');
  return warnings;
}
