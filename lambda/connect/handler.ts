import { type Clock, systemClock } from '../../src/base/clock.js';
import { settingOf } from '../../src/base/environment.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { TandemError, isTandemError } from '../../src/base/errors.js';
import { readSharedSettings } from '../../src/handover/shared-settings.js';
import { Pepper } from './pepper.js';
import { type ConnectAnswer, type Redeem, answer, contactIdOf, createRedeemer } from './redeem.js';
import { createReport } from './report.js';

/** A clock whose timers keep the process alive, because a Lambda's event loop may be empty while it waits. */
const lambdaClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Maximum time for one request to the store. The first request of a cold, small function loads credentials, TLS and the
 * SDK, which takes longer than the gateway's limit of one second. The whole answer to Connect has the same limit
 * (redeem.ts).
 */
const ATTEMPT_MS = 2500;

const report = createReport(
  (line) => process.stdout.write(`${line}\n`),
  Date.now,
  settingOf(process.env, 'METRICS_EMF_NAMESPACE'),
);
const pepper = new Pepper({
  env: process.env,
  clock: lambdaClock,
  onFailure: (error) => report.failed('', error),
});
let redeem: Redeem | undefined;

// While AWS prepares an instance, no caller waits and the processor is at its fastest.
if (settingOf(process.env, 'HANDOVER_TOKEN_PEPPER_SECRET_ARN') !== undefined) {
  await pepper.get().catch((error: unknown) => report.failed('', error));
}

/**
 * Answers Amazon Connect's request to identify a caller by redeeming the digits that Connect received. Always returns
 * every attribute; a bad token is an answer, not an error.
 */
export async function handler(event: unknown): Promise<ConnectAnswer> {
  try {
    redeem ??= fromEnvironment(process.env);
  } catch (error) {
    return unset(event, error);
  }
  return redeem(event);
}

/** Answers while a setting is missing. What could not be read is not shown, because it may be a secret. */
function unset(event: unknown, error: unknown): ConnectAnswer {
  const contactId = contactIdOf(event);
  const cause = new TandemError('CONFIG_INVALID', 'The settings of the Lambda could not be read.', { cause: error });
  report.failed(contactId, isTandemError(error) ? error : cause);
  const result = answer('error');
  report.answered(contactId, result);
  return result;
}

/** @throws TandemError CONFIG_INVALID */
function fromEnvironment(env: NodeJS.ProcessEnv): Redeem {
  const { callerMatch, endpointUrl, region, tableName } = readSharedSettings(env);
  const store = new DynamoDbStore({
    tableName,
    region,
    endpointUrl,
    localCredentials: env['AWS_ACCESS_KEY_ID'] === undefined && endpointUrl !== undefined,
    attemptMs: ATTEMPT_MS,
  });
  return createRedeemer({
    store,
    callers: store.callers,
    pepper: () => pepper.get(),
    clock: lambdaClock,
    matchesCallers: callerMatch,
    report,
  });
}
