import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { type Parsed, parseFlag, parseHttpUrl } from '../base/environment.js';
import { parseJson } from '../base/json-text.js';
import { type NextSteps, parseNextSteps } from '../call/transfer/failed-dial-policy.js';
import { type SwitchableTrigger, TRIGGERS } from '../escalation/escalation.js';
import { QUEUE_KEYS, unknownQueueKey } from '../escalation/queue-keys.js';
import { type Hours, parseHours } from '../outbound/calling-hours.js';
import { COUNTRIES } from '../outbound/countries.js';
import { type RedisTarget, readRedisUrl } from '../journal/redis-url.js';
import { readKey } from '../journal/seal.js';

// The formats of settings: each schema parses a value as written in the environment, or says what was expected.

/** A setting that other programs read, too: `parse` is theirs as well. */
export function shared<T>(parse: (text: string) => Parsed<T>): z.ZodType<T> {
  return z.string().transform((value, context): T => {
    const parsed = parse(value);
    if ('value' in parsed) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.expected });
    return z.NEVER;
  });
}

export const text = z.string().min(1);
export const list = text.transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
export const triggers = list.transform((names, context): readonly SwitchableTrigger[] => {
  if (names.join() === 'none') return [];
  const known = TRIGGERS.filter((trigger) => names.includes(trigger));
  if (names.every((name) => TRIGGERS.some((trigger) => trigger === name))) return known;
  context.addIssue({ code: 'custom', message: `expected none, or some of ${TRIGGERS.join(', ')}` });
  return z.NEVER;
});
export const flag = shared(parseFlag);
export const e164 = z.string().regex(/^\+[1-9]\d{6,14}$/, 'expected a phone number in E.164 form, like +12065550100');
export const httpUrl = shared(parseHttpUrl);
/** A URL that is requested as it stands, and not the base of others. */
export const fullUrl = z
  .string()
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
    error: 'expected a URL that begins with http:// or https://',
  })
  .refine((value) => !URL.canParse(value) || new URL(value).username + new URL(value).password === '', {
    error: 'expected a URL without a name and a password',
  });

export const hostName = z
  .string()
  .regex(
    /^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-fA-F:]+\](:\d{1,5})?$/,
    'expected a host name, with a port if not 443, and no scheme or path',
  )
  .regex(/^[^A-Z]*$/, 'expected small letters, because Twilio signs the URL letter by letter');

/** An address to listen on. The value of an IPv6 address has no brackets. */
export const listenAddress = z
  .string()
  .transform((value) => value.replace(/^\[(.*)\]$/, '$1'))
  .refine(
    (value) => isIP(value) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9._-]*)$/.test(value),
    'expected an IP address or a host name of this machine, without a scheme, a port or a path',
  );

export const hostNames = list.refine(
  (names) => names.every((name) => hostName.safeParse(name).success),
  'expected host names separated by commas, without a scheme or path',
);

/** A browser sends it as JSON and a script in a header, so it has no spaces and no letters outside ASCII. */
export const consoleToken = z
  .string()
  .regex(/^[\x21-\x7e]{1,512}$/, 'expected up to 512 letters, digits or signs of ASCII without spaces');

export function whole(min: number, max: number): z.ZodType<number> {
  const message = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

export const share = z
  .string()
  .regex(/^(0(\.\d{1,4})?|1(\.0{1,4})?|\.\d{1,4})$/, 'expected a number from 0 to 1')
  .transform(Number);
export const headerText = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'expected an id without spaces');

const CREDENTIAL = /^[\x21-\x7e]+$/;
const CREDENTIAL_EXPECTED = 'expected letters, digits and signs without spaces';
/** A key that a service has given, as it is sent in a header. */
export const credential = z.string().regex(CREDENTIAL, CREDENTIAL_EXPECTED);
export const credentials = list.refine((keys) => keys.every((key) => CREDENTIAL.test(key)), CREDENTIAL_EXPECTED);
export const authTokens = credentials.refine(
  (tokens) => !tokens.some((token) => /^(AC|SK)[0-9a-f]{32}$/i.test(token)),
  'expected the auth token of the account, not an account SID or an API key',
);

export const countries = list.transform((names, context): readonly string[] => {
  const given = names.map((name) => name.toUpperCase());
  const unknown = given.find((name) => !COUNTRIES.has(name));
  if (unknown === undefined) return given;
  context.addIssue({ code: 'custom', message: 'expected countries as two letters, like US,CA' });
  return z.NEVER;
});

export const callingHours = z.string().transform((value, context): Hours => {
  const hours = parseHours(value);
  if (hours !== undefined) return hours;
  context.addIssue({ code: 'custom', message: 'expected whole hours of one day, like 09:00-20:00' });
  return z.NEVER;
});

export const queueArns = z.string().transform((value, context): Record<string, string> => {
  const content = parseJson(value);
  const parsed = z
    .record(z.string(), z.string().startsWith('arn:'))
    .safeParse(typeof content === 'string' ? undefined : content.value);
  const unknown = unknownQueueKey(Object.keys(parsed.data ?? {}));
  if (parsed.success && unknown === undefined) return parsed.data;
  const message =
    unknown !== undefined
      ? `${JSON.stringify(unknown)} is no reason or topic; expected some of ${QUEUE_KEYS.join(', ')}`
      : typeof content === 'string'
        ? `${content}, expected JSON like {"billing":"arn:aws:connect:…:queue/…"}`
        : 'expected JSON like {"billing":"arn:aws:connect:…:queue/…"}';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

export const nextSteps = z.string().transform((value, context): NextSteps => {
  const parsed = parseNextSteps(value);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

export const sessionLimits = list.transform((parts, context): Record<string, number> => {
  const limits = parts.map((part) => /^([\w-]+)=([1-9]\d{0,5})$/.exec(part));
  if (limits.some((limit) => limit === null)) {
    context.addIssue({ code: 'custom', message: 'expected a list like nova=20,openai=100' });
    return z.NEVER;
  }
  return Object.fromEntries(limits.map((limit) => [limit?.[1] ?? '', Number(limit?.[2])]));
});

/** Pairs as OpenTelemetry writes them: `name=value`, separated by commas, with percent-encoded values. */
export const keyValues = list.transform((parts, context): Record<string, string> => {
  const pairs = parts.map((part) => /^([^\s=]+)\s*=\s*(.*)$/.exec(part));
  try {
    if (pairs.every((pair) => pair !== null))
      return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decodeURIComponent(value)]));
  } catch {
    // A percent sign that encodes nothing.
  }
  context.addIssue({ code: 'custom', message: 'expected a list like name=value,other=value, percent-encoded' });
  return z.NEVER;
});

export const redisUrl = text.transform((value, context): RedisTarget => {
  const target = readRedisUrl(value);
  if (typeof target !== 'string') return target;
  context.addIssue({ code: 'custom', message: target });
  return z.NEVER;
});

export const journalKeys = list.transform((parts, context): [KeyObject, ...KeyObject[]] => {
  const [first, ...rest] = parts.map(readKey);
  if (first !== undefined && rest.every((key) => key !== undefined)) return [first, ...rest];
  context.addIssue({
    code: 'custom',
    message: 'expected 32 bytes in base64 or hexadecimal, like "openssl rand -base64 32"',
  });
  return z.NEVER;
});
