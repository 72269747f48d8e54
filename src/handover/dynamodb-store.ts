import './aws-node-version.js';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { TandemError } from '../errors.js';
import type { HandoverRecord } from './record.js';
import type { HandoverStore, Redemption } from './store.js';

export interface DynamoDbStoreOptions {
  tableName: string;
  region: string;
  /** Another endpoint than AWS's own. */
  endpointUrl?: string | undefined;
  /** Local mode: the endpoint takes any credentials. */
  localCredentials?: boolean;
  onThrottle?: () => void;
}

/** A caller waits while this is asked: better no answer than a late one. */
const REQUEST_TIMEOUT_MS = 1000;
const MAX_ATTEMPTS = 2;
const THROTTLED = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded']);

/** Handovers in DynamoDB: partition key `pk`, TTL attribute `expires_at`. */
export class DynamoDbStore implements HandoverStore {
  private readonly client: DynamoDBClient;
  private readonly tableName: string;
  private readonly onThrottle: () => void;

  constructor(options: DynamoDbStoreOptions) {
    this.tableName = options.tableName;
    this.onThrottle = options.onThrottle ?? (() => undefined);
    this.client = new DynamoDBClient({
      region: options.region,
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: { requestTimeout: REQUEST_TIMEOUT_MS, connectionTimeout: REQUEST_TIMEOUT_MS },
      ...(options.endpointUrl === undefined ? {} : { endpoint: options.endpointUrl }),
      ...(options.localCredentials === true ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
    });
  }

  async put(key: string, record: HandoverRecord, nowSeconds: number): Promise<'stored' | 'taken'> {
    try {
      await this.client.send(
        new PutItemCommand({
          TableName: this.tableName,
          Item: { pk: { S: key }, status: { S: 'issued' }, ...toItem(record) },
          ConditionExpression: 'attribute_not_exists(pk) OR expires_at <= :now',
          ExpressionAttributeValues: { ':now': { N: String(nowSeconds) } },
        }),
      );
      return 'stored';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'taken';
      throw this.explain(error);
    }
  }

  async redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption> {
    try {
      const { Attributes } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.tableName,
          Key: { pk: { S: key } },
          ConditionExpression:
            'attribute_exists(pk) AND expires_at > :now AND (attribute_not_exists(consumed_by) OR consumed_by = :contact)',
          UpdateExpression:
            'SET #status = :consumed, consumed_by = :contact, consumed_at = if_not_exists(consumed_at, :now)',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ':now': { N: String(nowSeconds) },
            ':contact': { S: contactId },
            ':consumed': { S: 'consumed' },
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return { status: 'valid', record: fromItem(Attributes ?? {}) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw this.explain(error);
      return { status: await this.whyNot(key, nowSeconds) };
    }
  }

  async check(): Promise<void> {
    try {
      await this.client.send(new DescribeTableCommand({ TableName: this.tableName }));
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** Creates the table when it is missing. For local mode: elsewhere the table is infrastructure. */
  async createTable(): Promise<void> {
    try {
      await this.client.send(
        new CreateTableCommand({
          TableName: this.tableName,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        }),
      );
    } catch (error) {
      if (!(error instanceof ResourceInUseException)) throw this.explain(error);
    }
  }

  close(): void {
    this.client.destroy();
  }

  /** TTL deletes late, so what has expired may still be there. */
  private async whyNot(key: string, nowSeconds: number): Promise<'invalid' | 'expired' | 'used'> {
    try {
      const { Item } = await this.client.send(
        new GetItemCommand({ TableName: this.tableName, Key: { pk: { S: key } }, ConsistentRead: true }),
      );
      if (Item === undefined) return 'invalid';
      return Number(Item['expires_at']?.N ?? '0') <= nowSeconds ? 'expired' : 'used';
    } catch (error) {
      throw this.explain(error);
    }
  }

  private explain(error: unknown): TandemError {
    const name = error instanceof Error ? error.name : '';
    if (error instanceof ResourceNotFoundException) {
      return new TandemError('STORE_TABLE_MISSING', `DynamoDB has no table named ${this.tableName}.`);
    }
    if (THROTTLED.has(name)) this.onThrottle();
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status !== undefined && status >= 400 && status < 500 && !THROTTLED.has(name)) {
      return new TandemError('STORE_REJECTED', `DynamoDB refused the request (${name}).`);
    }
    return new TandemError('STORE_UNREACHABLE', `DynamoDB did not answer (${name}).`);
  }
}

function toItem(record: HandoverRecord): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]): [string, AttributeValue] =>
      typeof value === 'number' ? [name, { N: String(value) }] : [name, { S: value as string }],
    ),
  );
}

function fromItem(item: Record<string, AttributeValue>): HandoverRecord {
  const text = (name: keyof HandoverRecord): string => item[name]?.S ?? '';
  return {
    handover_id: text('handover_id'),
    conversation_id: text('conversation_id'),
    customer_phone: text('customer_phone'),
    customer_name: text('customer_name'),
    summary: text('summary'),
    intent: text('intent'),
    reason: text('reason'),
    priority: text('priority'),
    language: text('language'),
    queue_arn: text('queue_arn'),
    hubspot_contact_id: text('hubspot_contact_id'),
    hubspot_ticket_id: text('hubspot_ticket_id'),
    crm_url: text('crm_url'),
    created_at: Number(item['created_at']?.N ?? '0'),
    expires_at: Number(item['expires_at']?.N ?? '0'),
  };
}
