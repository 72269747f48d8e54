import type { Clock, Timer } from '../base/clock.js';
import { readBounded } from '../base/bounded-body.js';
import { TandemError } from '../base/errors.js';
import { type HubSpotAnswer, fieldOf, memberOf, readAnswer, readSilence } from './hubspot-answer.js';

export interface HubSpotApiOptions {
  /** `https://api.hubapi.com`, or the simulator. */
  baseUrl: string;
  /** A service key or the token of a private app. Both are sent in the same header. */
  accessToken: string;
  /** `v3` for the legacy paths, or the month of a dated version like `2026-03`. */
  apiVersion: string;
  clock: Clock;
  /** Sends the requests. Default: `fetch` of Node. */
  fetch?: typeof fetch;
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

/** One condition of a search, which finds the objects that meet any of its conditions. */
export interface Condition {
  propertyName: string;
  operator: 'EQ' | 'CONTAINS_TOKEN';
  value: string;
}

export interface Search {
  anyOf: readonly Condition[];
  properties: readonly string[];
}

/** Maximum time for one attempt. No caller waits for it, but a request that hangs delays the ones after it. */
const ATTEMPT_MS = 5000;
/** Maximum size of an answer. Two objects with the requested properties have a few kilobytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_ATTEMPTS = 5;
const WAITS_MS = [1000, 2000, 4000, 8000] as const;
const LONGEST_WAIT_MS = 10_000;
/**
 * Delays before each search for an object that may have been created. Most searches find a new object after ten seconds (Okta's
 * connector for HubSpot allows that long). A slow index takes longer, and an object that is created again stays twice for good.
 */
const SEARCHED_AFTER_MS = [12_000, 20_000, 40_000] as const;
/** Minimum time between searches. HubSpot allows four or five a second for the whole account, under a limit of their own. */
const BETWEEN_SEARCHES_MS = 250;
const FOUND_AT_MOST = 2;

/** Association types that HubSpot defines (HubSpot: associations – association type id values). */
const ASSOCIATION_TYPES: Readonly<Record<string, number>> = {
  'tickets→contacts': 16,
  'notes→contacts': 202,
  'notes→tickets': 228,
};

/**
 * Sends the gateway's requests to HubSpot and retries those that may succeed later. After a create without an answer it
 * searches for the object, and repeats the create only if the object is not found.
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

  /** Returns at most two objects. @throws TandemError HUBSPOT_* */
  async search(type: HubSpotObjectType, search: Search): Promise<HubSpotObject[]> {
    const found = await this.repeat(async () => {
      await this.searchTurn();
      return this.attempt(this.searchRequest(type, search));
    });
    return (memberOf(found, 'results') as unknown[]).map(objectOf);
  }

  /** The same with one attempt, at once, for a caller who waits. `signal` ends it. @throws TandemError HUBSPOT_* */
  async searchOnce(type: HubSpotObjectType, search: Search, signal: AbortSignal): Promise<HubSpotObject[]> {
    const answer = await this.attempt({ ...this.searchRequest(type, search), signal });
    if (answer.is !== 'ok') throw answer.error;
    return (memberOf(answer.body, 'results') as unknown[]).map(objectOf);
  }

  private searchRequest(type: HubSpotObjectType, search: Search): Parameters<HubSpotApi['attempt']>[0] {
    const body = {
      filterGroups: search.anyOf.map((condition) => ({ filters: [condition] })),
      properties: search.properties,
      limit: FOUND_AT_MOST,
    };
    return { method: 'POST', path: `${this.objectsPath(type)}/search`, body, isUsable: areFound };
  }

  /**
   * Creates an object and returns its id. `known` finds the object again if HubSpot created it without an answer.
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
      () => this.attempt({ method: 'POST', path: this.objectsPath(type), body, isUsable: hasId }),
      async () => {
        for (const delayMs of SEARCHED_AFTER_MS) {
          await this.pause(delayMs);
          const [found] = await this.search(type, { anyOf: known, properties: [] });
          if (found !== undefined) return found;
        }
        return undefined;
      },
    );
    return objectOf(created).id;
  }

  /** Returns the web address of the account's records, like `https://app.hubspot.com/contacts/12345`. @throws TandemError HUBSPOT_* */
  async recordsUrl(): Promise<string> {
    const path = this.path('account-info', 'details');
    const isUsable = (body: unknown): boolean => recordsUrlOf(body) !== undefined;
    return recordsUrlOf(await this.repeat(() => this.attempt({ method: 'GET', path, isUsable }))) ?? '';
  }

  /** Ends every request and every wait. Pending calls fail with HUBSPOT_UNREACHABLE. */
  close(): void {
    this.closing.abort();
    for (const wake of this.waiting) wake();
  }

  /**
   * Repeats `attempt` until it succeeds or no retry can. `recover` searches for the result of an attempt that may have been
   * carried out. If it finds nothing, one more attempt follows.
   */
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

  private async attempt(options: {
    method: 'GET' | 'POST';
    path: string;
    body?: unknown;
    /** Whether an answer of success has what the request is for. */
    isUsable: (body: unknown) => boolean;
    /** Ends the attempt. By default only its time does. */
    signal?: AbortSignal;
  }): Promise<HubSpotAnswer> {
    const { body, isUsable, method, path, signal } = options;
    const { accessToken, baseUrl, clock } = this.options;
    const request = `${method} ${path}`;
    const abort = new AbortController();
    const end = (): void => abort.abort();
    const deadline = clock.setTimer(ATTEMPT_MS, end);
    this.waiting.add(end);
    try {
      if (this.isClosed) return readSilence(request, undefined);
      const response = await (this.options.fetch ?? fetch)(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${accessToken}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal]),
      });
      const { headers, status } = response;
      const text = (await readBounded(response, MAX_ANSWER_BYTES))?.toString('utf8');
      return readAnswer(request, { status, headers, body: text }, isUsable);
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

  /** @throws TandemError HUBSPOT_UNREACHABLE if the gateway closes meanwhile */
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
    if (this.isClosed)
      throw new TandemError(
        'HUBSPOT_UNREACHABLE',
        'The request to HubSpot was dropped because the gateway is closing.',
      );
  }

  private objectsPath(type: HubSpotObjectType): string {
    return this.path('crm', 'objects', type);
  }

  private path(family: string, ...rest: readonly string[]): string {
    return versionedPath(this.options.apiVersion, family, ...rest);
  }
}

/** Builds a path. The version comes after the family in legacy paths, and before the last part in dated ones. */
export function versionedPath(apiVersion: string, family: string, ...rest: readonly string[]): string {
  const parts = apiVersion === 'v3' ? [family, apiVersion, ...rest] : [family, ...rest.toSpliced(-1, 0, apiVersion)];
  return `/${parts.join('/')}`;
}

function association(from: HubSpotObjectType, { id, to }: HubSpotLink): unknown {
  return {
    to: { id },
    types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: ASSOCIATION_TYPES[`${from}→${to}`] }],
  };
}

/** HubSpot's ids are whole numbers, as text. */
function idOf(value: unknown): string {
  const id = memberOf(value, 'id');
  const text = typeof id === 'number' ? String(id) : id;
  return typeof text === 'string' && /^[1-9]\d{0,19}$/.test(text) ? text : '';
}

function hasId(value: unknown): boolean {
  return idOf(value) !== '';
}

function areFound(body: unknown): boolean {
  const results = memberOf(body, 'results');
  return Array.isArray(results) && results.every(hasId);
}

function recordsUrlOf(details: unknown): string | undefined {
  const portalId = memberOf(details, 'portalId');
  const domain = fieldOf(details, 'uiDomain');
  if (!Number.isSafeInteger(portalId) || !/^[a-z0-9.-]{1,253}$/i.test(domain)) return undefined;
  return `https://${domain}/contacts/${String(portalId)}`;
}

function objectOf(value: unknown): HubSpotObject {
  const properties = Object.entries((memberOf(value, 'properties') as Record<string, unknown> | undefined) ?? {});
  return {
    id: idOf(value),
    properties: Object.fromEntries(
      properties.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}
