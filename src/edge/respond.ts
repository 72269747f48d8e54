import type { ServerResponse } from 'node:http';

/** Sends a whole response that must not be cached. If `type` is `undefined`, no content type is set. */
export function send(
  response: ServerResponse,
  status: number,
  type: string | undefined,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}
