import { type Clock, systemClock } from '../../src/base/clock.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { type ConnectAnswer, type Redeem, answer, createRedeemer } from './redeem.js';

/** A Lambda's event loop may be empty while it waits: its timers must count. */
const lambdaClock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Milliseconds for one request to the store. The first one of a cold, small function takes longer than the gateway's
 * second would allow: credentials, TLS, the SDK's own start. The answer to Connect has the same limit in all (redeem.ts).
 */
const ATTEMPT_MS = 2500;

let redeem: Redeem | undefined;

/**
 * Amazon Connect's question "who is this caller?": redeems the digits it heard. Always answers every attribute; a bad
 * token is an answer, not an error.
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

/** One more of `name`, in CloudWatch's embedded metric format. The alarm on guessing watches `invalid_tokens`, which has no dimension. */
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
