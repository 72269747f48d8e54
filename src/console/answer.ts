import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** On every answer of the console, refusals included. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
};

/** An answer that says no, and why. */
export interface Refusal {
  status: number;
  error: string;
  headers?: Record<string, string>;
}

/** Sends a whole answer. It is not cached unless `headers` say otherwise. */
export function answer(
  response: ServerResponse,
  status: number,
  body: { type: string; content: string | Buffer } | undefined,
  headers: Readonly<Record<string, string>> = {},
): void {
  const content = body?.content ?? '';
  response.writeHead(status, {
    ...HEADERS,
    'cache-control': 'no-store',
    ...(body === undefined ? {} : { 'content-type': body.type, 'content-length': Buffer.byteLength(content) }),
    ...headers,
  });
  // Node leaves the body out of an answer to HEAD.
  response.end(content);
}

export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  answer(response, status, { type: 'application/json', content: `${JSON.stringify(value)}\n` });
}

/** Refuses a request. Its body may be unread, so the connection is closed. */
export function refuse(response: ServerResponse, { error, headers, status }: Refusal): void {
  const body = { type: 'application/json', content: `${JSON.stringify({ error })}\n` };
  answer(response, status, body, { connection: 'close', ...headers });
}

/** Begins an answer that has no end yet. */
export function beginStream(response: ServerResponse, type: string): void {
  // The last one tells nginx not to collect the events.
  response.writeHead(200, { ...HEADERS, 'cache-control': 'no-store', 'content-type': type, 'x-accel-buffering': 'no' });
  response.flushHeaders();
}

/** Begins an answer that the browser keeps as a file. */
export function beginDownload(
  response: ServerResponse,
  { name, sizeBytes, type }: { type: string; name: string; sizeBytes: number },
): void {
  response.writeHead(200, {
    ...HEADERS,
    'cache-control': 'no-store',
    'content-type': type,
    'content-length': sizeBytes,
    'content-disposition': `attachment; filename="${name}"`,
  });
}

/** Refuses an upgrade with a plain answer. */
export function refuseUpgrade(socket: Duplex, { error, headers, status }: Refusal): void {
  const body = `${JSON.stringify({ error })}\n`;
  const fields = {
    ...HEADERS,
    'cache-control': 'no-store',
    connection: 'close',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
