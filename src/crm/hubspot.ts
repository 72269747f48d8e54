import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { type Contact, Contacts, nameOf, numberConditions } from './contacts.js';
import { HubSpotApi, type HubSpotLink } from './hubspot-api.js';
import { SingleFlight } from '../base/single-flight.js';
import { noteProperties, subjectToken, ticketProperties } from './ticket.js';

/** One handover, as it is written to the CRM. */
export interface CrmCase {
  /** The same for every handover of one conversation. */
  conversationId: string;
  /** `undefined` if no handover record could be written. */
  handoverId: string | undefined;
  /** E.164. Empty if the number is withheld. */
  customerPhone: string;
  reason: string;
  intent: string;
  /** As in Amazon Connect, a lower number is more urgent. */
  priority: string;
  language: string;
  /** A promise must settle soon and not reject, because closing waits for it. */
  summary: string | Promise<string>;
  /** Receives what the agent should see, as it becomes known. Resolves to `false` if the record is gone. May reject. */
  tell: (found: CrmFindings) => Promise<boolean>;
  log: Logger;
  /** Called once, when it is written or given up. Must not throw. */
  onEnd?: (outcome: CrmOutcome, tookMs: number) => void;
}

export interface CrmFindings {
  customer_name?: string;
  hubspot_contact_id?: string;
  hubspot_ticket_id?: string;
  crm_url?: string;
}

/** `partial` means that some objects are in HubSpot or in the handover record, and others are not. */
export type CrmOutcome = 'complete' | 'partial' | 'failed' | 'dropped' | 'abandoned';

export interface HubSpotOptions {
  baseUrl: string;
  accessToken: string;
  apiVersion: string;
  /** Internal ids of the pipeline and the stage in which a new ticket starts. */
  pipeline: string;
  stage: string;
  clock: Clock;
  /** Sends the requests. Default: `fetch` of Node. */
  fetch?: typeof fetch;
  count: (outcome: CrmOutcome, seconds: number) => void;
}

/** A contact, as a call is told of it before it is answered. */
export interface KnownContact {
  name: string | undefined;
  firstName: string | undefined;
  /** BCP 47 tag. */
  language: string | undefined;
}

interface Progress {
  contactId?: string;
  ticketId?: string;
  url?: string;
  hasNote: boolean;
  isTold: boolean;
}

/** Maximum number of open cases. More would only wait for HubSpot's limits and hold memory meanwhile. */
const MAX_OPEN = 200;
const TICKET_REMEMBERED_MS = 60 * 60_000;
const MAX_TICKETS = 5000;
const RECORDS_URL_MS = 24 * 60 * 60_000;
/** Object type ids in HubSpot's own addresses. */
const PLACES = { contact: '0-1', ticket: '0-5' } as const;

/**
 * Writes a contact, a ticket and a note to HubSpot for every handover, in the background. The call does not wait for it.
 * What it learns is passed to {@link CrmCase.tell} as soon as it is known.
 */
export class HubSpot {
  private readonly options: HubSpotOptions;
  private readonly api: HubSpotApi;
  private readonly contacts: Contacts;
  private readonly tickets: SingleFlight<string>;
  private readonly recordsUrl: SingleFlight<string>;
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

  /** Starts writing a handover and returns at once. Never throws. */
  begin(crmCase: CrmCase): void {
    if (this.api.isClosed || this.open.size >= MAX_OPEN) {
      crmCase.log.warn(
        { handover_id: crmCase.handoverId },
        'too many handovers are waiting for HubSpot; this one is not written',
      );
      this.options.count('dropped', 0);
      crmCase.onEnd?.('dropped', 0);
      return;
    }
    const work = this.handle(crmCase).finally(() => this.open.delete(work));
    this.open.add(work);
  }

  /** Finds the one contact with a number, without writing anything. `undefined` if there is none, or several. @throws TandemError HUBSPOT_* */
  async lookUp(e164: string, signal: AbortSignal): Promise<KnownContact | undefined> {
    const properties = ['firstname', 'lastname', 'hs_language'];
    const found = await this.api.searchOnce('contacts', { anyOf: numberConditions(e164), properties }, signal);
    const [contact] = found;
    if (contact === undefined || found.length > 1) return undefined;
    const { firstname, hs_language: language } = contact.properties;
    return { name: nameOf(contact), firstName: firstname || undefined, language: tagOf(language) };
  }

  /** Abandons the open cases. */
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
      if (!this.api.isClosed)
        log.warn({ err: error, handover_id: handoverId }, 'writing the handover to HubSpot failed');
    }
    const outcome = outcomeOf(progress, this.api.isClosed);
    const tookMs = clock.now() - startedMs;
    count(outcome, tookMs / 1000);
    crmCase.onEnd?.(outcome, tookMs);
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

  /** Resolves to `undefined` if HubSpot fails, because a ticket without its contact is better than none. */
  private async contact({ customerPhone, handoverId, log }: CrmCase): Promise<Contact | undefined> {
    if (customerPhone === '') return undefined;
    try {
      return await this.contacts.withPhone(customerPhone);
    } catch (error) {
      if (this.api.isClosed) throw error;
      log.warn(
        { err: error, handover_id: handoverId },
        'finding or creating the HubSpot contact failed; the ticket is created without it',
      );
      return undefined;
    }
  }

  /** Creates one ticket for each conversation. A caller who is handed over again keeps it. */
  private ticket(crmCase: CrmCase, contact: Contact | undefined): Promise<string> {
    const { conversationId, customerPhone } = crmCase;
    return this.tickets.get(conversationId, async () => {
      try {
        return await this.api.create('tickets', ticketProperties(crmCase, this.options), linksTo(contact), [
          { propertyName: 'subject', operator: 'CONTAINS_TOKEN', value: subjectToken(crmCase) },
        ]);
      } catch (error) {
        if (contact?.origin === 'found') this.contacts.forget(customerPhone);
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
      log.warn({ handover_id: handoverId }, 'the handover record is gone; the HubSpot ids were not added');
    } catch (error) {
      log.warn({ err: error, handover_id: handoverId }, 'adding the HubSpot ids to the handover record failed');
    }
    progress.isTold = false;
  }

  /** Starts reading the address of the account's records. Nothing waits for it, because the ids matter more. */
  private learnBase(log: Logger): void {
    this.recordsUrl
      .get('', () => this.api.recordsUrl())
      .then(
        (url) => (this.base = url),
        (error: unknown) => {
          if (!this.api.isClosed)
            log.warn({ err: error }, 'reading the address of the HubSpot records failed; crm_url stays empty');
        },
      );
  }

  /** Returns nothing while the account's address is unknown, or if the same address was told before. */
  private urlOf(what: keyof typeof PLACES, id: string, progress: Progress): { crm_url?: string } {
    if (this.base === undefined) return {};
    const url = `${this.base}/record/${PLACES[what]}/${id}`;
    if (progress.url === url) return {};
    progress.url = url;
    return { crm_url: url };
  }
}

/** Returns a language as a tag of BCP 47. HubSpot writes `de-de` for `de-DE`. */
function tagOf(language: string | undefined): string | undefined {
  const [, primary, region] = /^([a-z]{2,3})(?:-([a-z]{2}))?$/i.exec(language ?? '') ?? [];
  if (primary === undefined) return undefined;
  return [primary.toLowerCase(), ...(region === undefined ? [] : [region.toUpperCase()])].join('-');
}

function linksTo(contact: Contact | undefined): HubSpotLink[] {
  return contact === undefined ? [] : [{ to: 'contacts', id: contact.id }];
}

function outcomeOf({ contactId, hasNote, isTold, ticketId }: Progress, isClosed: boolean): CrmOutcome {
  if (hasNote && isTold) return 'complete';
  if (isClosed) return 'abandoned';
  return contactId === undefined && ticketId === undefined ? 'failed' : 'partial';
}
