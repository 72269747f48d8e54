import { type IncomingHttpHeaders, request } from 'node:http';
import type { Socket } from 'node:net';

// For tests of who may ask: requests with any header, also those that fetch does not let a caller set.

export interface Asking {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | undefined;
}

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The text as JSON. */
  json(): Record<string, unknown>;
}

/** Sends one request over a connection of its own. An upgrade that succeeds answers 101, and its connection is closed. */
export function ask(
  base: string,
  path: string,
  { body, headers = {}, method = 'GET' }: Asking = {},
): Promise<Answered> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const asked = request({ host: hostname, port, path, method, headers, agent: false });
    const answered = (status: number, got: IncomingHttpHeaders, text: string): void =>
      resolve({ status, headers: got, text, json: () => JSON.parse(text) as Record<string, unknown> });
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => answered(response.statusCode ?? 0, response.headers, text));
      response.on('error', reject);
    });
    asked.on('upgrade', (response, socket: Socket) => {
      socket.destroy();
      answered(response.statusCode ?? 0, response.headers, '');
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** The headers of a WebSocket's upgrade. `undefined` leaves the origin out. */
export function upgradeHeaders(origin: string | undefined, more: Record<string, string> = {}): Record<string, string> {
  return {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...(origin === undefined ? {} : { origin }),
    ...more,
  };
}
