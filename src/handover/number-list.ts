import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Item, textOf } from './dynamodb-item.js';

/**
 * A list of numbers that must not be called, beside the handover records. Keys are made from numbers with a secret, so that no
 * store sees a number. An entry has no end.
 */
export interface NumberList {
  /** Adds an entry; an entry that is there already stays. @throws TandemError STORE_* */
  add(key: string, nowSeconds: number): Promise<void>;
  /** @throws TandemError STORE_* */
  has(key: string): Promise<boolean>;
  /** Returns the mark of the list. The first one that is given is kept. @throws TandemError STORE_* */
  mark(mark: string): Promise<string>;
}

/** The operations of the table that also holds the handover records. */
export interface NumberTable {
  tableName: string;
  get(command: GetItemCommand): Promise<Item | undefined>;
  /** Resolves to `false` if the condition did not hold. */
  put(command: PutItemCommand): Promise<boolean>;
}

const PREFIX = 'do-not-call#';
const MARK_KEY = `${PREFIX}mark`;

/** Keeps the list in the table, as items without the attribute by which DynamoDB deletes old ones. */
export class DynamoDbNumberList implements NumberList {
  private readonly table: NumberTable;

  constructor(table: NumberTable) {
    this.table = table;
  }

  async add(key: string, nowSeconds: number): Promise<void> {
    await this.putOnce(PREFIX + key, { created_at: { N: String(nowSeconds) } });
  }

  async has(key: string): Promise<boolean> {
    return (await this.find(PREFIX + key)) !== undefined;
  }

  async mark(mark: string): Promise<string> {
    const known = await this.find(MARK_KEY);
    if (known !== undefined) return textOf(known, 'mark');
    if (await this.putOnce(MARK_KEY, { mark: { S: mark } })) return mark;
    return textOf((await this.find(MARK_KEY)) ?? {}, 'mark');
  }

  private putOnce(pk: string, fields: Item): Promise<boolean> {
    const { tableName: TableName } = this.table;
    return this.table.put(
      new PutItemCommand({
        TableName,
        Item: { pk: { S: pk }, ...fields },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  }

  private find(pk: string): Promise<Item | undefined> {
    const { tableName: TableName } = this.table;
    return this.table.get(new GetItemCommand({ TableName, Key: { pk: { S: pk } }, ConsistentRead: true }));
  }
}
