import { createRedeemer } from '../lambda/connect/redeem.js';
import { systemClock } from '../src/base/clock.js';
import { DynamoDbStore } from '../src/handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import { MemoryStore } from '../test/support/memory-handover-store.js';
import { sampleRecord } from '../test/contracts/handover-store.js';
import { drawToken, tokenKey } from '../src/handover/token.js';

const CONTACTS = 200;
const GUESSES = 100_000;
const PEPPER = 'a-pepper-for-the-benchmark';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const liveRecord = () => sampleRecord({ created_at: nowSeconds(), expires_at: nowSeconds() + 600 });

/** Has 200 contacts redeem one token at once on the embedded table, then guesses 100,000 tokens on a store in memory. */
export async function redemptions(): Promise<void> {
  await redeemAtOnce();
  await guess();
}

async function redeemAtOnce(): Promise<void> {
  const embedded = await startEmbeddedDynamoDb();
  const store = new DynamoDbStore({
    tableName: 'Redemptions',
    region: 'us-east-1',
    endpointUrl: embedded.endpointUrl,
    localCredentials: true,
    attemptMs: 60_000,
  });
  await store.createTable();
  const key = tokenKey(PEPPER, drawToken());
  await store.put(key, liveRecord());
  const startedMs = performance.now();
  const redemptions = await Promise.all(
    Array.from({ length: CONTACTS }, (_, index) => store.redeem(key, `contact-${index}`, nowSeconds())),
  );
  const tookMs = performance.now() - startedMs;
  const winners = redemptions.filter(({ status }) => status === 'valid').length;
  console.log(`${CONTACTS} redemptions at once: ${winners} valid, ${tookMs.toFixed(0)} ms`);
  await store.close();
  await embedded.close();
}

async function guess(): Promise<void> {
  const store = new MemoryStore();
  await store.put(tokenKey(PEPPER, drawToken()), liveRecord());
  let alarms = 0;
  const redeem = createRedeemer({
    store,
    callers: store,
    pepper: () => Promise.resolve(PEPPER),
    clock: systemClock,
    report: { invalidToken: () => alarms++ },
  });
  const startedMs = performance.now();
  let valid = 0;
  for (let index = 0; index < GUESSES; index++) {
    const answer = await redeem({
      Details: {
        // Each guess has its own number, so that none is blocked after too many failures.
        ContactData: {
          ContactId: `contact-${index}`,
          CustomerEndpoint: { Address: `+1555${String(index).padStart(7, '0')}` },
        },
        Parameters: { token: drawToken() },
      },
    });
    if (answer['token_status'] === 'valid') valid++;
  }
  const tookMs = performance.now() - startedMs;
  console.log(`${GUESSES} guesses: ${valid} valid, ${alarms} counted for the alarm, ${tookMs.toFixed(0)} ms`);
}
