import { type CallerIndex, MAX_LINKS, unambiguous } from '../../src/handover/caller-index.js';
import type { HandoverRecord, HandoverUpdate } from '../../src/handover/record.js';
import type { HandoverStore, Redemption } from '../../src/handover/store.js';

interface Kept {
  record: HandoverRecord;
  consumedBy: string;
}

/** Keeps handover records in this process, for tests and benchmarks in which a real table would be too slow. */
export class MemoryStore implements HandoverStore, CallerIndex {
  private readonly records = new Map<string, Kept>();
  private readonly links = new Map<string, { tokenKeys: Set<string>; expiresAt: number }>();
  private readonly tries = new Map<string, { count: number; expiresAt: number }>();

  put(key: string, record: HandoverRecord): Promise<'stored' | 'taken'> {
    const existing = this.records.get(key);
    if (existing !== undefined && existing.record.expires_at > record.created_at) return Promise.resolve('taken');
    this.records.set(key, { record: { ...record }, consumedBy: '' });
    return Promise.resolve('stored');
  }

  redeem(key: string, contactId: string, nowSeconds: number): Promise<Redemption> {
    const kept = this.records.get(key);
    if (kept === undefined) return Promise.resolve({ status: 'invalid' });
    const isOwn = kept.consumedBy === contactId;
    if (!isOwn && kept.consumedBy !== '') return Promise.resolve({ status: 'used' });
    if (!isOwn && kept.record.expires_at <= nowSeconds) return Promise.resolve({ status: 'expired' });
    kept.consumedBy = contactId;
    kept.record.status = 'consumed';
    return Promise.resolve({ status: 'valid', record: { ...kept.record } });
  }

  update(key: string, fields: HandoverUpdate): Promise<boolean> {
    const kept = this.records.get(key);
    if (kept !== undefined) Object.assign(kept.record, fields);
    return Promise.resolve(kept !== undefined);
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  link(callerKey: string, tokenKey: string, nowSeconds: number, expiresAt: number): Promise<void> {
    const existing = this.links.get(callerKey);
    const tokenKeys =
      existing !== undefined && existing.expiresAt > nowSeconds ? existing.tokenKeys : new Set<string>();
    this.links.set(callerKey, { tokenKeys: tokenKeys.add(tokenKey), expiresAt });
    return Promise.resolve();
  }

  redeemByCaller(callerKey: string, contactId: string, nowSeconds: number): Promise<Redemption> {
    const tokenKeys = [...(this.links.get(callerKey)?.tokenKeys ?? [])];
    const linked = tokenKeys.flatMap((tokenKey) => {
      const kept = this.records.get(tokenKey);
      if (kept === undefined) return [];
      const { conversation_id, created_at, expires_at } = kept.record;
      const { consumedBy } = kept;
      return [{ tokenKey, conversationId: conversation_id, createdAt: created_at, expiresAt: expires_at, consumedBy }];
    });
    const found = tokenKeys.length > MAX_LINKS ? undefined : unambiguous(linked, contactId, nowSeconds);
    return found === undefined ? Promise.resolve({ status: 'invalid' }) : this.redeem(found, contactId, nowSeconds);
  }

  failures(triesKey: string, nowSeconds: number): Promise<number> {
    return Promise.resolve(this.liveTries(triesKey, nowSeconds)?.count ?? 0);
  }

  countFailure(triesKey: string, nowSeconds: number, windowSeconds: number): Promise<void> {
    const live = this.liveTries(triesKey, nowSeconds);
    if (live === undefined) this.tries.set(triesKey, { count: 1, expiresAt: nowSeconds + windowSeconds });
    else live.count++;
    return Promise.resolve();
  }

  private liveTries(triesKey: string, nowSeconds: number): { count: number } | undefined {
    const tries = this.tries.get(triesKey);
    return tries !== undefined && tries.expiresAt > nowSeconds ? tries : undefined;
  }
}
