import { z } from 'zod';
import type { Clock } from '../../src/base/clock.js';
import type { FaultPlan, McpSimFault } from './faults.js';
import { type SimTool, resultOf } from './tools.js';

/** Versions of the protocol that the server speaks, newest first. */
export const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

export type JsonRpc = Record<string, unknown>;

/** What the server is made of. */
export interface McpSimState {
  /** Read for every list. */
  tools: readonly SimTool[];
  /** Number of tools on each page of the list. */
  pageSize: number;
  faults: FaultPlan;
  clock: Clock;
  /** What the client did wrong, one sentence each. Empty for a client that keeps to the specification. */
  problems: string[];
  /** Calls of tools, in the order in which they came. */
  calls: { name: string; arguments: Record<string, unknown> }[];
  /** Names of tools whose calls were cancelled. */
  cancelled: string[];
  /** Called with what happens, for a user's eyes. */
  onEvent: (what: string) => void;
}

/** What a session does with one message. */
export interface SessionActions {
  send: (message: JsonRpc) => void;
  /** Ends the program, or resets the connection of the request. */
  die: () => void;
  /** Sends what is no JSON. */
  garbage: () => void;
}

const id = z.union([z.string(), z.int()]);
const requestSchema = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id,
  method: z.string(),
  params: z.looseObject({}).optional(),
});
const notificationSchema = requestSchema.omit({ id: true });
const answerSchema = z.union([
  z.strictObject({ jsonrpc: z.literal('2.0'), id, result: z.looseObject({}) }),
  z.strictObject({ jsonrpc: z.literal('2.0'), id, error: z.looseObject({ code: z.int(), message: z.string() }) }),
]);
const initializeSchema = z.looseObject({
  protocolVersion: z.string(),
  capabilities: z.looseObject({}),
  clientInfo: z.looseObject({ name: z.string().min(1), version: z.string() }),
});
const callSchema = z.looseObject({ name: z.string(), arguments: z.looseObject({}).optional() });

/**
 * One session of the protocol, whatever carries it (MCP specification 2025-11-25: Lifecycle, Tools, Cancellation, Ping). It refuses
 * what the specification forbids, and notes it as a problem.
 */
export class McpSession {
  version: string | undefined;
  private readonly state: McpSimState;
  private stage: 'new' | 'answered' | 'initialized' = 'new';
  private readonly ids = new Set<string | number>();
  /** Calls in progress: the tool's name by the id of the request. */
  private readonly running = new Map<string | number, string>();
  private readonly cancelledIds = new Set<unknown>();

  constructor(state: McpSimState) {
    this.state = state;
  }

  get isInitialized(): boolean {
    return this.stage === 'initialized';
  }

  receive(message: unknown, actions: SessionActions): void {
    const { problems } = this.state;
    if (typeof message !== 'object' || message === null || !('method' in message)) {
      if (!answerSchema.safeParse(message).success) problems.push('a message is neither a request nor an answer');
      return;
    }
    if (!('id' in message)) {
      const notification = notificationSchema.safeParse(message);
      if (notification.success) this.notified(notification.data.method, notification.data.params ?? {});
      else problems.push('a notification is malformed');
      return;
    }
    const request = requestSchema.safeParse(message);
    if (!request.success) {
      this.refuse(actions, message.id, -32600, 'the request is malformed');
      return;
    }
    const { method, params = {} } = request.data;
    if (this.ids.has(request.data.id)) {
      this.refuse(actions, request.data.id, -32600, 'the id was used before');
      return;
    }
    this.ids.add(request.data.id);
    this.answer(request.data.id, method, params, actions);
  }

  private answer(requestId: string | number, method: string, params: JsonRpc, actions: SessionActions): void {
    const fault = this.state.faults.take(method, 'session');
    if (fault !== undefined) this.state.onEvent(`${method} meets ${fault.type}`);
    switch (fault?.type) {
      case 'hang':
        if (method === 'tools/call') this.begin(requestId, params);
        return;
      case 'die':
        actions.die();
        return;
      case 'garbage':
        actions.garbage();
        return;
      case 'refuse':
        actions.send({ jsonrpc: '2.0', id: requestId, error: { code: -32602, message: 'The order is locked.' } });
        return;
      case 'flood':
        for (let count = 0; count < 5000; count++)
          actions.send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: count } });
        return;
      case 'late':
        if (method === 'tools/call') this.begin(requestId, params);
        this.state.clock.setTimer(fault.delayMs, () => this.result(requestId, method, params, actions, undefined));
        return;
      default:
        this.result(requestId, method, params, actions, fault);
    }
  }

  private result(
    requestId: string | number,
    method: string,
    params: JsonRpc,
    actions: SessionActions,
    fault: McpSimFault | undefined,
  ): void {
    const done = (result: JsonRpc): void => actions.send({ result, jsonrpc: '2.0', id: requestId });
    const refuse = (code: number, text: string): void => this.refuse(actions, requestId, code, text);
    if (method === 'ping') done({});
    else if (method === 'initialize') this.initialize(params, done, refuse);
    else if (this.stage !== 'initialized') refuse(-32600, `${method} came before notifications/initialized`);
    else if (method === 'tools/list') this.list(params, done, refuse);
    else if (method === 'tools/call') this.call(requestId, params, fault, done, refuse);
    else refuse(-32601, `there is no method ${method}`);
  }

  private initialize(
    params: JsonRpc,
    done: (result: JsonRpc) => void,
    refuse: (code: number, text: string) => void,
  ): void {
    const parsed = initializeSchema.safeParse(params);
    if (this.stage !== 'new') refuse(-32600, 'initialize came twice');
    else if (!parsed.success) refuse(-32602, 'initialize has wrong params');
    else {
      this.stage = 'answered';
      this.version = VERSIONS.find((version) => version === parsed.data.protocolVersion) ?? VERSIONS[0];
      done({
        protocolVersion: this.version,
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: 'tandem-sim', version: '1.0.0' },
      });
    }
  }

  private list(params: JsonRpc, done: (result: JsonRpc) => void, refuse: (code: number, text: string) => void): void {
    const { pageSize, tools } = this.state;
    const { cursor } = params;
    const text = typeof cursor === 'string' ? cursor : '';
    const from = cursor === undefined ? 0 : Number(/^page-(\d{1,6})$/.exec(text)?.[1]);
    if (!Number.isInteger(from)) {
      refuse(-32602, 'the cursor is none of ours');
      return;
    }
    const next = from + pageSize;
    done({ tools: tools.slice(from, next), ...(next < tools.length ? { nextCursor: `page-${next}` } : {}) });
  }

  private call(
    requestId: string | number,
    params: JsonRpc,
    fault: McpSimFault | undefined,
    done: (result: JsonRpc) => void,
    refuse: (code: number, text: string) => void,
  ): void {
    const parsed = callSchema.safeParse(params);
    const tool = this.state.tools.find(({ name }) => parsed.success && name === parsed.data.name);
    // A late answer to a call that was cancelled meanwhile is not sent.
    if (this.cancelledIds.has(requestId)) return;
    if (!this.running.has(requestId)) this.begin(requestId, params);
    this.running.delete(requestId);
    if (!parsed.success) refuse(-32602, 'tools/call has wrong params');
    else if (tool === undefined) refuse(-32602, 'there is no such tool');
    else done(resultOf(tool, parsed.data.arguments ?? {}, fault));
  }

  private begin(requestId: string | number, params: JsonRpc): void {
    const parsed = callSchema.safeParse(params);
    const name = parsed.success ? parsed.data.name : '';
    this.running.set(requestId, name);
    this.state.calls.push({ name, arguments: parsed.data?.arguments ?? {} });
    this.state.onEvent(`called ${name}`);
  }

  private notified(method: string, params: JsonRpc): void {
    const { cancelled, onEvent, problems } = this.state;
    if (method === 'notifications/initialized') {
      if (this.stage !== 'answered') problems.push('notifications/initialized came at the wrong time');
      this.stage = 'initialized';
    } else if (method === 'notifications/cancelled') {
      const { requestId } = params;
      const name = this.running.get(requestId as string | number);
      // "The receiver … MAY ignore them", for instance because the answer was on its way.
      if (name === undefined) return;
      this.running.delete(requestId as string | number);
      this.cancelledIds.add(requestId);
      cancelled.push(name);
      onEvent(`cancelled ${name}`);
    } else {
      problems.push(`there is no notification ${method} from a client`);
    }
  }

  private refuse({ send }: SessionActions, requestId: unknown, code: number, message: string): void {
    this.state.problems.push(message);
    this.state.onEvent(`refused: ${message}`);
    send({ jsonrpc: '2.0', id: id.safeParse(requestId).data ?? null, error: { code, message } });
  }
}

/** The notification that the tools have changed. */
export const LIST_CHANGED: JsonRpc = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
