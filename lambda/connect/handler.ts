import { type Clock, systemClock } from '../../src/clock.js';
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
  return createRedeemer({ store, pepper, clock: lambdaClock });
}

/** CloudWatch's embedded metric format: tokens by status, for an alarm on guessing. */
function report(result: ConnectAnswer): ConnectAnswer {
  const status = result['token_status'];
  console.log(
    JSON.stringify({
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [
          { Namespace: 'Tandem', Dimensions: [['token_status']], Metrics: [{ Name: 'redemptions', Unit: 'Count' }] },
        ],
      },
      token_status: status,
      redemptions: 1,
    }),
  );
  return result;
}
