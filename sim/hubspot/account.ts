import type { Clock } from '../../src/base/clock.js';
import { AccountObjects, type StoredObject } from './objects.js';
import { type Problem, invalidInput, isProblem, problem } from './problem.js';
import { type ObjectType, isObjectType, isRecord, readAssociations, readProperties } from './schema.js';
import { matches, readSearch } from './search.js';

export interface AccountOptions {
  clock: Clock;
  portalId: number;
  uiDomain: string;
  /** Delay before searches see a new object. */
  indexDelayMs: number;
  /** The stages of each pipeline. */
  pipelines: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The operation of a request. */
export type Operation =
  | { is: 'search' | 'create'; type: ObjectType; version: string }
  | { is: 'account'; version: string }
  | { is: 'pipelines'; version: string };

export interface Reply {
  status: number;
  body: unknown;
}

const VERSION = String.raw`(v3|20\d\d-\d\d)`;
const LEGACY = /^\/crm\/v3\/objects\/([a-z]+)(\/search)?$/;
const DATED = /^\/crm\/objects\/(20\d\d-\d\d)\/([a-z]+)(\/search)?$/;
const ACCOUNT = new RegExp(`^/account-info/${VERSION}/details$`);
const PIPELINES = /^\/crm\/(?:(v3)\/pipelines|pipelines\/(20\d\d-\d\d))\/tickets$/;

/** One HubSpot account, the behaviour of its API without HTTP. */
export class Account {
  readonly objects: AccountObjects;
  private readonly options: AccountOptions;

  constructor(options: AccountOptions) {
    this.options = options;
    this.objects = new AccountObjects(options.clock, options.indexDelayMs);
  }

  handle(operation: Operation, body: unknown): Reply | Problem {
    switch (operation.is) {
      case 'account':
        return { status: 200, body: this.details() };
      case 'pipelines':
        return { status: 200, body: { results: this.pipelines() } };
      case 'search':
        return this.search(operation.type, body);
      case 'create':
        return this.create(operation.type, body);
    }
  }

  private search(type: ObjectType, body: unknown): Reply | Problem {
    const search = readSearch(type, body);
    if (isProblem(search)) return search;
    const found = this.objects.searchable(type).filter((object) => matches(object, search));
    const results = found.slice(0, search.limit).map((object) => shown(object, search.properties));
    return { status: 200, body: { total: found.length, results } };
  }

  private create(type: ObjectType, body: unknown): Reply | Problem {
    if (!isRecord(body)) return invalidInput('Invalid input JSON: expected an object');
    const unknown = Object.keys(body).find((name) => name !== 'properties' && name !== 'associations');
    if (unknown !== undefined) return invalidInput(`Invalid input JSON: unknown field "${unknown}"`);
    const properties = readProperties(type, body['properties'], this.options.pipelines);
    if (isProblem(properties)) return properties;
    const associations = readAssociations(type, body['associations'], (id) => this.objects.typeOf(id));
    if (isProblem(associations)) return associations;
    const taken = this.withEmail(type, properties['email']);
    if (taken !== undefined) return problem(409, 'CONFLICT', `Contact already exists. Existing ID: ${taken.id}`);
    return { status: 201, body: shown(this.objects.create(type, properties, associations), Object.keys(properties)) };
  }

  /** Returns the contact with this email. An email belongs to one contact, unlike a phone number. */
  private withEmail(type: ObjectType, email: string | undefined): StoredObject | undefined {
    if (type !== 'contacts' || email === undefined) return undefined;
    return this.objects.all.find((object) => object.properties['email'] === email);
  }

  /** The pipelines of tickets, with the fields that tell them apart (HubSpot: CRM – pipelines). */
  private pipelines(): unknown[] {
    return [...this.options.pipelines].map(([id, stages], index) => ({
      id,
      label: `Pipeline ${id}`,
      displayOrder: index,
      archived: false,
      stages: [...stages].map((stage, order) => ({
        id: stage,
        label: `Stage ${stage}`,
        displayOrder: order,
        archived: false,
      })),
    }));
  }

  private details(): Record<string, unknown> {
    const { portalId, uiDomain } = this.options;
    return {
      portalId,
      accountType: 'STANDARD',
      timeZone: 'US/Eastern',
      companyCurrency: 'USD',
      additionalCurrencies: [],
      utcOffset: '-04:00',
      utcOffsetMilliseconds: -14_400_000,
      uiDomain,
      dataHostingLocation: 'na1',
    };
  }
}

/** Returns the operation at a path. `undefined` if there is none. */
export function operationOf(path: string): Operation | undefined {
  const [, legacyType, legacySearch] = LEGACY.exec(path) ?? [];
  const [, version, datedType, datedSearch] = DATED.exec(path) ?? [];
  const type = legacyType ?? datedType ?? '';
  if (isObjectType(type)) {
    return { is: (legacySearch ?? datedSearch) === undefined ? 'create' : 'search', type, version: version ?? 'v3' };
  }
  const [, legacy, dated] = PIPELINES.exec(path) ?? [];
  const pipelineVersion = legacy ?? dated;
  if (pipelineVersion !== undefined) return { is: 'pipelines', version: pipelineVersion };
  const [, accountVersion] = ACCOUNT.exec(path) ?? [];
  return accountVersion === undefined ? undefined : { is: 'account', version: accountVersion };
}

const SHOWN_ALWAYS = ['createdate', 'hs_object_id', 'hs_lastmodifieddate'];

function shown({ createdEpochMs, id, properties }: StoredObject, wanted: readonly string[]): Record<string, unknown> {
  const stamp = new Date(createdEpochMs).toISOString();
  const names = [...new Set([...wanted, ...SHOWN_ALWAYS])];
  return {
    id,
    properties: Object.fromEntries(names.map((name) => [name, properties[name] ?? null])),
    createdAt: stamp,
    updatedAt: stamp,
    archived: false,
  };
}
