import type { Clock } from '../clock.js';
import { TandemError } from '../errors.js';
import type { Logger } from '../log.js';
import { drawHandoverId, printable } from './record.js';
import type { HandoverStore } from './store.js';
import { type SpokenTurn, summarize } from './summary.js';
import { drawToken, tokenKey } from './token.js';

/** What is known about a call when a human is called in. */
export interface HandoverContext {
  conversationId: string;
  /** E.164, or what the network gives for a withheld number. */
  customerPhone: string;
  customerName?: string;
  turns: readonly SpokenTurn[];
  intent: string;
  reason: string;
  priority: string;
  language: string;
  /** Empty: the flow's default queue. */
  queueArn: string;
}

export interface PreparedHandover {
  handoverId: string;
  /** For the called leg alone; never logged, never stored. */
  token: string;
}

/** Draws again so often when a token is taken; with ten digits the second draw is already one in a million. */
const MAX_DRAWS = 5;

/** Writes the record that the human's side will ask for. */
export class HandoverDesk {
  private readonly store: HandoverStore;
  private readonly pepper: string;
  private readonly ttlSeconds: number;
  private readonly clock: Clock;
  private readonly log: Logger;

  constructor(options: { store: HandoverStore; pepper: string; ttlSeconds: number; clock: Clock; log: Logger }) {
    this.store = options.store;
    this.pepper = options.pepper;
    this.ttlSeconds = options.ttlSeconds;
    this.clock = options.clock;
    this.log = options.log;
  }

  /** One conditional put. @throws TandemError STORE_*, TOKEN_EXHAUSTED */
  async prepare(context: HandoverContext): Promise<PreparedHandover> {
    const epochMs = this.clock.epochMs();
    const nowSeconds = Math.floor(epochMs / 1000);
    const handoverId = drawHandoverId(epochMs);
    const record = {
      handover_id: handoverId,
      conversation_id: context.conversationId,
      customer_phone: printable(context.customerPhone, 64),
      customer_name: printable(context.customerName ?? 'unknown', 128),
      summary: summarize(context.turns),
      intent: context.intent,
      reason: context.reason,
      priority: context.priority,
      language: context.language,
      queue_arn: context.queueArn,
      hubspot_contact_id: '',
      hubspot_ticket_id: '',
      crm_url: '',
      created_at: nowSeconds,
      expires_at: nowSeconds + this.ttlSeconds,
    };
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const token = drawToken();
      if ((await this.store.put(tokenKey(this.pepper, token), record, nowSeconds)) === 'stored') return { handoverId, token };
      this.log.warn({ draw }, 'handover token was taken; drawing another');
    }
    throw new TandemError('TOKEN_EXHAUSTED', `${MAX_DRAWS} tokens in a row were taken.`);
  }
}
