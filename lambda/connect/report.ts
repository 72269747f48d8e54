import { type ErrorCode, isTandemError } from '../../src/base/errors.js';
import type { ConnectAnswer, Report } from './redeem.js';

/** Why something failed. A closed set, because it is a metric's dimension. */
const CODES = [
  'CONFIG_INVALID',
  'PEPPER_UNREADABLE',
  'STORE_TABLE_MISSING',
  'STORE_REJECTED',
  'STORE_THROTTLED',
  'STORE_UNREACHABLE',
] as const satisfies readonly ErrorCode[];
type Code = (typeof CODES)[number] | 'UNEXPECTED';

/** Causes that every call meets until somebody changes a setting. One is enough for the alarm. */
const EVERY_CALL: ReadonlySet<Code> = new Set<Code>([
  'CONFIG_INVALID',
  'PEPPER_UNREADABLE',
  'STORE_TABLE_MISSING',
  'STORE_REJECTED',
]);

/** Namespace of the metrics of a Lambda without the setting METRICS_EMF_NAMESPACE. */
const NAMESPACE = 'Tandem';
/** The dimension of what the gateway reports (src/telemetry/emf.ts). */
const SERVICE = 'tandem';
/** A token, or in its place the caller's number, has led to a record. */
const REDEEMED: ReadonlySet<string> = new Set(['valid', 'ani_match']);

const MESSAGES: Readonly<Record<string, string>> = {
  valid: 'the token was redeemed',
  ani_match: 'the caller was found by number',
  invalid: 'no handover was found',
  expired: 'the token has expired',
  used: 'another contact has used the token',
  error: 'the question could not be answered',
};

/**
 * Writes a line of JSON and the metrics of each question, all of them into `namespace`, where two deployments of one account do
 * not mix. `write` gets whole lines. They must reach CloudWatch as they are:
 * with the log format JSON, Lambda wraps what `console` writes, and a wrapped metric is none any more (AWS: Lambda, advanced
 * logging controls).
 */
export function createReport(
  write: (line: string) => void,
  epochMs: () => number,
  namespace: string = NAMESPACE,
): Report {
  /** Writes one value of `name` in CloudWatch's embedded metric format. */
  const writeMetric = (name: string, dimensions: Readonly<Record<string, string>>, value = 1): void => {
    const metric = {
      Namespace: namespace,
      Dimensions: [Object.keys(dimensions)],
      Metrics: [{ Name: name, Unit: 'Count' }],
    };
    write(
      JSON.stringify({ _aws: { Timestamp: epochMs(), CloudWatchMetrics: [metric] }, ...dimensions, [name]: value }),
    );
  };
  const writeLine = (level: 'info' | 'error', contactId: string, fields: Readonly<Record<string, string>>): void => {
    const contact = idOf(contactId);
    const known = contact === '' ? {} : { contact_id: contact };
    write(JSON.stringify({ level, time: new Date(epochMs()).toISOString(), ...known, ...fields }));
  };
  /** Beside the gateway's figures, with their dimension. */
  const count = (name: string): void => writeMetric(name, { Service: SERVICE });
  /** The alarm that a Lambda cannot work watches the least value of `healthy`, which has no dimension. */
  const writeHealth = (isHealthy: boolean): void => writeMetric('healthy', {}, isHealthy ? 1 : 0);
  return {
    answered: (contactId, result) => {
      const status = result['token_status'] ?? '';
      const found = Object.entries(idsOf(result)).filter(([, id]) => id !== '');
      writeLine('info', contactId, {
        ...Object.fromEntries(found),
        token_status: status,
        msg: MESSAGES[status] ?? 'the question was answered',
      });
      writeMetric('redemptions', { token_status: status });
      if (REDEEMED.has(status)) count('TokensRedeemed');
      if (status !== 'error') writeHealth(true);
    },
    checked: (contactId) => {
      writeLine('info', contactId, { msg: 'the flow asked whether the store can be reached, and it can' });
      writeHealth(true);
    },
    failed: (contactId, error) => {
      const code = codeOf(error);
      writeLine('error', contactId, { code, ...described(error), msg: 'the Lambda met a failure' });
      writeMetric('failures', { code });
      if (EVERY_CALL.has(code)) writeHealth(false);
    },
    invalidToken: () => {
      writeMetric('invalid_tokens', {});
      count('TokensInvalid');
    },
  };
}

function codeOf(error: unknown): Code {
  return isTandemError(error) ? (CODES.find((code) => code === error.code) ?? 'UNEXPECTED') : 'UNEXPECTED';
}

/** Only the project's own errors show their message, which has nothing of a call. */
function described(error: unknown): Record<string, string> {
  if (isTandemError(error)) return { error: error.message };
  return { error: error instanceof Error && /^\w{1,60}$/.test(error.name) ? error.name : typeof error };
}

function idsOf(result: ConnectAnswer): Record<string, string> {
  return { handover_id: idOf(result['handover_id']), conversation_id: idOf(result['conversation_id']) };
}

/** Returns an id, or an empty string for what is none, because an event may hold anything. */
function idOf(value: string | undefined): string {
  return value !== undefined && /^[\w-]{1,64}$/.test(value) ? value : '';
}
