import { createHmac } from 'node:crypto';
import { identifyingNumber } from '../twilio/caller-identity.js';
import type { Redemption } from './store.js';

/**
 * Finds a handover by the caller's number when its digits were lost in transit, and counts wrong tokens of a number, so
 * that a number which guesses is not matched. Keys are {@link callerKey}s and {@link triesKey}s, so that no store sees a number here.
 */
export interface CallerIndex {
  /** Links the record under `tokenKey` to this caller. @throws TandemError STORE_* */
  link(callerKey: string, tokenKey: string, nowSeconds: number, expiresAt: number): Promise<void>;
  /**
   * Redeems this caller's handover if exactly one conversation has a live record that no other contact has redeemed. The
   * same contact receives the same record again. @throws TandemError STORE_*
   */
  redeemByCaller(callerKey: string, contactId: string, nowSeconds: number): Promise<Redemption>;
  /** Returns the number of wrong tokens in the current window. @throws TandemError STORE_* */
  failures(triesKey: string, nowSeconds: number): Promise<number>;
  /** Counts one more wrong token. The first one opens a window of `windowSeconds`. @throws TandemError STORE_* */
  countFailure(triesKey: string, nowSeconds: number, windowSeconds: number): Promise<void>;
}

/** The fields of a record that decide whether it is the caller's handover. */
export interface LinkedRecord {
  tokenKey: string;
  conversationId: string;
  createdAt: number;
  expiresAt: number;
  /** The contact that redeemed the record. Empty if none has. */
  consumedBy: string;
}

/** Maximum number of handovers linked to one number. More than this cannot belong to one caller. */
export const MAX_LINKS = 16;

/**
 * The key of the record that the contact may have. `undefined` if the choice is ambiguous. Several tokens of one
 * conversation are one handover that was dialled again, so the latest counts.
 */
export function unambiguous(
  records: readonly LinkedRecord[],
  contactId: string,
  nowSeconds: number,
): string | undefined {
  const own = records.find((record) => record.consumedBy === contactId);
  if (own !== undefined) return own.tokenKey;
  const consumed = new Set(
    records.filter(({ consumedBy }) => consumedBy !== '').map((record) => record.conversationId),
  );
  const live = records.filter(
    ({ consumedBy, conversationId, expiresAt }) =>
      consumedBy === '' && expiresAt > nowSeconds && !consumed.has(conversationId),
  );
  if (new Set(live.map((record) => record.conversationId)).size !== 1) return undefined;
  return live.toSorted((a, b) => b.createdAt - a.createdAt)[0]?.tokenKey;
}

export function callerKey(pepper: string, number: string): string {
  return createHmac('sha256', pepper).update(`ani:${number}`).digest('hex');
}

/**
 * The key under which wrong tokens of a number are counted. `undefined` for a number that does not identify a caller:
 * many callers share it, and one of them must not use up the tries of the others.
 */
export function triesKey(pepper: string, number: string): string | undefined {
  const identifying = identifyingNumber(number);
  return identifying === undefined
    ? undefined
    : createHmac('sha256', pepper).update(`tries:${identifying}`).digest('hex');
}
