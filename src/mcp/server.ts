import { setMaxListeners } from 'node:events';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { z } from 'zod';
import type { Clock, Timer } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { McpFault, type McpFaultKind, kindOf } from './fault.js';
import { HttpLink } from './http-link.js';
import { FAULT_CODE, type McpLink } from './link.js';
import { type Offer, offerOf } from './offer.js';
import type { NewClient } from './sdk.js';
import type { McpServerSettings } from './servers-file.js';
import { StdioLink } from './stdio-link.js';

/** Maximum time for connecting and for the list of tools. */
const CONNECT_MS = 10_000;
/** Delays before the next try. The last is kept. */
const AGAIN_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000] as const;
/** A server that was there for this long begins with the first delay again. */
const STEADY_MS = 60_000;
/** How often a server without work is asked whether it is there, and how long it has for the answer. */
const PING_EVERY_MS = 30_000;
const PING_MS = 10_000;
/** Delay between a server's word that its tools have changed and the look at them. */
const LIST_AGAIN_MS = 500;
/** Maximum number of pages of the list of tools, and of tools in it. */
const MAX_PAGES = 20;
const MAX_LISTED = 500;
/** The SDK's own limit of a request, by the system's clock. It is above each of ours. */
const SDK_LIMIT_MS = 400_000;
/** JSON-RPC codes that the SDK makes itself, for a link that is closed and for a time that is over. */
const SDK_CODES: ReadonlySet<unknown> = new Set([-32_000, -32_001]);

const listSchema = z.looseObject({ tools: z.array(z.unknown()), nextCursor: z.string().max(4000).optional() });
const resultSchema = z.looseObject({});

interface Up {
  name: 'up';
  client: Client;
  link: McpLink;
  sinceMs: number;
  /** Number of calls that wait for an answer. */
  calls: number;
  ping: Timer | undefined;
  list: Timer | undefined;
}

type State = { name: 'connecting'; link: McpLink } | Up | { name: 'waiting'; again: Timer } | { name: 'closed' };

/** An error that the server has answered in place of a result. `message` is the server's text. */
export class McpAnswerError extends Error {}

export interface McpServerOptions {
  settings: McpServerSettings;
  newClient: NewClient;
  /** The gateway's environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Whether the model knows another tool by this name. */
  isTaken: (name: string) => boolean;
  clock: Clock;
  log: Logger;
  /** Called when the server can be used, and when it cannot any more. */
  onUp: (isUp: boolean) => void;
}

/**
 * One server and its tools. It connects again with growing delays for as long as it is open, asks a quiet server whether it is
 * there, and reads the list of tools again when the server says that it has changed.
 */
export class McpServer {
  readonly settings: McpServerSettings;
  /** The tools that the server had when it was last asked. */
  offer: Offer = { offered: [], refused: [], missing: [] };
  /** Why the last try failed. `undefined` if it did not. */
  failure: McpFaultKind | undefined;
  private readonly options: McpServerOptions;
  private state: State = { name: 'closed' };
  private attempt: Promise<void> = Promise.resolve();
  private failures = 0;
  private isKnownDown = false;
  /** Links that are on their way to their end. */
  private readonly leaving = new Set<Promise<void>>();
  /** Tools that the log has. */
  private readonly logged = new Set<string>();

  constructor(options: McpServerOptions) {
    this.options = options;
    this.settings = options.settings;
  }

  get isUp(): boolean {
    return this.standing === 'up';
  }

  get standing(): State['name'] {
    return this.state.name;
  }

  /** Resolves after the first try, whatever came of it. */
  start(): Promise<void> {
    return this.connect();
  }

  /**
   * Has a tool called, by the server's own name of it. A call that the server has refused unread, because it has forgotten the
   * session, is made again in a new one. Rejects with McpFault or McpAnswerError.
   */
  async call(tool: string, args: Record<string, unknown>, signal: AbortSignal): Promise<Record<string, unknown>> {
    const { state } = this;
    try {
      return await this.ask(tool, args, signal);
    } catch (error) {
      if (kindOf(error, 'ended') !== 'session' || signal.aborted || state.name !== 'up') throw error;
      this.lost(state);
      await orAborted(signal, this.attempt);
      return this.ask(tool, args, signal);
    }
  }

  async close(): Promise<void> {
    const { state } = this;
    this.state = { name: 'closed' };
    if (state.name === 'waiting') state.again.cancel();
    if (state.name === 'up') stopTimers(state);
    if (state.name === 'up' || state.name === 'connecting') this.leave(state.link);
    await Promise.all([this.attempt, ...this.leaving]);
  }

  private async ask(
    tool: string,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const { state } = this;
    if (state.name !== 'up') throw new McpFault('unreachable');
    state.calls++;
    try {
      const request = { method: 'tools/call' as const, params: { name: tool, arguments: args } };
      return await state.client.request(request, resultSchema, { signal, timeout: SDK_LIMIT_MS });
    } catch (error) {
      throw faultOf(error, state.link);
    } finally {
      state.calls--;
    }
  }

  private connect(): Promise<void> {
    const link = this.newLink();
    const state: State = { name: 'connecting', link };
    this.state = state;
    this.attempt = this.tryOnce(link).then(
      (client) => {
        if (this.state === state) this.up(client, link);
        else this.leave(link);
      },
      (error: unknown) => {
        this.leave(link);
        if (this.state === state) this.waitAfter(link.lostBy ?? kindOf(error, 'unreadable'));
      },
    );
    return this.attempt;
  }

  private async tryOnce(link: McpLink): Promise<Client> {
    const { clock, newClient } = this.options;
    const client = newClient();
    const limit = new AbortController();
    // The SDK listens once for each request.
    setMaxListeners(2 * MAX_PAGES, limit.signal);
    const timer = clock.setTimer(CONNECT_MS, () => limit.abort());
    try {
      const connected = client.connect(link, { signal: limit.signal, timeout: SDK_LIMIT_MS });
      await orAborted(limit.signal, connected);
      await this.list(client, limit.signal);
      return client;
    } catch (error) {
      throw limit.signal.aborted ? new McpFault('late') : faultOf(error, link);
    } finally {
      timer.cancel();
    }
  }

  private async list(client: Client, signal: AbortSignal): Promise<void> {
    const listed: unknown[] = [];
    if (client.getServerCapabilities()?.tools !== undefined) {
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES && listed.length < MAX_LISTED; page++) {
        const params = cursor === undefined ? {} : { params: { cursor } };
        const request = { method: 'tools/list' as const, ...params };
        const result = await client.request(request, listSchema, { signal, timeout: SDK_LIMIT_MS });
        listed.push(...result.tools.slice(0, MAX_LISTED - listed.length));
        cursor = result.nextCursor;
        if (cursor === undefined) break;
      }
    }
    const { isTaken, log } = this.options;
    const { allowed, name } = this.settings;
    this.offer = offerOf(listed, { server: name, allowed, isTaken });
    for (const { name: tool, why } of this.offer.refused) {
      if (this.logged.has(`${tool} ${why}`) || this.logged.size > MAX_LISTED) continue;
      this.logged.add(`${tool} ${why}`);
      log.warn({ mcp_server: name, mcp_tool: tool, why }, 'a tool of an MCP server is left out');
    }
  }

  private up(client: Client, link: McpLink): void {
    const { clock, log, onUp } = this.options;
    const state: Up = { name: 'up', client, link, sinceMs: clock.now(), calls: 0, ping: undefined, list: undefined };
    this.state = state;
    this.failure = undefined;
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a client of the SDK is no EventTarget
    client.onclose = () => this.lost(state);
    client.fallbackNotificationHandler = ({ method }) => {
      if (method === 'notifications/tools/list_changed') this.listLater(state);
      return Promise.resolve();
    };
    this.pingLater(state);
    log.info({ mcp_server: this.settings.name, tools: this.offer.offered.length }, 'an MCP server is connected');
    this.isKnownDown = false;
    onUp(true);
    // It may have been lost while the list was read.
    if (link.lostBy !== undefined) this.lost(state);
  }

  private lost(state: Up, kind = state.link.lostBy ?? 'ended'): void {
    if (this.state !== state) return;
    stopTimers(state);
    this.leave(state.link);
    const lastedMs = this.options.clock.now() - state.sinceMs;
    if (lastedMs >= STEADY_MS) this.failures = 0;
    this.options.onUp(false);
    if (kind === 'session' && this.failures === 0) {
      // Only the session is over. Another one that ends soon is a failure.
      this.failures = lastedMs >= STEADY_MS ? 0 : 1;
      void this.connect();
    } else {
      this.waitAfter(kind);
    }
  }

  /** Ends a link, which a program may take seconds for. */
  private leave(link: McpLink): void {
    const left = link.close().finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  private waitAfter(kind: McpFaultKind): void {
    const { clock, log } = this.options;
    this.failure = kind;
    const delayMs = AGAIN_MS[Math.min(this.failures, AGAIN_MS.length - 1)] ?? AGAIN_MS[0];
    this.failures++;
    if (!this.isKnownDown)
      log.warn(
        { mcp_server: this.settings.name, kind },
        'an MCP server cannot be used; its tools are left out until it answers',
      );
    this.isKnownDown = true;
    this.state = { name: 'waiting', again: clock.setTimer(delayMs, () => void this.connect()) };
  }

  private newLink(): McpLink {
    const { clock, env, settings } = this.options;
    const { address } = settings;
    return address.by === 'http' ? new HttpLink({ address, clock }) : new StdioLink({ address, env, clock });
  }

  private listLater(state: Up): void {
    if (this.state !== state) return;
    state.list ??= this.options.clock.setTimer(LIST_AGAIN_MS, () => {
      // What the server had is kept if it does not answer. Then it is lost soon, too.
      const listed = this.limited(PING_MS, (signal) => this.list(state.client, signal));
      void listed.catch(() => undefined).finally(() => (state.list = undefined));
    });
  }

  private pingLater(state: Up): void {
    state.ping = this.options.clock.setTimer(PING_EVERY_MS, () => void this.ping(state));
  }

  private async ping(state: Up): Promise<void> {
    try {
      // A program may do one thing after the other, and then a call holds up the answer.
      if (state.calls === 0)
        await this.limited(PING_MS, (signal) => state.client.ping({ signal, timeout: SDK_LIMIT_MS }));
    } catch (error) {
      // A server that does not know the question is there.
      if (!(faultOf(error, state.link) instanceof McpAnswerError)) {
        this.lost(state, state.link.lostBy ?? 'late');
        return;
      }
    }
    if (this.state === state) this.pingLater(state);
  }

  private async limited<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    setMaxListeners(2 * MAX_PAGES, limit.signal);
    const timer = this.options.clock.setTimer(limitMs, () => limit.abort());
    try {
      return await work(limit.signal);
    } finally {
      timer.cancel();
    }
  }
}

function stopTimers({ list, ping }: Up): void {
  list?.cancel();
  ping?.cancel();
}

/** Returns what an error of the SDK means. Its text holds what the server said. */
function faultOf(error: unknown, link: McpLink): McpFault | McpAnswerError {
  if (error instanceof McpFault) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = String(message).replace(/^MCP error -?\d+: /, '');
  if (code === FAULT_CODE) return new McpFault(text === 'too_large' ? text : 'unreadable');
  if (link.lostBy !== undefined) return new McpFault('ended');
  if (SDK_CODES.has(code)) return new McpFault(code === -32_000 ? 'ended' : 'late');
  return typeof code === 'number' ? new McpAnswerError(text) : new McpFault('unreadable');
}

/** Resolves with the work. Rejects if the signal is aborted first. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new McpFault('late'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
