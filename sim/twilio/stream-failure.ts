import type { ProblemCode } from './problems.js';

export interface StreamFailure {
  code: ProblemCode;
  what: string;
}

/** No way to the host, or nobody who answers there. */
const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL']);
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** Twilio's code for a stream that never opened, from what the socket reports. */
export function openingFailure(error: NodeJS.ErrnoException, isSecure: boolean): StreamFailure {
  const code = error.code ?? '';
  // Node reports a TLS handshake that the other side breaks off as a reset.
  if (isSecure && / TLS /.test(error.message)) return { code: 31910, what: 'the TLS handshake broke off' };
  if (code === 'ECONNREFUSED') return { code: 31902, what: 'nobody listens there' };
  if (UNREACHABLE.has(code)) return { code: 31901, what: `the host cannot be reached (${code})` };
  if (BROKEN.has(code)) return { code: 31903, what: 'the connection broke before the upgrade was answered' };
  // An answer that is no WebSocket handshake comes without a code.
  if (code === '') return { code: 31920, what: error.message };
  if (isSecure) return { code: 31910, what: `TLS: ${code}` };
  return { code: 31920, what: code };
}

/** Twilio's code for an open stream that the WebSocket library had to give up. */
export function violation(error: NodeJS.ErrnoException): StreamFailure | undefined {
  return error.code?.startsWith('WS_ERR_') === true ? { code: 31924, what: error.message } : undefined;
}
