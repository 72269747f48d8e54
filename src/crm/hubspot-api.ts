import type { Clock, Timer } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import { type HubSpotAnswer, fieldOf, memberOf, readAnswer, readSilence } from './hubspot-answer.js';

export interface HubSpotApiOptions {
  /** `https://api.hubapi.com`, or the simulator. */
  baseUrl: string;
  /** A service key, or the token of a private app; both go in the same header. */
  accessToken: string;
  /** `v3` for the legacy paths, or the month of a dated version, like `2026-03`. */
  apiVersion: string;
  clock: Clock;
}

export type HubSpotObjectType = 'contacts' | 'tickets' | 'notes';

export interface HubSpotObject {
  id: string;
  properties: Readonly<Record<string, string>>;
}

export interface HubSpotLink {
  to: HubSpotObjectType;
  id: string;
}

/** One condition; a search finds what meets any of them. */
export interface Condition {
  propertyName: string;
  operator: 'EQ' | 'CONTAINS_TOKEN';
  value: string;
}

export interface Search {
  anyOf: readonly Condition[];
  properties: readonly string[];
}

/** Nobody waits on an attempt, but one that hangs holds up what comes after it. */
const ATTEMPT_MS = 5000;
const MAX_ATTEMPTS = 5;
const WAITS_MS = [1000, 2000, 4000, 8000] as const;
const LONGEST_WAIT_MS = 10_000;
/** New objects appear in searches late; Okta's connector for HubSpot allows ten seconds. */
const INDEXED_AFTER_MS = 12_000;
/** Searches are limited to four or five a second for the whole account, apart from everything else. */
const BETWEEN_SEARCHES_MS = 250;
const FOUND_AT_MOST = 2;

/** Association types HubSpot defines (HubSpot: associations – association type id values). */
const ASSOCIATION_TYPES: Readonly<Record<string, number>> = {
  'tickets→contacts': 16,
  'notes→contacts': 202,
  'notes→tickets': 228,
};

/**
 * The few requests the gateway makes of HubSpot. Repeats what failed for want of capacity; a create of which nobody
 * knows whether it was done is looked for, and made again only when it cannot be found.
 */
export class HubSpotApi {
  private readonly options: HubSpotApiOptions;
  private readonly closing = new AbortController();
  private readonly waiting = new Set<() => void>();
  private nextSearchMs = 0;

  constructor(options: HubSpotApiOptions) {
    this.options = options;
  }

  get isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  /** Up to two objects. @throws TandemError HUBSPOT_* */
  async search(type: HubSpotObjectType, search: Search): Promise<HubSpotObject[]> {
    const body = {
      filterGroups: search.anyOf.map((condition) => ({ filters: [condition] })),
      properties: search.properties,
      limit: FOUND_AT_MOST,
    };
    const found = await this.repeat(async () => {
      await this.searchTurn();
      return this.attempt('POST', `${this.objectsPath(type)}/search`, body);
    });
    const results = memberOf(found, 'results');
    return Array.isArray(results) ? results.map(objectOf).filter(({ id }) => id !== '') : [];
  }

  /**
   * `known` finds the object again if its creation was done but not answered. Gives the id.
   * @throws TandemError HUBSPOT_*
   */
  async create(
    type: HubSpotObjectType,
    properties: Readonly<Record<string, string>>,
    links: readonly HubSpotLink[],
    known: readonly Condition[],
  ): Promise<string> {
    const body = { properties, associations: links.map((link) => association(type, link)) };
    const created = await this.repeat(
      () => this.attempt('POST', this.objectsPath(type), body),
      async () => {
        await this.pause(INDEXED_AFTER_MS);
        return (await this.search(type, { anyOf: known, properties: [] }))[0];
      },
    );
    return objectOf(created).id;
  }

  /** Where people look at the account's objects: `https://app.hubspot.com/contacts/12345`. @throws TandemError HUBSPOT_* */
  async recordsUrl(): Promise<string | undefined> {
    const details = await this.repeat(() => this.attempt('GET', this.path('account-info', 'details')));
    const portalId = memberOf(details, 'portalId');
    const domain = fieldOf(details, 'uiDomain');
    if (typeof portalId !== 'number' || !/^[a-z0-9.-]{1,253}$/i.test(domain)) return undefined;
    return `https://${domain}/contacts/${portalId}`;
  }

  /** Ends every request and every wait; what is under way fails with HUBSPOT_UNREACHABLE. */
  close(): void {
    this.closing.abort();
    for (const wake of this.waiting) wake();
  }

  /** `recover` looks for what an attempt may have done: what it finds is the result; undefined allows one more attempt. */
  private async repeat(
    attempt: () => Promise<HubSpotAnswer>,
    recover?: () => Promise<HubSpotObject | undefined>,
  ): Promise<unknown> {
    let unsure = 0;
    for (let attempts = 1; ; attempts++) {
      const answer = await attempt();
      if (answer.is === 'ok') return answer.body;
      if (answer.again === 'never' || this.isClosed) throw answer.error;
      const isLast = attempts === MAX_ATTEMPTS;
      if (recover !== undefined && answer.mayBeDone) {
        const found = await recover();
        if (found !== undefined) return found;
        if (isLast || ++unsure === 2) throw answer.error;
      } else {
        if (isLast) throw answer.error;
        await this.pause(Math.min(Math.max(WAITS_MS[attempts - 1] ?? 0, answer.waitMs), LONGEST_WAIT_MS));
      }
    }
  }

  private async attempt(method: 'GET' | 'POST', path: string, body?: unknown): Promise<HubSpotAnswer> {
    const { accessToken, baseUrl, clock } = this.options;
    const request = `${method} ${path}`;
    const abort = new AbortController();
    const end = (): void => abort.abort();
    const deadline = clock.setTimer(ATTEMPT_MS, end);
    this.waiting.add(end);
    try {
      if (this.isClosed) return readSilence(request, undefined);
      const response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${accessToken}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: abort.signal,
      });
      return readAnswer(request, response.status, response.headers, await response.text());
    } catch (error) {
      return readSilence(request, error);
    } finally {
      this.waiting.delete(end);
      deadline.cancel();
    }
  }

  private async searchTurn(): Promise<void> {
    const now = this.options.clock.now();
    const turnMs = Math.max(now, this.nextSearchMs);
    this.nextSearchMs = turnMs + BETWEEN_SEARCHES_MS;
    if (turnMs > now) await this.pause(turnMs - now);
  }

  /** @throws TandemError HUBSPOT_UNREACHABLE when the gateway closes meanwhile */
  private async pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.waiting.delete(wake);
        resolve();
      };
      const timer: Timer = this.options.clock.setTimer(delayMs, wake);
      this.waiting.add(wake);
      if (this.isClosed) wake();
    });
    if (this.isClosed) throw new TandemError('HUBSPOT_UNREACHABLE', 'HubSpot is no longer asked: the gateway closes.');
  }

  private objectsPath(type: HubSpotObjectType): string {
    return this.path('crm', 'objects', type);
  }

  /** The version stands after the family in legacy paths, and before the last part in dated ones. */
  private path(family: string, ...rest: readonly string[]): string {
    const { apiVersion } = this.options;
    const parts = apiVersion === 'v3' ? [family, apiVersion, ...rest] : [family, ...rest.toSpliced(-1, 0, apiVersion)];
    return `/${parts.join('/')}`;
  }
}

function association(from: HubSpotObjectType, { id, to }: HubSpotLink): unknown {
  return {
    to: { id },
    types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: ASSOCIATION_TYPES[`${from}→${to}`] }],
  };
}

function objectOf(value: unknown): HubSpotObject {
  const properties = Object.entries((memberOf(value, 'properties') as Record<string, unknown> | undefined) ?? {});
  return {
    id: fieldOf(value, 'id'),
    properties: Object.fromEntries(
      properties.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}
