import type { Clock } from '../../src/clock.js';
import { type HandoverRecord, MAX_SUMMARY, printable } from '../../src/handover/record.js';
import type { HandoverStore } from '../../src/handover/store.js';
import { candidateTokens, tokenKey } from '../../src/handover/token.js';

export type TokenStatus = 'valid' | 'invalid' | 'expired' | 'used' | 'ani_match' | 'error';

/** Connect's attributes: a flat map of strings, every key always there. */
export type ConnectAnswer = Record<string, string>;

/** Connect tries three times within eight seconds: one attempt takes no longer than this. */
const ATTEMPT_MS = 2500;

/** The answer for whatever Connect sent. Never throws, never rejects. */
export type Redeem = (event: unknown) => Promise<ConnectAnswer>;

export function createRedeemer(options: { store: HandoverStore; pepper: string; clock: Clock }): Redeem {
  const { clock, pepper, store } = options;

  const look = async (token: string, contactId: string): Promise<ConnectAnswer> => {
    let status: TokenStatus = 'invalid';
    for (const candidate of candidateTokens(token)) {
      const redemption = await store.redeem(tokenKey(pepper, candidate), contactId, Math.floor(clock.epochMs() / 1000));
      if (redemption.status === 'valid') return answer('valid', redemption.record);
      if (status === 'invalid') ({ status } = redemption);
    }
    return answer(status);
  };

  return async (event) => {
    try {
      const { contactId, token } = readEvent(event);
      if (contactId === '') return answer('invalid');
      return await inTime(clock, look(token, contactId));
    } catch {
      return answer('error');
    }
  };
}

/** An answer without a record: the caller goes to the default queue. */
export function answer(status: TokenStatus, record?: HandoverRecord): ConnectAnswer {
  const found = record !== undefined;
  const text = (value: string | undefined): string => printable(value ?? '', MAX_SUMMARY);
  // Whether Connect takes an empty value for an attribute is not documented; what the agent needs most is never empty.
  const named = (value: string | undefined): string => text(value) || (found ? 'unknown' : '');
  return {
    token_status: status,
    success: String(found),
    handover_id: text(record?.handover_id),
    conversation_id: text(record?.conversation_id),
    customer_phone: named(record?.customer_phone),
    customer_name: named(record?.customer_name),
    summary: text(record?.summary),
    intent: text(record?.intent),
    reason: text(record?.reason),
    priority: text(record?.priority),
    language: text(record?.language),
    queue_arn: text(record?.queue_arn),
    route_to_queue: String(found && record.queue_arn !== ''),
    hubspot_contact_id: text(record?.hubspot_contact_id),
    hubspot_ticket_id: text(record?.hubspot_ticket_id),
    crm_url: text(record?.crm_url),
  };
}

function readEvent(event: unknown): { contactId: string; token: string } {
  const details = field(event, 'Details');
  const contactId = field(field(details, 'ContactData'), 'ContactId');
  const token = field(field(details, 'Parameters'), 'token');
  return {
    contactId: typeof contactId === 'string' ? contactId.slice(0, 256) : '',
    token: typeof token === 'string' ? token : '',
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function inTime(clock: Clock, work: Promise<ConnectAnswer>): Promise<ConnectAnswer> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ATTEMPT_MS, () => resolve(answer('error')));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
