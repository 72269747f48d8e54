import type { Config } from '../config/config.js';
import { DynamoDbStore, type DynamoDbStoreOptions } from '../handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';

/** Where the handover records are in local mode. */
export interface EmbeddedStore {
  dynamodb_endpoint: string;
  table: string;
}

/** Closes what was opened. */
export type Closer = () => Promise<void> | void;

/** Maximum time of one request at the start, when no caller waits. */
const START_ATTEMPT_MS = 5000;

/**
 * Opens the store of handovers, and starts it in this process if local mode names none elsewhere. What closes them is added to
 * `closers` at once, so that it is there if a later step fails.
 * @throws TandemError STORE_*
 */
export async function openStore(
  handover: Config['handover'],
  { closers, log, metrics }: { closers: Closer[]; log: Logger; metrics: Metrics },
): Promise<{ store: DynamoDbStore; embeddedStore: EmbeddedStore | undefined }> {
  let endpointUrl = handover.endpointUrl;
  if (handover.embedded && endpointUrl === undefined) {
    const embedded = await startEmbeddedDynamoDb({});
    closers.push(() => embedded.close());
    endpointUrl = embedded.endpointUrl;
  }
  const table = {
    tableName: handover.tableName,
    region: handover.region,
    endpointUrl,
    localCredentials: handover.embedded,
  };
  await prepareTable(table, log);
  const store = new DynamoDbStore({ ...table, onThrottle: () => metrics.storeThrottles.inc() });
  closers.push(() => store.close());
  const embeddedStore =
    handover.embedded && endpointUrl !== undefined
      ? { dynamodb_endpoint: endpointUrl, table: handover.tableName }
      : undefined;
  return { store, embeddedStore };
}

/** Creates the embedded table, or looks at the operator's. @throws TandemError STORE_* */
async function prepareTable(options: DynamoDbStoreOptions, log: Logger): Promise<void> {
  const store = new DynamoDbStore({ ...options, attemptMs: START_ATTEMPT_MS });
  try {
    if (options.localCredentials === true) {
      await store.createTable();
      return;
    }
    await store.check();
    if ((await store.deletesExpired()) !== 'no') return;
    log.warn(
      { table: options.tableName, region: options.region },
      'the table keeps expired records; enable TTL on its attribute expires_at',
    );
  } finally {
    await store.close();
  }
}
