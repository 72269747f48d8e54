import type { IncomingHttpHeaders } from 'node:http';

/** Headers that proxies, tunnels and balancers add, of which one is enough (RFC 7239, RFC 9110). */
const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-real-ip',
] as const;

/** Whether a proxy has passed the request on, so that its sender is not the one that asks. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return FORWARDING_HEADERS.some((name) => headers[name] !== undefined);
}
