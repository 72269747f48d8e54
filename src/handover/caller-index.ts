import { createHmac } from 'node:crypto';
import type { Redemption } from './store.js';

/**
 * What the store knows by a caller's number, for when the digits were lost on the way, and to slow down who guesses.
 * Keys are {@link callerKey}s and {@link triesKey}s: no store sees a number here.
 */
export interface CallerIndex {
  /** Notes that the record under `tokenKey` is this caller's. @throws TandemError STORE_* */
  link(callerKey: string, tokenKey: string, nowSeconds: number, expiresAt: number): Promise<void>;
  /**
   * Redeems this caller's handover, when there is exactly one conversation with a live record that no other contact has.
   * The same contact gets the same record again. @throws TandemError STORE_*
   */
  redeemByCaller(callerKey: string, contactId: string, nowSeconds: number): Promise<Redemption>;
  /** Wrong tokens in the current window. @throws TandemError STORE_* */
  failures(triesKey: string, nowSeconds: number): Promise<number>;
  /** Counts one more; the first opens a window of `windowSeconds`. @throws TandemError STORE_* */
  countFailure(triesKey: string, nowSeconds: number, windowSeconds: number): Promise<void>;
}

/** A record as seen while a caller's handover is looked for. */
export interface LinkedRecord {
  tokenKey: string;
  conversationId: string;
  createdAt: number;
  expiresAt: number;
  /** Empty: nobody has it. */
  consumedBy: string;
}

/** More handovers than this of one number at once are not one caller's. */
export const MAX_LINKS = 16;

/**
 * Which of a number's records the contact may have; undefined when it is not clear. Several tokens of one conversation
 * are one handover that was dialled again: the last counts.
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

/** A number that can stand for one caller: E.164. Undefined for withheld and made-up ones, which many callers share. */
export function identifyingNumber(number: string): string | undefined {
  if (!/^\+[1-9]\d{6,14}$/.test(number)) return undefined;
  return WITHHELD.has(number) ? undefined : number;
}

/** What carriers send in place of a withheld number: "anonymous", "restricted", "unavailable", "unknown" on a keypad (Twilio's documentation of caller ids). */
const WITHHELD: ReadonlySet<string> = new Set(['+266696687', '+7378742833', '+2562533', '+8656696', '+86282452253']);

export function callerKey(pepper: string, number: string): string {
  return createHmac('sha256', pepper).update(`ani:${number}`).digest('hex');
}

/** Numbers that identify nobody share a count. */
export function triesKey(pepper: string, number: string): string {
  return createHmac('sha256', pepper)
    .update(`tries:${identifyingNumber(number) ?? 'withheld'}`)
    .digest('hex');
}
