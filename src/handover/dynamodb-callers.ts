import { type AttributeValue, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type CallerIndex, type LinkedRecord, MAX_LINKS, unambiguous } from './caller-index.js';
import { type Item, numberOf, textOf } from './dynamodb-item.js';
import type { Redemption } from './store.js';

/** The operations of the table that also holds the handover records. */
export interface CallerTable {
  tableName: string;
  get(command: GetItemCommand): Promise<Item | undefined>;
  /** Resolves to `false` if the condition did not hold. */
  write(command: UpdateItemCommand): Promise<boolean>;
  redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption>;
}

const IS_LIVE = 'attribute_exists(pk) AND expires_at > :now';
const IS_NOT_LIVE = 'attribute_not_exists(pk) OR expires_at <= :now';

/** Keeps two more kinds of items in the table: the handovers of a number, and the count of its wrong tokens. */
export class DynamoDbCallers implements CallerIndex {
  private readonly table: CallerTable;

  constructor(table: CallerTable) {
    this.table = table;
  }

  async link(callerKey: string, tokenKey: string, nowSeconds: number, expiresAt: number): Promise<void> {
    await this.addOrBegin(callerKey, nowSeconds, {
      update: 'ADD handovers :entry SET expires_at = :end',
      values: { ':entry': { SS: [tokenKey] }, ':end': { N: String(expiresAt) } },
      fresh: { handovers: { SS: [tokenKey] }, expires_at: { N: String(expiresAt) } },
    });
  }

  async redeemByCaller(callerKey: string, contactId: string, nowSeconds: number): Promise<Redemption> {
    const item = await this.find(callerKey);
    const keys = item?.['handovers']?.SS ?? [];
    if (keys.length > MAX_LINKS) return { status: 'invalid' };
    const records = await Promise.all(keys.map((key) => this.linked(key)));
    const found = unambiguous(
      records.filter((record) => record !== undefined),
      contactId,
      nowSeconds,
    );
    return found === undefined ? { status: 'invalid' } : this.table.redeem(found, contactId, nowSeconds);
  }

  async failures(triesKey: string, nowSeconds: number): Promise<number> {
    const item = await this.find(triesKey);
    return item === undefined || numberOf(item, 'expires_at') <= nowSeconds ? 0 : numberOf(item, 'tries');
  }

  async countFailure(triesKey: string, nowSeconds: number, windowSeconds: number): Promise<void> {
    await this.addOrBegin(triesKey, nowSeconds, {
      update: 'ADD tries :one',
      values: { ':one': { N: '1' } },
      fresh: { tries: { N: '1' }, expires_at: { N: String(nowSeconds + windowSeconds) } },
    });
  }

  /** Adds to a live item, or starts a new one. DynamoDB may keep an expired item for days, and it must not count. */
  private async addOrBegin(
    key: string,
    nowSeconds: number,
    entry: { update: string; values: Record<string, AttributeValue>; fresh: Item },
  ): Promise<void> {
    const { tableName: TableName } = this.table;
    const now = { ':now': { N: String(nowSeconds) } };
    const add = new UpdateItemCommand({
      TableName,
      Key: { pk: { S: key } },
      ConditionExpression: IS_LIVE,
      UpdateExpression: entry.update,
      ExpressionAttributeValues: { ...now, ...entry.values },
    });
    if (await this.table.write(add)) return;
    // Replaces an expired item by an update, not a put, because the Lambda has no permission to put.
    const names = Object.keys(entry.fresh);
    const begin = new UpdateItemCommand({
      TableName,
      Key: { pk: { S: key } },
      ConditionExpression: IS_NOT_LIVE,
      UpdateExpression: `SET ${names.map((name) => `${name} = :new_${name}`).join(', ')}`,
      ExpressionAttributeValues: {
        ...now,
        ...Object.fromEntries(Object.entries(entry.fresh).map(([name, value]) => [`:new_${name}`, value])),
      },
    });
    if (await this.table.write(begin)) return;
    // Another process started the item between the two writes.
    await this.table.write(add);
  }

  private async linked(tokenKey: string): Promise<LinkedRecord | undefined> {
    const item = await this.find(tokenKey);
    if (item === undefined) return undefined;
    return {
      tokenKey,
      conversationId: textOf(item, 'conversation_id'),
      createdAt: numberOf(item, 'created_at'),
      expiresAt: numberOf(item, 'expires_at'),
      consumedBy: textOf(item, 'consumed_by'),
    };
  }

  private find(key: string): Promise<Item | undefined> {
    return this.table.get(
      new GetItemCommand({ TableName: this.table.tableName, Key: { pk: { S: key } }, ConsistentRead: true }),
    );
  }
}
