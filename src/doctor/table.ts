import type { Clock } from '../base/clock.js';
import { type TandemError, isTandemError } from '../base/errors.js';
import { SILENCE_BUDGET } from '../base/silence-budget.js';
import type { Config } from '../config/config.js';
import { DynamoDbStore, TTL_ATTRIBUTE, type TableForm } from '../handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import { type HandoverRecord, drawHandoverId } from '../handover/record.js';
import { LOCAL_MODE_PEPPER, drawToken, tokenKey } from '../handover/token.js';
import { shownUrl } from './ask.js';
import { type Finding, type FindingId, advice, fault, fine } from './finding.js';

/** How long the probe's token lives. DynamoDB deletes its item some time later. */
const PROBE_SECONDS = 30;
const ATTEMPT_MS = 5000;
const KEY = 'pk (S)';

/** Reads how the table was made, then writes a token and redeems it as the Lambda does. */
export async function askTable(handover: Config['handover'], clock: Clock): Promise<Finding[]> {
  const embedded = handover.embedded && handover.endpointUrl === undefined ? await startEmbeddedDynamoDb() : undefined;
  const endpointUrl = embedded?.endpointUrl ?? handover.endpointUrl;
  // More patient than a call, so that a slow table is told from one that does not answer.
  const store = new DynamoDbStore({
    ...handover,
    endpointUrl,
    localCredentials: handover.embedded,
    attemptMs: ATTEMPT_MS,
    clock,
  });
  const where = `${handover.tableName} ${endpointUrl === undefined ? `in ${handover.region}` : `at ${shownUrl(endpointUrl)}`}`;
  try {
    if (handover.embedded) await store.createTable();
    const form = await store.describe();
    if (form.key.join() !== KEY) return [wrongKey(where, form)];
    const tookMs = await redeemOne(store, handover.pepper ?? LOCAL_MODE_PEPPER, clock);
    if (embedded !== undefined)
      return [
        fine(
          'table-ready',
          'Embedded. Records are lost when the gateway stops. Set USE_LOCAL_DYNAMODB=false to use a real table.',
        ),
      ];
    const made = handover.embedded ? ' The gateway makes this table, because this is local mode.' : '';
    const text = `${where}: a token was written and redeemed in ${(tookMs.all / 1000).toFixed(1)} s.${made}`;
    const redeemed = tookMs.put > SILENCE_BUDGET.storeAttemptMs ? slow(text, tookMs.put) : fine('table-ready', text);
    const ttl = handover.embedded ? undefined : wrongTtl(handover, form);
    return ttl === undefined ? [redeemed] : [redeemed, ttl];
  } catch (error) {
    if (!isTandemError(error)) throw error;
    return [refused(error, where)];
  } finally {
    await store.close();
    await embedded?.close();
  }
}

/** Uses every permission of gateway and Lambda: PutItem, UpdateItem, and GetItem for a token that is used up. */
async function redeemOne(store: DynamoDbStore, pepper: string, clock: Clock): Promise<{ put: number; all: number }> {
  const startedMs = clock.now();
  const nowSeconds = Math.floor(clock.epochMs() / 1000);
  const key = tokenKey(pepper, drawToken());
  const contact = `doctor-${drawHandoverId(clock.epochMs())}`;
  if ((await store.put(key, probeRecord(clock.epochMs()))) === 'taken') return redeemOne(store, pepper, clock);
  const putMs = clock.now() - startedMs;
  const first = await store.redeem(key, contact, nowSeconds);
  const second = await store.redeem(key, `${contact}-2`, nowSeconds);
  if (first.status !== 'valid' || second.status !== 'used') throw new Error('a token was not redeemed once');
  return { put: putMs, all: clock.now() - startedMs };
}

/** A record that names no caller, for a token that lives {@link PROBE_SECONDS}. */
export function probeRecord(epochMs: number): HandoverRecord {
  const now = Math.floor(epochMs / 1000);
  return {
    handover_id: drawHandoverId(epochMs),
    conversation_id: 'doctor',
    customer_phone: '',
    customer_name: '',
    summary: '',
    intent: '',
    reason: 'doctor',
    priority: '5',
    language: 'en',
    assistant: '',
    queue_arn: '',
    hubspot_contact_id: '',
    hubspot_ticket_id: '',
    crm_url: '',
    created_at: now,
    expires_at: now + PROBE_SECONDS,
    status: 'issued',
  };
}

function slow(text: string, putMs: number): Finding {
  const seconds = (putMs / 1000).toFixed(1);
  return advice(
    'table-slow',
    `${text} To write it took ${seconds} s, and a call waits ${SILENCE_BUDGET.storeAttemptMs / 1000} s for each of two tries; then it is dialled without a token. Run the gateway nearer to the table.`,
  );
}

function wrongKey(where: string, { key }: TableForm): Finding {
  return fault(
    'table-key',
    `${where} has the key ${key.join(', ')} instead of ${KEY}, so no handover can be written. A key cannot be changed: create another table (docs/operate/going-live.md, step 1) and set DYNAMODB_TABLE_NAME.`,
  );
}

function wrongTtl({ region, tableName }: Config['handover'], form: TableForm): Finding | undefined {
  const command = `aws dynamodb update-time-to-live --region ${region} --table-name ${tableName} --time-to-live-specification Enabled=true,AttributeName=${TTL_ATTRIBUTE}`;
  if (form.ttlUnknown !== undefined)
    return advice(
      'table-ttl',
      `Whether the table deletes old records is not known (${form.ttlUnknown}). Allow dynamodb:DescribeTimeToLive, or see that TTL is on for ${TTL_ATTRIBUTE}.`,
    );
  if (form.ttlAttribute === TTL_ATTRIBUTE) return undefined;
  const has = form.ttlAttribute === undefined ? 'TTL is off' : `TTL is on for ${form.ttlAttribute}`;
  return advice('table-ttl', `${has}, so what callers said is kept for ever. Run: ${command}`);
}

function refused(error: TandemError, where: string): Finding {
  if (/\(CredentialsProviderError\)/.test(error.what))
    return fault(
      'table-access',
      'There are no AWS credentials. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the task a role.',
    );
  const ids: Partial<Record<TandemError['code'], FindingId>> = {
    STORE_TABLE_MISSING: 'table-missing',
    STORE_REJECTED: 'table-access',
    EMBEDDED_STORE_MISSING: 'table-missing',
  };
  const named = error.code === 'STORE_TABLE_MISSING' ? '' : `${where}: `;
  return fault(ids[error.code] ?? 'table-unreachable', `${named}${error.message}`);
}
