import type { HandoverRecord, HandoverUpdate } from './record.js';

/** What redeeming a token came to. `used`: by another contact. */
export type Redemption = { status: 'valid'; record: HandoverRecord } | { status: 'invalid' | 'expired' | 'used' };

/** Where handovers wait for the human's side. Keys are {@link tokenKey}s: no store ever sees a token. */
export interface HandoverStore {
  /** `taken` when a record that is live at this one's `created_at` has the key. @throws TandemError STORE_* */
  put(key: string, record: HandoverRecord): Promise<'stored' | 'taken'>;
  /**
   * Claims the record for one contact, atomically. The same contact gets it again (Connect retries its Lambda); no other
   * contact does. @throws TandemError STORE_*
   */
  redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption>;
  /** Fills in what became known later; false when there is no such record any more. @throws TandemError STORE_* */
  update(key: string, fields: HandoverUpdate): Promise<boolean>;
  /** Whether it can be used at all. @throws TandemError STORE_* with what to do */
  check(): Promise<void>;
  close(): Promise<void>;
}
