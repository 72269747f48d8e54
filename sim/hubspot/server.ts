import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, sleep, systemClock } from '../../src/base/clock.js';
import { Account, type Operation, type Reply, operationOf } from './account.js';
import { Closures } from './closures.js';
import { type Fault, type FaultPlace, FaultQueue } from './faults.js';
import type { StoredObject } from './objects.js';
import { type Problem, invalidInput, isProblem, problem, rateLimited } from './problem.js';
import { DEFAULT_LIMITS, RateCounter, type RateLimits } from './rate-limits.js';
import type { ObjectType, Properties } from './schema.js';

export interface HubSpotSimOptions {
  port?: number;
  /** Keys that are accepted. `undefined` accepts every key. */
  keys?: readonly string[];
  /** Scopes of those keys. `undefined` grants every scope. */
  scopes?: readonly string[];
  /** The API versions that exist. */
  versions?: readonly string[];
  clock?: Clock;
  indexDelayMs?: number;
  limits?: Partial<RateLimits>;
  pipelines?: ReadonlyMap<string, ReadonlySet<string>>;
  portalId?: number;
  onRequest?: (request: SimRequest) => void;
}

/** A request and its status, 0 if it got no answer. It contains nothing of the bodies. */
export interface SimRequest {
  place: FaultPlace;
  method: string;
  path: string;
  status: number;
}

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The part of HubSpot's CRM API that a phone gateway needs, as strict as the real one, with its limits and delayed
 * searches.
 */
export class HubSpotSim {
  readonly faults = new FaultQueue();
  /** Every request so far. */
  readonly requests: SimRequest[] = [];
  private readonly options: HubSpotSimOptions;
  private readonly clock: Clock;
  private readonly account: Account;
  private readonly rate: RateCounter;
  private readonly closures: Closures;
  private readonly server: Server;

  constructor(options: HubSpotSimOptions = {}) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.account = new Account({
      clock: this.clock,
      portalId: options.portalId ?? 12_345_678,
      uiDomain: 'app.hubspot.com',
      indexDelayMs: options.indexDelayMs ?? 10_000,
      pipelines: options.pipelines ?? new Map([['0', new Set(['1', '2', '3', '4'])]]),
    });
    this.rate = new RateCounter(this.clock, { ...DEFAULT_LIMITS, ...options.limits });
    this.closures = new Closures(this.clock);
    this.server = createServer((request, response) => {
      void this.serve(request, response);
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve);
    });
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  objects(type: ObjectType): StoredObject[] {
    return this.account.objects.all.filter((object) => object.type === type);
  }

  /** Creates an object that searches see at once, as if it were old. */
  seed(type: ObjectType, properties: Properties): StoredObject {
    return this.account.objects.create(type, properties, [], 0);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const operation = operationOf(path);
    const place = placeOf(operation);
    const method = request.method ?? 'GET';
    const note = (status: number): void => {
      const seen = { place, method, path, status };
      this.requests.push(seen);
      this.options.onRequest?.(seen);
    };
    try {
      const text = await readText(request);
      const fault = this.faults.take(place);
      if (fault?.type === 'slow') await sleep(this.clock, fault.delayMs);
      if (fault?.type === 'hang' || fault?.type === 'reset') {
        note(0);
        if (fault.type === 'reset') request.socket.destroy();
        return;
      }
      if (fault?.type === 'lock') this.closures.lock(place);
      if (fault?.type === 'moving') this.closures.move(fault.seconds * 1000);
      const isSearch = operation?.is === 'search';
      const refused = this.closures.refusal(place) ?? refusalOf(fault) ?? this.rate.take(isSearch);
      const done = refused ?? this.answer(request, operation, text);
      const reply = fault?.type === 'status-after' && refused === undefined ? statusProblem(fault.status) : done;
      if (fault?.type === 'hang-after' || fault?.type === 'reset-after') {
        note(0);
        if (fault.type === 'reset-after') request.socket.destroy();
        return;
      }
      note(reply.status);
      response.writeHead(reply.status, {
        'content-type': 'application/json;charset=utf-8',
        ...this.rate.headers(isSearch),
        ...(isProblem(reply) ? reply.headers : {}),
      });
      response.end(
        fault?.type === 'malformed'
          ? '{"id":'
          : JSON.stringify(fault?.type === 'no-id' ? withoutIds(reply.body) : reply.body),
      );
    } catch {
      response.destroy();
    }
  }

  private answer(
    request: IncomingMessage,
    operation: Operation | undefined,
    text: string | undefined,
  ): Reply | Problem {
    const { versions = ['v3', '2026-03'] } = this.options;
    if (operation === undefined || !versions.includes(operation.version)) {
      return problem(404, 'OBJECT_NOT_FOUND', 'resource not found');
    }
    if (request.method !== (isRead(operation) ? 'GET' : 'POST')) {
      return problem(405, 'METHOD_NOT_ALLOWED', 'HTTP 405 Method Not Allowed');
    }
    const refused = this.unauthorized(request.headers.authorization, operation);
    if (refused !== undefined) return refused;
    if (isRead(operation)) return this.account.handle(operation, undefined);
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      return problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'HTTP 415 Unsupported Media Type');
    }
    if (text === undefined) return problem(413, 'PAYLOAD_TOO_LARGE', 'The request is too large');
    try {
      return this.account.handle(operation, JSON.parse(text));
    } catch {
      return invalidInput('Invalid input JSON on line 1, column 1');
    }
  }

  private unauthorized(header: string | undefined, operation: Operation): Problem | undefined {
    const { keys, scopes } = this.options;
    const [, key] = /^Bearer (\S+)$/.exec(header ?? '') ?? [];
    if (key === undefined || (keys !== undefined && !keys.includes(key))) {
      return problem(401, 'INVALID_AUTHENTICATION', 'Authentication credentials not found or not valid.');
    }
    const needed = scopeFor(operation);
    if (needed === undefined || scopes === undefined || scopes.includes(needed)) return undefined;
    const message = "This app hasn't been granted all required scopes to make this call.";
    const errors = [
      { message: 'One or more of the following scopes are required.', context: { requiredGranularScopes: [needed] } },
    ];
    return problem(403, 'MISSING_SCOPES', message, { errors });
  }
}

/** Returns an answer with empty ids, and without the account's number. */
function withoutIds(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (name, value: unknown) => {
    if (name === 'id') return '';
    return name === 'portalId' ? undefined : value;
  });
}

function isRead({ is }: Operation): boolean {
  return is === 'account' || is === 'pipelines';
}

/** Returns the scope that an operation needs. Notes need the scopes of contacts. */
function scopeFor(operation: Operation): string | undefined {
  if (operation.is === 'account') return undefined;
  if (operation.is === 'pipelines' || operation.type === 'tickets') return 'tickets';
  return `crm.objects.contacts.${operation.is === 'search' ? 'read' : 'write'}`;
}

function placeOf(operation: Operation | undefined): FaultPlace {
  if (operation === undefined || operation.is === 'pipelines') return 'any';
  return operation.is === 'create' ? operation.type : operation.is;
}

function refusalOf(fault: Fault | undefined): Problem | undefined {
  if (fault?.type === 'limit') return rateLimited(fault.policy, fault.retryAfterSeconds);
  return fault?.type === 'status' ? statusProblem(fault.status) : undefined;
}

function statusProblem(status: number): Problem {
  return problem(status, status < 500 ? 'REFUSED' : 'INTERNAL_ERROR', 'internal error');
}

/** Reads the body. `undefined` if it is too large. */
async function readText(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes <= MAX_BODY_BYTES) parts.push(part);
  }
  return sizeBytes > MAX_BODY_BYTES ? undefined : Buffer.concat(parts).toString('utf8');
}
