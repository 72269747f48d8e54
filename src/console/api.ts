import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../base/clock.js';
import { namedReason } from '../escalation/escalation.js';
import type { Logger } from '../telemetry/log.js';
import { type Refusal, answer, answerJson, refuse, refuseUpgrade } from './answer.js';
import type { AllCalls } from './all-calls.js';
import { DeadLetterApi, type DeadLetterBox } from './dead-letter-api.js';
import type { Guard, Visitor } from './guard.js';
import type { Fault, OperatorRequest, SessionAnswer } from './messages.js';
import type { PhonePages } from './phones.js';
import { readJson } from './read-json.js';
import type { ScrubTape } from './scrubbed-tapes.js';
import { TapeDownloads } from './tape-downloads.js';
import type { Tapes } from './tapes.js';
import { gatewayVersion } from './version.js';
import type { WatchHub, Watcher } from './watch-hub.js';
import { EventSocket, EventStream } from './watchers.js';

export interface ConsoleApiOptions {
  guard: Guard;
  hub: WatchHub;
  calls: AllCalls;
  showsTranscripts: boolean;
  /** Lets the calls finish, and then ends the process. */
  stop: () => void;
  /** The tapes of calls. `undefined` if they are not recorded. */
  tapes?: Tapes | undefined;
  /** Takes the people out of a tape. `undefined` if nothing here can. */
  scrubTape?: ScrubTape | undefined;
  /** The events of calls that were never taken. `undefined` if nothing is told of calls. */
  deadLetters?: DeadLetterBox | undefined;
  /** What can be made to fail under a call here. Empty unless the carrier is simulated. */
  faults: readonly Fault[];
  /** Whether the gateway makes calls. */
  outbound: boolean;
  /** `undefined` if the carrier is not simulated. */
  phones?: PhonePages | undefined;
  clock: Clock;
  log: Logger;
}

const SID = '[A-Za-z0-9]{1,64}';
const CALL = new RegExp(`^calls/(${SID})$`);
const TAPE = new RegExp(`^calls/(${SID})/tape$`);
const ACTION = new RegExp(`^calls/(${SID})/actions/(hangup|escalate|fault)$`);
const EVENTS = 'events';
const WHOLE_SID = new RegExp(`^${SID}$`);
/** Nothing is expected on a watcher's socket. */
const MAX_MESSAGE_BYTES = 1024;

const NOT_FOUND: Refusal = { status: 404, error: 'Not found.' };
const UNKNOWN: Refusal = { status: 404, error: 'No such call is known here.' };
const NO_SUCH_FAULT: Refusal = { status: 404, error: '"fault" names nothing that can be made to fail here.' };
const TOO_LATE: Refusal = { status: 409, error: 'The call has gone too far for that.' };
const FULL: Refusal = { status: 503, error: 'Too many watch this gateway already.', headers: { 'retry-after': '30' } };
const BAD_CALL: Refusal = { status: 400, error: '"call" must be a CallSid.' };

type Handler = (visitor: Visitor, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Everything under /console/api. Its visitors have passed the guard. */
export class ConsoleApi {
  private readonly options: ConsoleApiOptions;
  private readonly downloads: TapeDownloads;
  private readonly letters: DeadLetterApi | undefined;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  constructor(options: ConsoleApiOptions) {
    this.options = options;
    this.downloads = new TapeDownloads({ ...options, tapes: options.tapes, scrubTape: options.scrubTape });
    this.letters = options.deadLetters && new DeadLetterApi(options.deadLetters, options.log);
  }

  /** `route`: the path below the API. */
  async onRequest(route: string, visitor: Visitor, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const read = this.readerOf(route);
    const change = this.changerOf(route);
    if (read !== undefined) {
      if (isRead) await read(visitor, request, response);
      else refuse(response, notAllowed('GET, HEAD'));
    } else if (change === undefined) refuse(response, NOT_FOUND);
    else if (request.method !== 'POST') refuse(response, notAllowed('POST'));
    else {
      const refusal = this.options.guard.changeRefusal(request, visitor);
      const body = refusal === undefined ? await readJson(request) : { ok: false as const, refusal };
      if (body.ok) await change(body.fields, response);
      else refuse(response, body.refusal);
    }
  }

  onUpgrade(route: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { phones } = this.options;
    if (phones !== undefined && (route === 'phone' || route === 'agent')) {
      phones.take(route, request, socket, head);
      return;
    }
    const callSid = callOf(request);
    const refusal =
      route !== EVENTS ? NOT_FOUND : callSid === null ? BAD_CALL : this.options.hub.isFull ? FULL : undefined;
    if (refusal !== undefined || callSid === null) {
      refuseUpgrade(socket, refusal ?? BAD_CALL);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.watch(new EventSocket(webSocket, callSid), webSocket);
    });
  }

  /** Ends every connection of a watcher. */
  close(): void {
    this.downloads.close();
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }

  private readerOf(route: string): Handler | undefined {
    const callSid = CALL.exec(route)?.[1];
    if (callSid !== undefined) return (_visitor, _request, response) => this.sendCall(callSid, response);
    const tapeOf = TAPE.exec(route)?.[1];
    if (tapeOf !== undefined) return (_visitor, request, response) => this.downloads.send(tapeOf, request, response);
    switch (route) {
      case 'session':
        return (visitor, _request, response) => this.sendSession(visitor, response);
      case 'calls':
        return (_visitor, _request, response) => this.sendCalls(response);
      case EVENTS:
        return (_visitor, request, response) => this.sendEvents(request, response);
      default: {
        const letters = this.letters?.readerOf(route);
        return letters && ((_visitor, request, response) => letters(request, response));
      }
    }
  }

  private changerOf(
    route: string,
  ): ((fields: Record<string, unknown>, response: ServerResponse) => void | Promise<void>) | undefined {
    if (route === 'drain') return (fields, response) => this.drain(fields, response);
    const [, callSid, action] = ACTION.exec(route) ?? [];
    if (callSid === undefined) return this.letters?.changerOf(route);
    if (action === 'fault') {
      // On a gateway with real callers the path does not exist.
      if (this.options.faults.length === 0) return undefined;
      return ({ fault }, response) => this.breakFor(callSid, fault, response);
    }
    return ({ reason }, response) => {
      const named = namedReason(typeof reason === 'string' ? reason : undefined);
      return this.act(callSid, action === 'hangup' ? { action } : { action: 'escalate', reason: named }, response);
    };
  }

  private async sendSession(visitor: Visitor, response: ServerResponse): Promise<void> {
    const { calls, faults, guard, outbound, phones, showsTranscripts, tapes } = this.options;
    const session: SessionAnswer = {
      csrf: guard.csrfOf(visitor),
      phone: phones !== undefined,
      agent: phones !== undefined,
      transcripts: showsTranscripts,
      tapes: tapes !== undefined,
      faults,
      outbound,
      login: guard.asksForToken,
      instances: await calls.count(),
      version: await gatewayVersion(),
    };
    answerJson(response, 200, session);
  }

  private async sendCalls(response: ServerResponse): Promise<void> {
    const { calls, clock } = this.options;
    const lists = await calls.lists();
    answerJson(response, 200, { now: clock.epochMs(), ...lists });
  }

  private async sendCall(callSid: string, response: ServerResponse): Promise<void> {
    const found = await this.options.calls.find(callSid);
    if (found === undefined) refuse(response, UNKNOWN);
    else answerJson(response, 200, found);
  }

  private sendEvents(request: IncomingMessage, response: ServerResponse): void {
    const callSid = callOf(request);
    if (callSid === null) refuse(response, BAD_CALL);
    else if (request.method === 'HEAD') answer(response, 200, undefined, { 'content-type': 'text/event-stream' });
    else if (this.options.hub.isFull) refuse(response, FULL);
    else this.watch(new EventStream(response, callSid), response);
  }

  private watch(watcher: Watcher, connection: { once(event: 'close', listener: () => void): unknown }): void {
    const { hub } = this.options;
    connection.once('close', () => hub.remove(watcher));
    hub.add(watcher);
  }

  private async breakFor(callSid: string, name: unknown, response: ServerResponse): Promise<void> {
    const fault = this.options.faults.find((each) => each === name);
    if (fault === undefined) refuse(response, NO_SUCH_FAULT);
    else await this.act(callSid, { action: 'fault', fault }, response);
  }

  private async act(callSid: string, action: OperatorRequest, response: ServerResponse): Promise<void> {
    const result = await this.options.calls.act(callSid, action);
    if (result === 'accepted') answerJson(response, 202, { accepted: true });
    else refuse(response, result === 'impossible' ? TOO_LATE : UNKNOWN);
  }

  private drain({ confirm }: Record<string, unknown>, response: ServerResponse): void {
    if (confirm !== 'drain') {
      const error =
        'Send {"confirm":"drain"}. The gateway then takes no new calls, and stops when the others are over.';
      refuse(response, { status: 400, error });
      return;
    }
    this.options.log.warn('console drain');
    answerJson(response, 202, { accepted: true });
    this.options.stop();
  }
}

/** Returns the call that a watcher wants to see as a whole. `undefined` if none, and `null` if it is no CallSid. */
function callOf({ url = '' }: IncomingMessage): string | undefined | null {
  const callSid = new URLSearchParams(url.split('?', 2)[1] ?? '').get('call') ?? undefined;
  return callSid === undefined || WHOLE_SID.test(callSid) ? callSid : null;
}

export function notAllowed(methods: string): Refusal {
  return { status: 405, error: `Only ${methods} will do here.`, headers: { allow: methods } };
}
