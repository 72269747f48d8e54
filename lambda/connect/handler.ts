import { type Clock, systemClock } from '../../src/base/clock.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
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

let redeem: Redeem | undefined;

/**
 * Answers Amazon Connect's request to identify a caller by redeeming the digits that Connect received. Always returns
 * every attribute; a bad token is an answer, not an error.
 */
export async function handler(event: unknown): Promise<ConnectAnswer> {
  try {
    redeem ??= fromEnvironment(process.env);
  } catch {
    return report(answer('error'));
  }
  return report(await redeem(event));
}

function fromEnvironment(env: NodeJS.ProcessEnv): Redeem {
  const pepper = env['HANDOVER_TOKEN_PEPPER'];
  if (pepper === undefined || pepper === '') throw new Error('HANDOVER_TOKEN_PEPPER is not set.');
  const endpointUrl = env['DYNAMODB_ENDPOINT_URL'];
  const store = new DynamoDbStore({
    tableName: env['DYNAMODB_TABLE_NAME'] ?? 'HandoverTokens',
    region: env['AWS_REGION'] ?? 'us-east-1',
    endpointUrl: endpointUrl === '' ? undefined : endpointUrl,
    localCredentials: env['AWS_ACCESS_KEY_ID'] === undefined && endpointUrl !== undefined,
    attemptMs: ATTEMPT_MS,
  });
  return createRedeemer({
    store,
    callers: store.callers,
    pepper,
    clock: lambdaClock,
    matchesCallers: env['HANDOVER_CALLER_MATCH'] !== 'false',
    onInvalidToken: () => writeMetric('invalid_tokens', {}),
  });
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
