import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { answer, answerJson, refuse, refuseUpgrade } from './answer.js';
import { Guard, type Visitor } from './guard.js';
import { readJson } from './read-json.js';
import { StaticFiles } from './static-files.js';
import { gatewayVersion } from './version.js';

export interface OperatorConsoleOptions {
  /** `undefined`: only this machine may ask, without one. */
  token: string | undefined;
  /** Signs without a token, the same in all processes behind one port. By default a random one. */
  secret?: Buffer | undefined;
  /** Returns the names besides those of this machine by which it may be asked with a token. */
  hosts: () => readonly string[];
  /** Whether words and whole telephone numbers may be shown. */
  showsTranscripts: boolean;
  /** Lets the calls of this gateway finish, and then ends it. */
  stop: () => void;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}

const ROOT = '/console';
const LOGIN = '/console/login';
const LOGOUT = '/console/logout';
const API = '/console/api/';

/** The pages by path, and their names among the built files. */
const PAGES: readonly [RegExp, string][] = [
  [/^\/console\/?$/, 'calls'],
  [/^\/console\/calls\/[A-Za-z0-9]{1,64}$/, 'call'],
  [/^\/console\/phone$/, 'phone'],
  [/^\/console\/agent$/, 'agent'],
];

const NOT_FOUND = { status: 404, error: 'Not found.' };

/** Whether a path belongs to the console. */
export function isConsolePath(path: string): boolean {
  return path === ROOT || path.startsWith(`${ROOT}/`);
}

/** The operator's console: its pages, the login, and the API. */
export class OperatorConsole {
  private readonly options: OperatorConsoleOptions;
  private readonly guard: Guard;
  private readonly files = new StaticFiles();

  constructor(options: OperatorConsoleOptions) {
    const { clock, hosts, log, metrics, secret, token } = options;
    this.options = options;
    this.guard = new Guard({
      token,
      secret,
      hosts,
      clock,
      onWrongToken: () => {
        metrics.refusedRequests.inc({ reason: 'console-token' });
        log.warn('a wrong token was sent to the console');
      },
    });
  }

  /** `path` belongs to the console; see {@link isConsolePath}. */
  async onRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.guard.refusal(request);
    if (refusal !== undefined) {
      this.options.metrics.refusedRequests.inc({ reason: 'console-access' });
      refuse(response, refusal);
    } else if (path === LOGIN) await this.onLogin(request, response);
    else if (path.startsWith(API)) await this.onApi(path.slice(API.length), request, response);
    else if (path === LOGOUT) this.onLogout(request, response);
    else await this.onFile(path, request, response);
  }

  onUpgrade(request: IncomingMessage, socket: Duplex, _head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal = this.guard.refusal(request) ?? this.guard.upgradeRefusal(request);
    const visitor = refusal ?? this.guard.visitor(request, true);
    refuseUpgrade(socket, 'status' in visitor ? visitor : NOT_FOUND);
  }

  /** Pages, and the files that they load. */
  private async onFile(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isRead(request)) refuse(response, notAllowed('GET, HEAD'));
    // Without a login, too, because the page of the login loads some.
    else if (await this.files.sendFile(path, request, response)) return;
    else if ('status' in this.guard.visitor(request, false)) redirect(response, LOGIN);
    else {
      const page = PAGES.find(([pattern]) => pattern.test(path))?.[1];
      const isSent = page !== undefined && (await this.files.sendPage(page, request, response));
      if (!isSent) refuse(response, NOT_FOUND);
    }
  }

  private async onLogin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { asksForToken } = this.guard;
    if (isRead(request)) {
      if (!asksForToken) redirect(response, ROOT);
      else if (!(await this.files.sendPage('login', request, response))) refuse(response, NOT_FOUND);
      return;
    }
    if (request.method !== 'POST') {
      refuse(response, notAllowed('GET, HEAD, POST'));
      return;
    }
    const refusal = this.guard.originRefusal(request) ?? this.guard.loginWait(request);
    if (refusal !== undefined) {
      refuse(response, refusal);
      return;
    }
    const body = await readJson(request);
    if (!body.ok) refuse(response, body.refusal);
    else if (!asksForToken) answer(response, 204, undefined);
    else {
      const { token } = body.fields;
      const login = this.guard.logIn(request, typeof token === 'string' ? token : '');
      if ('cookie' in login) answer(response, 204, undefined, { 'set-cookie': login.cookie });
      else refuse(response, login);
    }
  }

  private onLogout(request: IncomingMessage, response: ServerResponse): void {
    const visitor = this.guard.visitor(request, false);
    const refusal =
      'status' in visitor
        ? visitor
        : request.method === 'POST'
          ? this.guard.changeRefusal(request, visitor)
          : notAllowed('POST');
    if (refusal !== undefined) refuse(response, refusal);
    else answer(response, 204, undefined, { 'set-cookie': this.guard.logOut(request), connection: 'close' });
  }

  private async onApi(route: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A foreign page learns nothing from a read, but it could hold connections open.
    const foreign = isRead(request) ? this.guard.originRefusal(request) : undefined;
    const visitor = foreign ?? this.guard.visitor(request, true);
    if ('status' in visitor) {
      refuse(response, visitor);
      return;
    }
    const needed = route === 'session' ? 'GET, HEAD' : route === 'drain' ? 'POST' : undefined;
    if (needed === undefined) refuse(response, NOT_FOUND);
    else if (isRead(request) ? needed === 'POST' : request.method !== needed) refuse(response, notAllowed(needed));
    else if (route === 'session') await this.sendSession(visitor, response);
    else await this.onDrain(visitor, request, response);
  }

  private async sendSession(visitor: Visitor, response: ServerResponse): Promise<void> {
    answerJson(response, 200, {
      csrf: this.guard.csrfOf(visitor),
      phone: false,
      agent: false,
      transcripts: this.options.showsTranscripts,
      tapes: false,
      instances: 1,
      version: await gatewayVersion(),
    });
  }

  private async onDrain(visitor: Visitor, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fields = await this.changeOf(visitor, request, response);
    if (fields === undefined) return;
    if (fields['confirm'] !== 'drain') {
      refuse(response, {
        status: 400,
        error: 'Send {"confirm":"drain"}. The gateway then stops when its calls are over.',
      });
      return;
    }
    this.options.log.warn('console drain');
    answerJson(response, 202, { accepted: true });
    this.options.stop();
  }

  /** Returns the body of a request that changes something. Answers itself, with `undefined`, if that must not happen. */
  private async changeOf(
    visitor: Visitor,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Record<string, unknown> | undefined> {
    const refusal = this.guard.changeRefusal(request, visitor);
    const body = refusal === undefined ? await readJson(request) : { ok: false as const, refusal };
    if (body.ok) return body.fields;
    refuse(response, body.refusal);
    return undefined;
  }
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function notAllowed(methods: string): { status: number; error: string; headers: Record<string, string> } {
  return { status: 405, error: `Only ${methods} will do here.`, headers: { allow: methods } };
}

function redirect(response: ServerResponse, location: string): void {
  answer(response, 303, undefined, { location });
}
