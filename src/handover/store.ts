import type { HandoverRecord, HandoverUpdate } from './record.js';

/** The result of redeeming a token. `used` means that another contact has redeemed it. */
export type Redemption = { status: 'valid'; record: HandoverRecord } | { status: 'invalid' | 'expired' | 'used' };

/** Holds handover records until the agent's side redeems them. Keys are {@link tokenKey}s, so that no store sees a token. */
export interface HandoverStore {
  /**
   * How far the clock by which records expire is ahead of this machine's, in milliseconds. Absent if both are the same.
   */
  readonly aheadMs?: number;
  /** Resolves to `taken` if a record that has not expired at this one's `created_at` has the key. @throws TandemError STORE_* */
  put(key: string, record: HandoverRecord): Promise<'stored' | 'taken'>;
  /**
   * Claims the record for one contact, atomically. The same contact receives it again, because Connect retries its Lambda;
   * any other contact does not. @throws TandemError STORE_*
   */
  redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption>;
  /** Fills in fields that became known later. Resolves to `false` if the record is gone. @throws TandemError STORE_* */
  update(key: string, fields: HandoverUpdate): Promise<boolean>;
  /** Resolves if the store can be used. @throws TandemError STORE_* with what to do */
  check(): Promise<void>;
  close(): Promise<void>;
}
