import type { Clock } from '../../src/base/clock.js';
import type { Association, ObjectType, Properties } from './schema.js';

/** One object of the account. */
export interface StoredObject {
  id: string;
  type: ObjectType;
  properties: Properties;
  associations: readonly Association[];
  createdEpochMs: number;
  /** Time on the account's clock from which searches see the object. */
  searchableMs: number;
}

/** The account's objects. Ids count across all types, as they seem to at HubSpot. */
export class AccountObjects {
  readonly all: StoredObject[] = [];
  private readonly clock: Clock;
  private readonly indexDelayMs: number;
  private lastId = 500;

  constructor(clock: Clock, indexDelayMs: number) {
    this.clock = clock;
    this.indexDelayMs = indexDelayMs;
  }

  create(
    type: ObjectType,
    properties: Properties,
    associations: readonly Association[],
    delayMs = this.indexDelayMs,
  ): StoredObject {
    const id = String(++this.lastId);
    const createdEpochMs = this.clock.epochMs();
    const stamp = new Date(createdEpochMs).toISOString();
    const object: StoredObject = {
      id,
      type,
      properties: {
        ...properties,
        ...computed(properties),
        hs_object_id: id,
        createdate: stamp,
        hs_lastmodifieddate: stamp,
      },
      associations,
      createdEpochMs,
      searchableMs: this.clock.now() + delayMs,
    };
    this.all.push(object);
    return object;
  }

  typeOf(id: string): ObjectType | undefined {
    return this.all.find((object) => object.id === id)?.type;
  }

  /** Returns the objects that a search can see now, newest first. */
  searchable(type: ObjectType): StoredObject[] {
    return this.all.filter((object) => object.type === type && object.searchableMs <= this.clock.now()).reverse();
  }
}

/**
 * Returns the computed properties. For searches HubSpot stores the national number of what a user typed. The country of
 * this account is the US.
 */
function computed({ mobilephone, phone }: Properties): Properties {
  return {
    ...(phone === undefined ? {} : { hs_searchable_calculated_phone_number: national(phone) }),
    ...(mobilephone === undefined ? {} : { hs_searchable_calculated_mobile_number: national(mobilephone) }),
  };
}

function national(typed: string): string {
  const digits = typed.replace(/\D/g, '');
  if (!typed.trim().startsWith('+')) return digits.length === 11 ? digits.replace(/^1/, '') : digits;
  return digits.replace(/^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})/, '');
}
