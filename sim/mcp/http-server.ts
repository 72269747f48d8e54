import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/base/clock.js';
import { FaultPlan, type McpSimFault } from './faults.js';
import { type JsonRpc, LIST_CHANGED, McpSession, type McpSimState, VERSIONS } from './session.js';
import { DEFAULT_TOOLS, type SimTool } from './tools.js';

export interface McpHttpOptions {
  port?: number;
  clock: Clock;
  tools?: readonly SimTool[];
  pageSize?: number;
  /** Asked of every request. `undefined`: none is. */
  token?: string | undefined;
  /** How requests are answered: with one JSON body, or with a stream of events. Default `events`. */
  answersWith?: 'json' | 'events';
  /** Whether a GET gets the messages that the server sends of its own accord. Default true. */
  hasOwnStream?: boolean;
  onEvent?: (what: string) => void;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A simulated MCP server over streamable HTTP (MCP specification 2025-11-25, Transports), strict, with faults on request. */
export class McpHttpServer {
  readonly state: McpSimState;
  /** How many sessions were begun. */
  begun = 0;
  /** How many sessions the client has ended. */
  ended = 0;
  /** How many requests were answered with a redirect and came to where it leads. */
  followed = 0;
  private readonly options: McpHttpOptions;
  private readonly sessions = new Map<string, McpSession>();
  private readonly streams = new Map<ServerResponse, string>();
  private readonly server = createServer((request, response) => this.take(request, response));

  constructor(options: McpHttpOptions) {
    this.options = options;
    this.state = {
      tools: options.tools ?? DEFAULT_TOOLS,
      pageSize: options.pageSize ?? 50,
      faults: new FaultPlan(),
      clock: options.clock,
      problems: [],
      calls: [],
      cancelled: [],
      onEvent: options.onEvent ?? (() => undefined),
    };
  }

  async start(port = this.options.port ?? 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** The next `times` requests of this method meet the fault. */
  plan(fault: McpSimFault, times = 1, method = 'tools/call'): void {
    this.state.faults.add({ fault, times, method });
  }

  /** Changes the tools, and tells every client so. */
  change(tools: readonly SimTool[]): void {
    this.state.tools = tools;
    for (const stream of this.streams.keys()) sendEvent(stream, LIST_CHANGED);
  }

  /** Forgets all sessions, as a server does that was started anew. */
  forget(): void {
    this.sessions.clear();
    for (const stream of this.streams.keys()) stream.end();
  }

  /** Whether a client listens to what the server sends of its own accord. */
  get isListenedTo(): boolean {
    return this.streams.size > 0;
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.sessions.clear();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes <= MAX_BODY_BYTES) pieces.push(piece);
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      if (sizeBytes > MAX_BODY_BYTES) response.writeHead(413).end();
      else this.route(request, response, Buffer.concat(pieces).toString('utf8'));
    });
  }

  private route(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { headers, method, url } = request;
    if (url === '/elsewhere') this.followed++;
    if (url !== '/mcp') return this.no(response, 404, `there is nothing at ${url ?? ''}`);
    if (headers.origin !== undefined) return this.no(response, 403, 'a browser asks');
    const { token } = this.options;
    if (token !== undefined && headers.authorization !== `Bearer ${token}`) return this.no(response, 401, undefined);
    const version = headers['mcp-protocol-version'];
    if (version !== undefined && !VERSIONS.some((known) => known === version))
      return this.no(response, 400, 'the version of the protocol is unknown');
    if (method === 'POST') return this.post(request, response, body);
    const session = this.sessionOf(request, response);
    if (session === undefined) return;
    if (method === 'DELETE') {
      this.sessions.delete(String(headers['mcp-session-id']));
      this.ended++;
      response.writeHead(204).end();
    } else if (method !== 'GET') {
      this.no(response, 405, `the method is ${method ?? ''}`);
    } else if (this.options.hasOwnStream === false) {
      this.no(response, 405, undefined);
    } else if (headers.accept?.includes('text/event-stream') !== true) {
      this.no(response, 406, 'a GET does not accept events');
    } else {
      response.writeHead(200, EVENTS).write(': hello\n\n');
      this.streams.set(response, String(headers['mcp-session-id']));
      response.on('close', () => this.streams.delete(response));
    }
  }

  private post(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { accept = '', 'content-type': type = '' } = request.headers;
    if (!accept.includes('application/json') || !accept.includes('text/event-stream'))
      return this.no(response, 406, 'a POST must accept JSON and events');
    if (!/^application\/json(;|$)/.test(type)) return this.no(response, 415, 'a POST is no JSON');
    let message: JsonRpc;
    try {
      message = JSON.parse(body) as JsonRpc;
    } catch {
      return this.no(response, 400, 'a POST holds no JSON');
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message))
      return this.no(response, 400, 'a POST holds more than one message');
    const method = String(message['method']);
    const fault = this.state.faults.take(method, 'http');
    if (fault?.type === 'status') return void response.writeHead(fault.status).end('the words of a proxy');
    if (fault?.type === 'redirect') return void response.writeHead(307, { location: '/elsewhere' }).end();
    if (fault?.type === 'forget') this.sessions.clear();
    const isFirst = method === 'initialize';
    if (isFirst && request.headers['mcp-session-id'] !== undefined)
      return this.no(response, 400, 'initialize names a session');
    const session = isFirst ? new McpSession(this.state) : this.sessionOf(request, response);
    if (session === undefined) return;
    if (!isFirst && request.headers['mcp-protocol-version'] !== session.version)
      return this.no(response, 400, 'the version of the protocol is not the one agreed on');
    if ('method' in message && 'id' in message) this.answer(session, message, response, isFirst);
    else {
      session.receive(message, { send: () => undefined, die: () => undefined, garbage: () => undefined });
      response.writeHead(202).end();
    }
  }

  private answer(session: McpSession, message: JsonRpc, response: ServerResponse, isFirst: boolean): void {
    const headers: Record<string, string> = {};
    if (isFirst) {
      const name = randomUUID();
      this.sessions.set(name, session);
      this.begun++;
      headers['mcp-session-id'] = name;
    }
    const asEvents = this.options.answersWith !== 'json';
    if (asEvents) response.writeHead(200, { ...EVENTS, ...headers }).flushHeaders();
    session.receive(message, {
      send: (answer) => {
        if (response.destroyed) return;
        if (asEvents) sendEvent(response, answer);
        const isLast = 'result' in answer || 'error' in answer;
        if (isLast && asEvents) response.end();
        else if (isLast)
          response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer));
      },
      die: () => void response.socket?.resetAndDestroy(),
      garbage: () => {
        if (asEvents) response.end('data: hello\n\n');
        else response.writeHead(200, { 'content-type': 'text/html', ...headers }).end('<html>');
      },
    });
  }

  private sessionOf({ headers }: IncomingMessage, response: ServerResponse): McpSession | undefined {
    const name = headers['mcp-session-id'];
    if (typeof name !== 'string') {
      this.no(response, 400, 'a request names no session');
      return undefined;
    }
    const session = this.sessions.get(name);
    if (session === undefined) this.no(response, 404, undefined);
    return session;
  }

  private no(response: ServerResponse, status: number, problem: string | undefined): void {
    if (problem !== undefined) this.state.problems.push(problem);
    this.state.onEvent(`HTTP ${status}${problem === undefined ? '' : `: ${problem}`}`);
    response.writeHead(status).end();
  }
}

const EVENTS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

function sendEvent(response: ServerResponse, message: JsonRpc): void {
  response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
}
