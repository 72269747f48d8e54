import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { McpFaultKind } from './fault.js';

/**
 * The way to one server, as the SDK's client uses it. It is used once: a link that is lost is replaced. It has no timer and no
 * socket before `start` and after `close`.
 */
export interface McpLink extends Transport {
  /** Why the link is over. `undefined` if it is not, or if it was closed from here. */
  readonly lostBy: McpFaultKind | undefined;
  /** Ends the link and everything that it has opened. Never rejects. */
  close(): Promise<void>;
}

/** Whether a value from the wire is one JSON-RPC message. The SDK checks the rest. */
export function isMessage(value: unknown): value is JSONRPCMessage {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'jsonrpc' in value;
}

/** An answer in place of one that cannot be used. The client's request then fails at once. */
export function failedAnswer(id: number, kind: McpFaultKind): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: FAULT_CODE, message: kind } };
}

/** The code of {@link failedAnswer}. A number that no server uses. */
export const FAULT_CODE = -39_017;
