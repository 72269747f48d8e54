import { TandemError } from '../../src/base/errors.js';
import type { CallbackRecord, CallbackStore } from '../../src/handover/callbacks.js';
import type { HandoverRecord, HandoverUpdate } from '../../src/handover/record.js';
import type { HandoverStore, Redemption } from '../../src/handover/store.js';

/** A store that throttles the writes for some calls, as DynamoDB does when a table is asked for too much. */
export class BreakableStore implements HandoverStore, CallbackStore {
  private readonly store: HandoverStore & CallbackStore;
  /** Whether the writes for this conversation are throttled. */
  private readonly isThrottled: (conversationId: string) => boolean;
  /** The conversation of each record that was written, by its key. The oldest go first. */
  private readonly conversations = new Map<string, string>();

  constructor(store: HandoverStore & CallbackStore, isThrottled: (conversationId: string) => boolean) {
    this.store = store;
    this.isThrottled = isThrottled;
  }

  async put(key: string, record: HandoverRecord): Promise<'stored' | 'taken'> {
    this.letThrough('PutItem', record.conversation_id);
    this.conversations.set(key, record.conversation_id);
    const [oldest] = this.conversations.keys();
    if (oldest !== undefined && this.conversations.size > MAX_RECORDS) this.conversations.delete(oldest);
    return this.store.put(key, record);
  }

  async update(key: string, fields: HandoverUpdate): Promise<boolean> {
    this.letThrough('UpdateItem', this.conversations.get(key));
    return this.store.update(key, fields);
  }

  async keep(key: string, record: CallbackRecord): Promise<void> {
    this.letThrough('PutItem', record.conversation_id);
    return this.store.keep(key, record);
  }

  redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption> {
    return this.store.redeem(key, contactId, nowSeconds);
  }

  check(): Promise<void> {
    return this.store.check();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private letThrough(operation: string, conversationId: string | undefined): void {
    if (conversationId === undefined || !this.isThrottled(conversationId)) return;
    throw new TandemError('STORE_THROTTLED', `DynamoDB ${operation} was throttled by the operator.`);
  }
}

const MAX_RECORDS = 1000;
