import { SILENCE_BUDGET } from '../base/silence-budget.js';
import '../process/aws-node-version.js';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Clock, sleep, systemClock } from '../base/clock.js';
import type { CallbackRecord, CallbackStore } from './callbacks.js';
import type { CallerIndex } from './caller-index.js';
import { DynamoDbCallers } from './dynamodb-callers.js';
import { DynamoDbNumberList, type NumberList } from './number-list.js';
import { numberOf, textOf, toItem, toRecord } from './dynamodb-item.js';
import { boundedAnswer } from './bounded-answer.js';
import { requestDeadline, settledWithin } from './request-deadline.js';
import type { HandoverRecord, HandoverUpdate } from './record.js';
import { type TablePlace, isThrottle, nameOf, shownName, storeError } from './store-error.js';
import { ServiceClock } from './service-clock.js';
import type { HandoverStore, Redemption } from './store.js';

export interface DynamoDbStoreOptions extends TablePlace {
  /** Sends placeholder credentials, for an endpoint that does not check them. */
  localCredentials?: boolean;
  /** By default the SDK finds them. */
  credentials?: DynamoDBClientConfig['credentials'];
  /** Called for every throttled attempt, including those the SDK retries. */
  onThrottle?: () => void;
  /** Maximum time for one attempt. It is short, with one retry, because the caller waits in silence. */
  attemptMs?: number;
  clock?: Clock;
}

/** The form of a table, for the operator. */
export interface TableForm {
  /** The attributes of the key, like `pk (S)`. */
  key: readonly string[];
  /** The attribute by which DynamoDB deletes old items. `undefined` if it deletes none. */
  ttlAttribute: string | undefined;
  /** Why it is not known whether DynamoDB deletes old items: the name of the error. */
  ttlUnknown: string | undefined;
}

/** The attribute that holds when an item expires, in epoch seconds. */
export const TTL_ATTRIBUTE = 'expires_at';
const MAX_ATTEMPTS = 2;
/** Time for what an operation does besides its attempts: reading credentials, and the pause between the attempts. */
const BESIDE_ATTEMPTS_MS = 1000;
const TABLE_POLL_MS = 25;
const CREATE_TRIES = 5;
const TABLE_POLLS = 400;

/** Handover records in a DynamoDB table with the partition key `pk` (string) and the TTL attribute `expires_at`. */
export class DynamoDbStore implements HandoverStore, CallbackStore {
  /** Finds handovers by the caller's number. */
  readonly callers: CallerIndex;
  /** The numbers that must not be called. */
  readonly numbers: NumberList;
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly client: DynamoDBClient;
  private readonly place: TablePlace;
  private readonly tableName: string;
  private readonly clock: Clock;
  private readonly operationMs: number;
  /** `undefined` for a store on this machine, which has the same clock. */
  private readonly serviceClock: ServiceClock | undefined;

  constructor(options: DynamoDbStoreOptions) {
    const { attemptMs = SILENCE_BUDGET.storeAttemptMs, clock = systemClock } = options;
    this.place = options;
    this.tableName = options.tableName;
    this.clock = clock;
    this.operationMs = MAX_ATTEMPTS * attemptMs + BESIDE_ATTEMPTS_MS;
    this.client = new DynamoDBClient(clientConfig(options, attemptMs));
    this.client.middlewareStack.add(requestDeadline(clock, attemptMs), {
      step: 'deserialize',
      priority: 'low',
      name: 'requestDeadline',
    });
    if (options.localCredentials !== true) {
      this.serviceClock = new ServiceClock(clock);
      const place = { step: 'deserialize', priority: 'low', name: 'serviceClock' } as const;
      this.client.middlewareStack.add(this.serviceClock.middleware, place);
    }
    this.client.middlewareStack.add(boundedAnswer, { step: 'deserialize', priority: 'low', name: 'boundedAnswer' });
    this.callers = new DynamoDbCallers({
      tableName: this.tableName,
      get: async (command) => (await this.attempt('GetItem', () => this.client.send(command))).Item,
      write: async (command) => (await this.conditional('UpdateItem', () => this.client.send(command))) !== undefined,
      redeem: (key, contactId, nowSeconds) => this.redeem(key, contactId, nowSeconds),
    });
    this.numbers = new DynamoDbNumberList({
      tableName: this.tableName,
      get: async (command) => (await this.attempt('GetItem', () => this.client.send(command))).Item,
      put: async (command) => (await this.conditional('PutItem', () => this.client.send(command))) !== undefined,
    });
    const { onThrottle } = options;
    if (onThrottle === undefined) return;
    this.client.middlewareStack.add(
      (next) => async (request) => {
        try {
          return await next(request);
        } catch (error) {
          if (isThrottle(error)) onThrottle();
          throw error;
        }
      },
      // Runs inside the SDK's retries, so that each attempt is counted, and outside its parsing of the response.
      { step: 'finalizeRequest', priority: 'low', name: 'countThrottles' },
    );
  }

  get aheadMs(): number {
    return this.serviceClock?.aheadMs ?? 0;
  }

  async put(key: string, record: HandoverRecord): Promise<'stored' | 'taken'> {
    const command = new PutItemCommand({
      TableName: this.tableName,
      Item: { pk: { S: key }, ...toItem({ ...record }) },
      // DynamoDB may delete an expired record days late, and the record must not hold its token until then.
      ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :now',
      ExpressionAttributeValues: { ':now': { N: String(record.created_at) } },
    });
    const stored = await this.conditional('PutItem', () => this.client.send(command));
    return stored === undefined ? 'taken' : 'stored';
  }

  async redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption> {
    const command = new UpdateItemCommand({
      TableName: this.tableName,
      Key: { pk: { S: key } },
      ConditionExpression:
        'attribute_exists(pk) AND (consumed_by = :contact OR (attribute_not_exists(consumed_by) AND expires_at > :now))',
      UpdateExpression:
        'SET #status = :consumed, consumed_by = :contact, consumed_at = if_not_exists(consumed_at, :now)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ':contact': { S: contactId },
        ':consumed': { S: 'consumed' },
        ':now': { N: String(nowSeconds) },
      },
      ReturnValues: 'ALL_NEW',
    });
    const updated = await this.conditional('UpdateItem', () => this.client.send(command));
    if (updated?.Attributes !== undefined) return { status: 'valid', record: toRecord(updated.Attributes) };
    return { status: await this.whyNot(key, nowSeconds) };
  }

  async update(key: string, fields: HandoverUpdate): Promise<boolean> {
    const names = Object.keys(fields) as (keyof HandoverUpdate)[];
    if (names.length === 0) return true;
    const command = new UpdateItemCommand({
      TableName: this.tableName,
      Key: { pk: { S: key } },
      ConditionExpression: 'attribute_exists(pk)',
      UpdateExpression: `SET ${names.map((_, index) => `#f${index} = :f${index}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(names.map((name, index) => [`#f${index}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        names.map((name, index) => [`:f${index}`, { S: fields[name] ?? '' }]),
      ),
    });
    return (await this.conditional('UpdateItem', () => this.client.send(command))) !== undefined;
  }

  async keep(key: string, record: CallbackRecord): Promise<void> {
    const command = new PutItemCommand({
      TableName: this.tableName,
      Item: { pk: { S: key }, ...toItem({ ...record }) },
    });
    await this.attempt('PutItem', () => this.client.send(command));
  }

  async check(): Promise<void> {
    await this.attempt('DescribeTable', () =>
      this.client.send(new DescribeTableCommand({ TableName: this.tableName })),
    );
  }

  /** Whether DynamoDB deletes expired records. `unknown` if it does not answer, or the permission to ask is missing. */
  async deletesExpired(): Promise<'yes' | 'no' | 'unknown'> {
    const { ttlAttribute, ttlUnknown } = await this.describeTtl();
    if (ttlUnknown !== undefined) return 'unknown';
    return ttlAttribute === TTL_ATTRIBUTE ? 'yes' : 'no';
  }

  /** Reads how the table was made. @throws TandemError STORE_* */
  async describe(): Promise<TableForm> {
    const { tableName: TableName } = this;
    const { Table: table } = await this.attempt('DescribeTable', () =>
      this.client.send(new DescribeTableCommand({ TableName })),
    );
    const types = new Map(table?.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]));
    const key = (table?.KeySchema ?? []).map(({ AttributeName: name }) => `${name} (${types.get(name)})`);
    return { key, ...(await this.describeTtl()) };
  }

  private async describeTtl(): Promise<Pick<TableForm, 'ttlAttribute' | 'ttlUnknown'>> {
    const command = new DescribeTimeToLiveCommand({ TableName: this.tableName });
    try {
      const { TimeToLiveDescription: ttl } = await this.track(() => this.client.send(command));
      const isOn = ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING';
      return { ttlAttribute: isOn ? ttl.AttributeName : undefined, ttlUnknown: undefined };
    } catch (error) {
      // The gateway itself does not need this permission, and not every compatible store has the operation.
      return { ttlAttribute: undefined, ttlUnknown: shownName(error) };
    }
  }

  /** Local mode only: creates the table if it is missing, and waits until it can be used. */
  async createTable(): Promise<void> {
    const command = new CreateTableCommand({
      TableName: this.tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    });
    // At startup no caller waits, and an embedded store on a busy machine can take longer than `attemptMs`.
    for (let tries = CREATE_TRIES; ; tries--) {
      try {
        await this.client.send(command);
        break;
      } catch (error) {
        if (nameOf(error) === 'ResourceInUseException') break;
        if (tries === 1) throw storeError('CreateTable', error, this.place);
      }
    }
    for (let poll = 0; poll < TABLE_POLLS; poll++) {
      const describe = new DescribeTableCommand({ TableName: this.tableName });
      const { Table: table } = await this.attempt('DescribeTable', () => this.client.send(describe));
      if (table?.TableStatus === 'ACTIVE') return;
      await sleep(this.clock, TABLE_POLL_MS);
    }
    throw storeError('CreateTable', undefined, this.place);
  }

  /** Waits for pending requests, so that no record is lost. The maximum time for an operation limits the wait. */
  async close(): Promise<void> {
    await Promise.allSettled(this.underWay);
    this.client.destroy();
  }

  private async track<T>(send: () => Promise<T>): Promise<T> {
    const work = settledWithin(this.clock, this.operationMs, send());
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  /** Reads why a redemption's condition failed. Not every backend returns the item with the failed update. */
  private async whyNot(key: string, nowSeconds: number): Promise<'invalid' | 'expired' | 'used'> {
    const command = new GetItemCommand({ TableName: this.tableName, Key: { pk: { S: key } }, ConsistentRead: true });
    const { Item: item } = await this.attempt('GetItem', () => this.client.send(command));
    if (item === undefined) return 'invalid';
    if (textOf(item, 'consumed_by') !== '') return 'used';
    return numberOf(item, 'expires_at') <= nowSeconds ? 'expired' : 'invalid';
  }

  /** Resolves to `undefined` if the request's condition did not hold. */
  private async conditional<T>(operation: string, send: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.track(send);
    } catch (error) {
      if (nameOf(error) === 'ConditionalCheckFailedException') return undefined;
      throw storeError(operation, error, this.place);
    }
  }

  private async attempt<T>(operation: string, send: () => Promise<T>): Promise<T> {
    try {
      return await this.track(send);
    } catch (error) {
      throw storeError(operation, error, this.place);
    }
  }
}

function clientConfig(options: DynamoDbStoreOptions, attemptMs: number): DynamoDBClientConfig {
  const config: DynamoDBClientConfig = {
    region: options.region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: attemptMs, requestTimeout: attemptMs, throwOnRequestTimeout: true },
  };
  if (options.endpointUrl !== undefined) config.endpoint = options.endpointUrl;
  if (options.credentials !== undefined) config.credentials = options.credentials;
  if (options.localCredentials === true) config.credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return config;
}
