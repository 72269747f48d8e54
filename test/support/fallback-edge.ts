import { readFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';

// For tests of the number's fallback: a simulated CloudFront distribution.

/** Host of the number's fallback URL. */
export const EDGE_HOST = 'd111111abcdef8.cloudfront.net';
export const FALLBACK_URL = `https://${EDGE_HOST}/`;

/** From the folder of the built file. Chaos runs in any folder. */
const FALLBACK = new URL('../../../terraform/fallback/', import.meta.url);
/** The function's code and its document, as Terraform makes them. terraform/fallback/tests compares them. */
export const FUNCTION_CODE = readFileSync(new URL('tests/example.js', FALLBACK), 'utf8');
export const FALLBACK_TWIML = readFileSync(new URL('example.xml', FALLBACK), 'utf8');

export interface EdgeResponse {
  statusCode: number;
  statusDescription: string;
  headers: Record<string, { value: string }>;
  body: { encoding: 'text' | 'base64'; data: string };
}

/** The number's fallback, at a place that does not depend on the gateways. */
export interface FallbackEdge {
  /** URL of the local server behind {@link EDGE_HOST}. */
  base: string;
  /** The method of each request so far. */
  methods: string[];
  close: () => Promise<void>;
}

export function loadFunction(): (event: unknown) => EdgeResponse {
  return runInNewContext(`${FUNCTION_CODE}; handler`, { Buffer }) as (event: unknown) => EdgeResponse;
}

/** Returns a query string as the function sees it, with its values as they came (CloudFront Functions: event structure). */
function queryOf(query: string): Record<string, { value: string }> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, { value }];
    }),
  );
}

/** Starts a distribution whose viewer requests the function alone answers (CloudFront Functions: event structure). */
export async function startFallbackEdge(): Promise<FallbackEdge> {
  const handler = loadFunction();
  const methods: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '' } = request;
    const [uri = '/', query = ''] = (request.url ?? '/').split('?');
    methods.push(method);
    const { body, headers, statusCode } = handler({
      version: '1.0',
      context: { distributionDomainName: EDGE_HOST, eventType: 'viewer-request' },
      viewer: { ip: '203.0.113.7' },
      request: { method, uri, querystring: queryOf(query), headers: { host: { value: EDGE_HOST } }, cookies: {} },
    });
    request.resume();
    const named = Object.entries(headers).map(([name, { value }]): [string, string] => [name, value]);
    response.writeHead(statusCode, Object.fromEntries(named));
    response.end(Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8'));
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    methods,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
