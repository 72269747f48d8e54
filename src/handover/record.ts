import { randomBytes } from 'node:crypto';
import { taped } from '../base/taped.js';

/** What the agent's side learns about a call. Text fields are strings, because Amazon Connect's attributes are. */
export interface HandoverRecord {
  /** Independent of the token, so that it is safe to log. */
  handover_id: string;
  conversation_id: string;
  customer_phone: string;
  customer_name: string;
  summary: string;
  /** What Connect's whisper says, and the language it is in. Absent if that is the reason. */
  briefing?: string;
  briefing_language?: string;
  intent: string;
  reason: string;
  priority: string;
  language: string;
  /** Name of the assistant that talked to the caller. Empty in records of earlier versions. */
  assistant: string;
  /** Empty means the flow's default queue. */
  queue_arn: string;
  hubspot_contact_id: string;
  hubspot_ticket_id: string;
  crm_url: string;
  /** Seconds since the epoch. */
  created_at: number;
  /** Seconds since the epoch. DynamoDB's TTL attribute, and also checked on every read. */
  expires_at: number;
  status: 'issued' | 'consumed';
}

/** The fields that may be filled in after the record was written. */
export type HandoverUpdate = Partial<
  Pick<
    HandoverRecord,
    | 'briefing'
    | 'briefing_language'
    | 'customer_name'
    | 'summary'
    | 'hubspot_contact_id'
    | 'hubspot_ticket_id'
    | 'crm_url'
  >
>;

/** Maximum length of a summary in characters. All attributes of a Connect contact share 32 KB. */
export const MAX_SUMMARY = 1000;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Returns a ULID: 48 bits of time and 80 random bits in Crockford's base 32, so that ids sort by time. */
export function drawHandoverId(epochMs: number): string {
  return taped('handover', () => ulid(epochMs));
}

function ulid(epochMs: number): string {
  let time = '';
  for (let rest = Math.floor(epochMs), i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    time = (CROCKFORD[rest % 32] ?? '') + time;
  let bits = BigInt(`0x${randomBytes(10).toString('hex')}`);
  let random = '';
  for (let i = 0; i < 16; i++, bits >>= 5n) random = (CROCKFORD[Number(bits & 31n)] ?? '') + random;
  return time + random;
}
