import type { ProblemCode } from './problems.js';

export interface StreamFailure {
  code: ProblemCode;
  what: string;
}

/** Errors of a host that cannot be reached or does not answer. */
const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL']);
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** Returns Twilio's code for a stream that never opened, based on the socket's error. */
export function openingFailure(error: NodeJS.ErrnoException, isSecure: boolean): StreamFailure {
  const code = error.code ?? '';
  // Node reports a TLS handshake that the server aborts as a reset.
  if (isSecure && / TLS /.test(error.message)) return { code: 31910, what: 'the TLS handshake broke off' };
  if (code === 'ECONNREFUSED') return { code: 31902, what: 'nobody listens there' };
  if (UNREACHABLE.has(code)) return { code: 31901, what: `the host cannot be reached (${code})` };
  if (BROKEN.has(code)) return { code: 31903, what: 'the connection broke before the upgrade was answered' };
  // The error has no code if the answer is not a WebSocket handshake.
  if (code === '') return { code: 31920, what: error.message };
  if (isSecure) return { code: 31910, what: `TLS: ${code}` };
  return { code: 31920, what: code };
}

/** Returns Twilio's code for an open stream that violated the WebSocket protocol. `undefined` for any other error. */
export function violation(error: NodeJS.ErrnoException): StreamFailure | undefined {
  return error.code?.startsWith('WS_ERR_') === true ? { code: 31924, what: error.message } : undefined;
}
