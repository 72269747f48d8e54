import type { Clock } from '../base/clock.js';
import type { Condition, HubSpotApi, HubSpotObject } from './hubspot-api.js';
import { SingleFlight } from '../base/single-flight.js';
import { nationalNumber } from './phone-number.js';

export interface Contact {
  id: string;
  origin: 'found' | 'created';
  /** `undefined` if the contact is new, has no name or is one of several with this number. */
  name: string | undefined;
}

const REMEMBERED_MS = 15 * 60_000;
const MAX_REMEMBERED = 5000;

/** Finds or creates the contact for a phone number, once for all concurrent calls of that number. */
export class Contacts {
  private readonly api: HubSpotApi;
  private readonly byPhone: SingleFlight<Contact>;

  constructor(api: HubSpotApi, clock: Clock) {
    this.api = api;
    // Searches find a new contact only after some seconds, so it is remembered here.
    this.byPhone = new SingleFlight({ clock, rememberedMs: REMEMBERED_MS, maxEntries: MAX_REMEMBERED });
  }

  /** @throws TandemError HUBSPOT_* */
  withPhone(e164: string): Promise<Contact> {
    return this.byPhone.get(e164, () => this.findOrCreate(e164));
  }

  /**
   * Forgets a contact that was found, after its ticket could not be created, because the contact may have been deleted. One that
   * was created here stays: a search may not find it yet, and then the next call would create it again.
   */
  forget(e164: string): void {
    this.byPhone.forget(e164);
  }

  private async findOrCreate(e164: string): Promise<Contact> {
    const known = numberConditions(e164);
    const properties = ['firstname', 'lastname', 'phone', 'mobilephone'];
    const found = await this.api.search('contacts', { anyOf: known, properties });
    const written = (property: string) => found.find((one) => one.properties[property] === e164);
    const contact = written('phone') ?? written('mobilephone') ?? found[0];
    if (contact === undefined) {
      const id = await this.api.create('contacts', { phone: e164 }, [], known);
      return { id, origin: 'created', name: undefined };
    }
    return { id: contact.id, origin: 'found', name: found.length === 1 ? nameOf(contact) : undefined };
  }
}

/** Returns the conditions that find the contacts with a number. */
export function numberConditions(e164: string): Condition[] {
  const national = nationalNumber(e164);
  return [
    { propertyName: 'phone', operator: 'EQ', value: e164 },
    { propertyName: 'mobilephone', operator: 'EQ', value: e164 },
    // These find a number in another notation, because HubSpot also stores the calculated national numbers.
    { propertyName: 'hs_searchable_calculated_phone_number', operator: 'EQ', value: national },
    { propertyName: 'hs_searchable_calculated_mobile_number', operator: 'EQ', value: national },
  ];
}

export function nameOf({ properties }: HubSpotObject): string | undefined {
  const name = [properties['firstname'], properties['lastname']].filter(Boolean).join(' ').trim();
  return name === '' ? undefined : name;
}
