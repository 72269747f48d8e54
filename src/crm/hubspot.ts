import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { type Contact, Contacts } from './contacts.js';
import { HubSpotApi, type HubSpotLink } from './hubspot-api.js';
import { SingleFlight } from '../base/single-flight.js';
import { noteProperties, subjectToken, ticketProperties } from './ticket.js';

/** One handover, as the team's CRM is to know it. */
export interface CrmCase {
  /** The same for every try to put this caller through. */
  conversationId: string;
  /** Undefined when no record could be written. */
  handoverId: string | undefined;
  /** E.164; empty when the number is withheld. */
  customerPhone: string;
  reason: string;
  intent: string;
  /** As in Connect: less is more urgent. */
  priority: string;
  language: string;
  /** A promise must settle soon, and not reject: closing waits for it. */
  summary: string | Promise<string>;
  /** Takes what the human's side should see, as it becomes known; false when it cannot any more. May reject. */
  tell: (found: CrmFindings) => Promise<boolean>;
  log: Logger;
}

export interface CrmFindings {
  customer_name?: string;
  hubspot_contact_id?: string;
  hubspot_ticket_id?: string;
  crm_url?: string;
}

/** `partial`: something is in HubSpot, or known to the record, and something is not. */
export type CrmOutcome = 'complete' | 'partial' | 'failed' | 'dropped' | 'abandoned';

export interface HubSpotOptions {
  baseUrl: string;
  accessToken: string;
  apiVersion: string;
  /** Internal ids of the pipeline and the stage a new ticket begins in. */
  pipeline: string;
  stage: string;
  clock: Clock;
  count: (outcome: CrmOutcome, seconds: number) => void;
}

interface Progress {
  contactId?: string;
  ticketId?: string;
  url?: string;
  hasNote: boolean;
  isTold: boolean;
}

/** More at once would only wait for HubSpot's limits, and hold memory meanwhile. */
const MAX_OPEN = 200;
const TICKET_REMEMBERED_MS = 60 * 60_000;
const MAX_TICKETS = 5000;
const RECORDS_URL_MS = 24 * 60 * 60_000;
/** Object type ids in HubSpot's own addresses. */
const PLACES = { contact: '0-1', ticket: '0-5' } as const;

/**
 * Writes handovers to HubSpot beside the call: a contact, a ticket, a note. Nothing on the call's way waits for it; what
 * it finds is told as soon as it is known.
 */
export class HubSpot {
  private readonly options: HubSpotOptions;
  private readonly api: HubSpotApi;
  private readonly contacts: Contacts;
  private readonly tickets: SingleFlight<string>;
  private readonly recordsUrl: SingleFlight<string | undefined>;
  private readonly open = new Set<Promise<void>>();
  private base: string | undefined;

  constructor(options: HubSpotOptions) {
    const { clock } = options;
    this.options = options;
    this.api = new HubSpotApi(options);
    this.contacts = new Contacts(this.api, clock);
    this.tickets = new SingleFlight({ clock, rememberedMs: TICKET_REMEMBERED_MS, maxEntries: MAX_TICKETS });
    this.recordsUrl = new SingleFlight({ clock, rememberedMs: RECORDS_URL_MS, maxEntries: 1 });
  }

  /** Starts and returns at once. Never throws. */
  begin(crmCase: CrmCase): void {
    if (this.api.isClosed || this.open.size >= MAX_OPEN) {
      crmCase.log.warn(
        { handover_id: crmCase.handoverId },
        'too many handovers wait for HubSpot; this one is left out',
      );
      this.options.count('dropped', 0);
      return;
    }
    const work = this.handle(crmCase).finally(() => this.open.delete(work));
    this.open.add(work);
  }

  /** What is under way is given up. */
  async close(): Promise<void> {
    this.api.close();
    await Promise.all(this.open);
  }

  private async handle(crmCase: CrmCase): Promise<void> {
    const { clock, count } = this.options;
    const { handoverId, log } = crmCase;
    const startedMs = clock.now();
    const progress: Progress = { hasNote: false, isTold: true };
    try {
      await this.write(crmCase, progress);
    } catch (error) {
      if (!this.api.isClosed) log.warn({ err: error, handover_id: handoverId }, 'HubSpot did not take the handover');
    }
    const outcome = outcomeOf(progress, this.api.isClosed);
    count(outcome, (clock.now() - startedMs) / 1000);
    const { contactId, ticketId } = progress;
    const fields = { handover_id: handoverId, outcome, hubspot_contact_id: contactId, hubspot_ticket_id: ticketId };
    log.info(fields, 'writing the handover to HubSpot has ended');
  }

  private async write(crmCase: CrmCase, progress: Progress): Promise<void> {
    this.learnBase(crmCase.log);
    const contact = await this.contact(crmCase);
    if (contact !== undefined) {
      progress.contactId = contact.id;
      await this.tell(crmCase, progress, {
        hubspot_contact_id: contact.id,
        ...(contact.name === undefined ? {} : { customer_name: contact.name }),
        ...this.urlOf('contact', contact.id, progress),
      });
    }
    const ticketId = await this.ticket(crmCase, contact);
    progress.ticketId = ticketId;
    await this.tell(crmCase, progress, { hubspot_ticket_id: ticketId, ...this.urlOf('ticket', ticketId, progress) });
    await this.note(crmCase, ticketId, contact);
    progress.hasNote = true;
    const url = this.urlOf('ticket', ticketId, progress);
    if (url.crm_url !== undefined) await this.tell(crmCase, progress, url);
  }

  /** A ticket without its contact is better than none. */
  private async contact({ customerPhone, handoverId, log }: CrmCase): Promise<Contact | undefined> {
    if (customerPhone === '') return undefined;
    try {
      return await this.contacts.withPhone(customerPhone);
    } catch (error) {
      if (this.api.isClosed) throw error;
      log.warn({ err: error, handover_id: handoverId }, 'HubSpot did not give a contact; going on without one');
      return undefined;
    }
  }

  /** One for a conversation: a caller who is put through again keeps it. */
  private ticket(crmCase: CrmCase, contact: Contact | undefined): Promise<string> {
    const { conversationId, customerPhone } = crmCase;
    return this.tickets.get(conversationId, async () => {
      try {
        return await this.api.create('tickets', ticketProperties(crmCase, this.options), linksTo(contact), [
          { propertyName: 'subject', operator: 'CONTAINS_TOKEN', value: subjectToken(crmCase) },
        ]);
      } catch (error) {
        this.contacts.forget(customerPhone);
        throw error;
      }
    });
  }

  private async note(crmCase: CrmCase, ticketId: string, contact: Contact | undefined): Promise<void> {
    const reference = crmCase.handoverId ?? crmCase.conversationId;
    const properties = noteProperties(await crmCase.summary, reference, this.options.clock.epochMs());
    await this.api.create(
      'notes',
      properties,
      [{ to: 'tickets', id: ticketId }, ...linksTo(contact)],
      [{ propertyName: 'hs_note_body', operator: 'CONTAINS_TOKEN', value: reference }],
    );
  }

  private async tell(crmCase: CrmCase, progress: Progress, found: CrmFindings): Promise<void> {
    const { handoverId, log, tell } = crmCase;
    if (handoverId === undefined) return;
    try {
      if (await tell(found)) return;
      log.warn({ handover_id: handoverId }, 'the handover record is gone; what HubSpot says comes too late');
    } catch (error) {
      log.warn({ err: error, handover_id: handoverId }, 'the handover record could not take what HubSpot says');
    }
    progress.isTold = false;
  }

  /** Nothing waits for it: ids are worth more than the address they stand at. */
  private learnBase(log: Logger): void {
    this.recordsUrl
      .get('', () => this.api.recordsUrl())
      .then(
        (url) => (this.base = url),
        (error: unknown) => {
          if (!this.api.isClosed)
            log.warn({ err: error }, 'HubSpot did not say where its records are; crm_url stays empty');
        },
      );
  }

  /** Empty while the account's address is not known, and when the same was told before. */
  private urlOf(what: keyof typeof PLACES, id: string, progress: Progress): { crm_url?: string } {
    if (this.base === undefined) return {};
    const url = `${this.base}/record/${PLACES[what]}/${id}`;
    if (progress.url === url) return {};
    progress.url = url;
    return { crm_url: url };
  }
}

function linksTo(contact: Contact | undefined): HubSpotLink[] {
  return contact === undefined ? [] : [{ to: 'contacts', id: contact.id }];
}

function outcomeOf({ contactId, hasNote, isTold, ticketId }: Progress, isClosed: boolean): CrmOutcome {
  if (hasNote && isTold) return 'complete';
  if (isClosed) return 'abandoned';
  return contactId === undefined && ticketId === undefined ? 'failed' : 'partial';
}
