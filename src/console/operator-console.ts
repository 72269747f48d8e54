import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CallEvent } from '../call/call-events.js';
import type { CallLine } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { answer, refuse, refuseUpgrade } from './answer.js';
import { AllCalls, type Operate } from './all-calls.js';
import { ConsoleApi, type ConsoleApiOptions, notAllowed } from './api.js';
import { CallBoard } from './call-board.js';
import { Guard } from './guard.js';
import { shownPath } from '../edge/shown-path.js';
import { readJson } from './read-json.js';
import type { OtherInstances } from './other-instances.js';
import type { ContactStep } from './messages.js';
import { TapesOfOthers } from './tapes.js';
import { StaticFiles } from './static-files.js';
import { WatchHub } from './watch-hub.js';

export interface OperatorConsoleOptions extends Omit<ConsoleApiOptions, 'guard' | 'hub' | 'calls'> {
  /** `undefined`: only this machine may ask, without one. */
  token: string | undefined;
  /** Signs without a token, the same in all processes behind one port. By default a random one. */
  secret?: Buffer | undefined;
  /** Returns the names besides those of this machine by which it may be asked with a token. */
  hosts: () => readonly string[];
  /** Returns the name of this process. */
  instance: () => string;
  /** Does what the operator asks of a call of this process. */
  operate: Operate;
  /** The other instances. The console joins them, and their owner closes them. `undefined` if there are none. */
  others: OtherInstances | undefined;
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
  [/^\/console\/failures$/, 'failures'],
];

const NOT_FOUND = { status: 404, error: 'Not found.' };
const FAILED = { status: 500, error: 'The console failed to answer. The log of the gateway says why.' };

/** Whether a path belongs to the console. */
export function isConsolePath(path: string): boolean {
  return path === ROOT || path.startsWith(`${ROOT}/`);
}

/** The operator's console: its pages, the login, and the API. */
export class OperatorConsole {
  private readonly options: OperatorConsoleOptions;
  private readonly guard: Guard;
  private readonly files = new StaticFiles();
  private readonly board: CallBoard;
  private readonly hub: WatchHub;
  private readonly api: ConsoleApi;

  constructor(options: OperatorConsoleOptions) {
    const { clock, hosts, instance, log, metrics, operate, others, secret, showsTranscripts, tapes, token } = options;
    this.options = options;
    this.guard = new Guard({
      token,
      secret,
      hosts,
      clock,
      onWrongToken: (use, address) => {
        others?.tellWrongToken?.({ use, address });
        metrics.refusedRequests.inc({ reason: 'console-token' });
        log.warn('a wrong token was sent to the console');
      },
    });
    this.board = new CallBoard({
      clock,
      instance,
      run: `.${randomBytes(3).toString('hex')}`,
      showsTranscripts,
      hasTape: (callSid) => tapes?.has(callSid) === true,
    });
    const { board, guard } = this;
    const tapesOfOthers = new TapesOfOthers(tapes);
    const hub = new WatchHub({
      clock,
      board,
      others,
      tapes: tapesOfOthers,
      onCount: (watchers) => metrics.consoleWatchers.set(watchers),
    });
    const calls = new AllCalls({ board, others, operate, tapes: tapesOfOthers });
    this.hub = hub;
    this.api = new ConsoleApi({ ...options, guard, hub, calls });
    others?.join({
      onWatched: (opened) => hub.onWatched(opened),
      onUpdate: (name, update) => hub.onUpdate(name, update),
      onLost: (name) => hub.onLost(name),
      answer: (question) => calls.answer(question),
      onWrongToken: ({ address, use }) => guard.noteWrongToken(use, address),
    });
  }

  /** `path` belongs to the console; see {@link isConsolePath}. A fault is answered, too, with the headers of every answer. */
  async onRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.respond(path, request, response);
    } catch (error) {
      this.options.log.error({ err: error, path: shownPath(path) }, 'the console failed to answer');
      if (!response.headersSent) refuse(response, FAILED);
    }
  }

  private async respond(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.guard.refusal(request);
    if (refusal !== undefined) {
      this.options.metrics.refusedRequests.inc({ reason: 'console-access' });
      refuse(response, refusal);
    } else if (path === LOGIN) await this.onLogin(request, response);
    else if (path.startsWith(API)) await this.onApi(path.slice(API.length), request, response);
    else if (path === LOGOUT) this.onLogout(request, response);
    else await this.onFile(path, request, response);
  }

  /** `path` belongs to the console. */
  onUpgrade(path: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal = this.guard.refusal(request) ?? this.guard.upgradeRefusal(request);
    const visitor = refusal ?? this.guard.visitor(request, true);
    if ('status' in visitor) refuseUpgrade(socket, visitor);
    else this.api.onUpgrade(path.startsWith(API) ? path.slice(API.length) : '', request, socket, head);
  }

  /** Takes note of something that happened on a call. A fault of the console costs the call nothing. */
  onCallEvent(event: CallEvent): void {
    try {
      this.board.onCallEvent(event);
      if (event.type === 'state') this.options.phones?.onCallState(event.callSid, event.state);
    } catch (error) {
      this.options.log.error({ err: error, type: event.type }, 'the console has lost an event');
    }
  }

  onCallLine({ callSid, level, msg }: CallLine): void {
    this.board.logged(callSid, level, msg);
  }

  /** Takes note of what happens at an agent's desk. */
  onAgentStep(callSid: string, step: string): void {
    this.board.agentStepped(callSid, step);
  }

  /** Takes note of what happens to the contact in the contact centre. */
  onContactStep(callSid: string, step: ContactStep): void {
    this.board.contactStepped(callSid, step);
  }

  /** Sends the watchers away, because the process is about to stop. */
  drain(): void {
    this.hub.drain();
  }

  /** Ends every connection of a watcher. */
  close(): void {
    this.hub.drain();
    this.api.close();
  }

  /** Pages, and the files that they load. */
  private async onFile(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isRead(request)) refuse(response, notAllowed('GET, HEAD'));
    // Without a login, too, because the page of the login loads some.
    else if (await this.files.sendFile(path, request, response)) return;
    else if ('status' in this.guard.visitor(request, false)) redirect(response, LOGIN);
    else {
      const page = this.pageOf(path);
      const isSent = page !== undefined && (await this.files.sendPage(page, request, response));
      if (!isSent) refuse(response, NOT_FOUND);
    }
  }

  private pageOf(path: string): string | undefined {
    const page = PAGES.find(([pattern]) => pattern.test(path))?.[1];
    const needsPhones = page === 'phone' || page === 'agent';
    return needsPhones && this.options.phones === undefined ? undefined : page;
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
    if ('status' in visitor) refuse(response, visitor);
    else await this.api.onRequest(route, visitor, request, response);
  }
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function redirect(response: ServerResponse, location: string): void {
  answer(response, 303, undefined, { location });
}
