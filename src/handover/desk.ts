import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import { taped, tapedSecret } from '../base/taped.js';
import { identifyingNumber } from '../twilio/caller-identity.js';
import type { Logger } from '../telemetry/log.js';
import { type CallerIndex, callerKey } from './caller-index.js';
import { type HandoverRecord, type HandoverUpdate, MAX_SUMMARY, drawHandoverId } from './record.js';
import type { HandoverStore } from './store.js';
import { type SpokenTurn, summarize } from './summary.js';
import { printable, printableName } from './text.js';
import { drawToken, tokenKey } from './token.js';

/** What the gateway knows when it decides to hand the call to a human. */
export interface HandoverContext {
  conversationId: string;
  /** E.164, or empty. */
  customerPhone: string;
  customerName?: string;
  /** What was known before the call, as a sentence. It comes before the summary. */
  known?: string | undefined;
  turns: readonly SpokenTurn[];
  /** What Connect's whisper says. `undefined` if that is the reason. */
  briefing?: { words: string; language: string } | undefined;
  intent: string;
  reason: string;
  priority: string;
  language: string;
  /** Name of the assistant that talked to the caller. */
  assistant: string;
  /** Empty means the flow's default queue. */
  queueArn: string;
}

export interface PreparedHandover {
  /** Safe to log. */
  handoverId: string;
  /** 10 digits; secret until redeemed. Never log it. */
  token: string;
}

export interface HandoverDeskOptions {
  store: HandoverStore;
  /** Without it, handovers cannot be found by the caller's number. */
  callers?: CallerIndex | undefined;
  pepper: string;
  ttlSeconds: number;
  clock: Clock;
  log: Logger;
}

/** With 4·10⁹ tokens to draw from, even two collisions in a row point to a fault. */
const MAX_DRAWS = 4;
const FIELD_CHARACTERS = 128;
const LONG_FIELD_CHARACTERS = 512;

/** Writes handover records and hands out the tokens that open them. */
export class HandoverDesk {
  private readonly options: HandoverDeskOptions;

  constructor(options: HandoverDeskOptions) {
    this.options = options;
  }

  /**
   * Writes a record under a new token, with one conditional write a draw. Rejects with STORE_* if the store fails, and with
   * TOKEN_EXHAUSTED if every drawn token is taken.
   */
  async prepare(context: HandoverContext): Promise<PreparedHandover> {
    const { store, pepper, log } = this.options;
    const record = this.recordOf(context);
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const token = tapedSecret('token', drawToken);
      const key = tokenKey(pepper, token);
      if ((await store.put(key, record)) === 'stored') {
        // Beside the dial, so that a slow index does not cost the record its time.
        void this.link(key, record);
        return { handoverId: record.handover_id, token };
      }
      log.warn(idsOf(record), 'handover token already in use; drawing another');
    }
    throw new TandemError('TOKEN_EXHAUSTED', `The handover store reported ${MAX_DRAWS} new tokens in a row as taken.`);
  }

  /**
   * Fills in fields that became known later. A name in letters that the agent's side cannot show does not replace another one.
   * Resolves to `false` if the record is gone. Rejects with STORE_*.
   */
  async update(prepared: PreparedHandover, fields: HandoverUpdate): Promise<boolean> {
    const clean = Object.entries(fields).flatMap(([name, value]) => {
      if (name !== 'customer_name') return [[name, printable(value, limitOf(name))]];
      const shown = printableName(value, FIELD_CHARACTERS);
      return shown === '' ? [] : [[name, shown]];
    });
    if (clean.length === 0) return true;
    const { store, pepper } = this.options;
    return store.update(tokenKey(pepper, prepared.token), Object.fromEntries(clean) as HandoverUpdate);
  }

  /** Lets the Lambda find the record by the caller's number if the digits are lost. The token works without the link. */
  private async link(key: string, record: HandoverRecord): Promise<void> {
    const { callers, log, pepper } = this.options;
    const number = identifyingNumber(record.customer_phone);
    if (callers === undefined || number === undefined) return;
    try {
      await callers.link(callerKey(pepper, number), key, record.created_at, record.expires_at);
    } catch (error) {
      log.warn(
        { err: error, ...idsOf(record) },
        "linking a handover to the caller's number failed; only its token finds it",
      );
    }
  }

  private recordOf(context: HandoverContext): HandoverRecord {
    const { clock, store, ttlSeconds } = this.options;
    const aheadMs = taped('store clock', () => store.aheadMs ?? 0);
    const createdAt = Math.floor((clock.epochMs() + aheadMs) / 1000);
    return {
      handover_id: drawHandoverId(clock.epochMs()),
      conversation_id: printable(context.conversationId, FIELD_CHARACTERS),
      customer_phone: printable(context.customerPhone, FIELD_CHARACTERS),
      customer_name: printableName(context.customerName ?? 'unknown', FIELD_CHARACTERS),
      summary: withKnown(context.known, summarize(context.turns, context.language)),
      ...(context.briefing === undefined ? {} : briefingFields(context.briefing)),
      intent: printable(context.intent, FIELD_CHARACTERS),
      reason: printable(context.reason, FIELD_CHARACTERS),
      priority: printable(context.priority, FIELD_CHARACTERS),
      language: printable(context.language, FIELD_CHARACTERS),
      assistant: printable(context.assistant, FIELD_CHARACTERS),
      queue_arn: printable(context.queueArn, LONG_FIELD_CHARACTERS),
      hubspot_contact_id: '',
      hubspot_ticket_id: '',
      crm_url: '',
      created_at: createdAt,
      expires_at: createdAt + ttlSeconds,
      status: 'issued',
    };
  }
}

/** Returns a summary with what was known before the call. */
export function withKnown(known: string | undefined, summary: string): string {
  return known === undefined ? summary : printable(`${known} ${summary}`, MAX_SUMMARY);
}

function briefingFields({ language, words }: NonNullable<HandoverContext['briefing']>): HandoverUpdate {
  return {
    briefing: printable(words, LONG_FIELD_CHARACTERS),
    briefing_language: printable(language, FIELD_CHARACTERS),
  };
}

/** The record's ids for the log, before the log knows that they belong together. */
function idsOf({ conversation_id, handover_id }: HandoverRecord): Record<string, string> {
  return { conversation_id, handover_id };
}

function limitOf(field: string): number {
  if (field === 'summary') return MAX_SUMMARY;
  return field === 'crm_url' || field === 'briefing' ? LONG_FIELD_CHARACTERS : FIELD_CHARACTERS;
}
