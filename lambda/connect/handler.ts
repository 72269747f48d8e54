import { type Clock, systemClock } from '../../src/base/clock.js';
import { settingOf } from '../../src/base/environment.js';
import { isTandemError } from '../../src/base/errors.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { readSharedSettings } from '../../src/handover/shared-settings.js';
import { Pepper } from './pepper.js';
import { type ConnectAnswer, type Redeem, answer, createRedeemer } from './redeem.js';

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

const pepper = new Pepper({ env: process.env, clock: lambdaClock, onFailure: (error) => writeFailure(error) });
let redeem: Redeem | undefined;

// While AWS prepares an instance, no caller waits and the processor is at its fastest.
if (settingOf(process.env, 'HANDOVER_TOKEN_PEPPER_SECRET_ARN') !== undefined) await pepper.get().catch(() => undefined);

/**
 * Answers Amazon Connect's request to identify a caller by redeeming the digits that Connect received. Always returns
 * every attribute; a bad token is an answer, not an error.
 */
export async function handler(event: unknown): Promise<ConnectAnswer> {
  try {
    redeem ??= fromEnvironment(process.env);
  } catch (error) {
    writeFailure(error);
    return report(answer('error'));
  }
  return report(await redeem(event));
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
    onInvalidToken: () => writeMetric('invalid_tokens', {}),
  });
}

/** Writes what is wrong with a setting. The gateway's own errors hold no secret; of others only the type is shown. */
function writeFailure(error: unknown): void {
  const known = isTandemError(error) ? { code: error.code, notice: error.message } : { type: typeof error };
  const time = new Date(lambdaClock.epochMs()).toISOString();
  console.log(JSON.stringify({ level: 'error', time, ...known, msg: 'the pepper or another setting cannot be read' }));
}

function report(result: ConnectAnswer): ConnectAnswer {
  writeMetric('redemptions', { token_status: result['token_status'] ?? '' });
  return result;
}

/**
 * Counts one event of `name` in CloudWatch's embedded metric format. The alarm on guessing watches `invalid_tokens`, which
 * has no dimension.
 */
function writeMetric(name: string, dimensions: Readonly<Record<string, string>>): void {
  const metric = {
    Namespace: 'Tandem',
    Dimensions: [Object.keys(dimensions)],
    Metrics: [{ Name: name, Unit: 'Count' }],
  };
  console.log(
    JSON.stringify({ _aws: { Timestamp: Date.now(), CloudWatchMetrics: [metric] }, ...dimensions, [name]: 1 }),
  );
}
