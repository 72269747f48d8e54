import { createHash } from 'node:crypto';
import { identifyingNumber } from '../twilio/caller-identity.js';
import { drawHandoverId } from './record.js';
import { oneLine, printable } from './text.js';

/**
 * What a caller left for the team because no agent could take the call. Text fields are plain strings, as in a handover
 * record.
 */
export interface CallbackRecord {
  /** Safe to log. */
  callback_id: string;
  /** `message`: dictated to the assistant. `callback`: a request to be called back. `voicemail`: recorded by Twilio. */
  kind: CallbackKind;
  conversation_id: string;
  call_sid: string;
  /** E.164. Empty if the caller withheld the number. */
  customer_phone: string;
  message: string;
  /** When the caller would like to be called, in their own words. */
  when: string;
  /** Where Twilio keeps the recording; fetching it needs the account's credentials. */
  recording_url: string;
  language: string;
  /** Seconds since the epoch. */
  created_at: number;
  /** Seconds since the epoch; DynamoDB's TTL attribute. */
  expires_at: number;
  status: 'open';
}

export type CallbackKind = 'message' | 'callback' | 'voicemail';

/** Stores callback records beside the handovers, under keys of their own. */
export interface CallbackStore {
  /** Writes `record`, and replaces an earlier one with the same key. @throws TandemError STORE_* */
  keep(key: string, record: CallbackRecord): Promise<void>;
}

/** Prefix of every callback key, for listing. A token's key is hexadecimal and cannot start with it. */
export const CALLBACK_PREFIX = 'callback#';

const MESSAGE_CHARACTERS = 2000;
const FIELD_CHARACTERS = 200;
const URL_CHARACTERS = 512;
const DAYS_KEPT = 7;
/** The time at the beginning of a ULID. */
const ID_TIME_CHARACTERS = 10;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function callbackKey(callbackId: string): string {
  return `${CALLBACK_PREFIX}${callbackId}`;
}

/**
 * Returns the id of a record that there is once in a conversation. Every instance returns the same one, because Twilio may report
 * one recording to two instances.
 */
export function callbackIdOf(kind: CallbackKind, conversationId: string, startedAtMs: number): string {
  const time = drawHandoverId(startedAtMs).slice(0, ID_TIME_CHARACTERS);
  const digest = createHash('sha256').update(`${kind}:${conversationId}`).digest();
  return time + [...digest.subarray(0, 16)].map((byte) => CROCKFORD[byte & 31] ?? '').join('');
}

/** Builds a record with its fields cleaned and cut to size. Ids sort by time, so that a list starts with the oldest. */
export function callbackRecord(
  fields: {
    kind: CallbackKind;
    conversationId: string;
    callSid: string;
    customerPhone: string;
    language: string;
    message?: string;
    when?: string;
    recordingUrl?: string;
  },
  epochMs: number,
  callbackId = drawHandoverId(epochMs),
): CallbackRecord {
  const createdAt = Math.floor(epochMs / 1000);
  return {
    callback_id: callbackId,
    kind: fields.kind,
    conversation_id: printable(fields.conversationId, FIELD_CHARACTERS),
    call_sid: printable(fields.callSid, FIELD_CHARACTERS),
    customer_phone: identifyingNumber(fields.customerPhone) ?? '',
    message: oneLine(fields.message ?? '', MESSAGE_CHARACTERS),
    when: oneLine(fields.when ?? '', FIELD_CHARACTERS),
    recording_url: printable(fields.recordingUrl ?? '', URL_CHARACTERS),
    language: printable(fields.language, FIELD_CHARACTERS),
    created_at: createdAt,
    expires_at: createdAt + DAYS_KEPT * 86_400,
    status: 'open',
  };
}
