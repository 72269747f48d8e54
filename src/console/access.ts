import type { IncomingMessage } from 'node:http';
import { isForwarded } from '../edge/forwarding.js';

// Decides who may ask the console at all, before anything else is looked at.

/** What the decision needs of a request. */
export type Asked = Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'socket'>;

/** Names by which only this machine is asked. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const LOOPBACK_ADDRESS = /^(?:::1|(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i;
/** A DNS name has at most 253 characters. */
const MAX_HOST_CHARACTERS = 260;
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/**
 * Whether the console may answer. Without a token only this machine may ask, directly and by a name of its own: a page from
 * elsewhere, whose name was made to lead here, sends its own name, and a tunnel says that it forwards. With a token anybody
 * may ask, by a name that is known. `hosts`: names besides those of this machine, with or without a port.
 */
export function mayAsk(
  { headers, headersDistinct, socket }: Asked,
  { hasToken, hosts }: { hasToken: boolean; hosts: readonly string[] },
): boolean {
  const name = nameOf(headers.host);
  if (name === undefined || (headersDistinct.host?.length ?? 0) > 1) return false;
  if (hasToken) return LOOPBACK_NAMES.has(name) || hosts.some((host) => nameOf(host) === name);
  return LOOPBACK_NAMES.has(name) && LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') && !isForwarded(headers);
}

/** Whether the request was sent to this machine by a name that no other machine has. */
export function isToLoopback({ headers }: Pick<Asked, 'headers'>): boolean {
  const name = nameOf(headers.host);
  return name !== undefined && LOOPBACK_NAMES.has(name);
}

/**
 * Whether a page of the console has sent the request, or no page at all. `SameSite` cookies do not tell: a page on another
 * port of this host is of the same site.
 */
export function isFromOwnPage({ headers }: Pick<Asked, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return headers.origin === undefined || hasOwnOrigin({ headers });
}

/** Whether the request names an origin, and that is the host it was sent to. */
export function hasOwnOrigin({ headers: { host = '', origin = '' } }: Pick<Asked, 'headers'>): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (url.origin !== origin || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  // Parsed as well, because an origin has no default port and a Host may.
  const asked = `${url.protocol}//${host}`;
  return nameOf(host) !== undefined && URL.canParse(asked) && new URL(asked).host === url.host;
}

/** Returns the name in a Host header or a setting, in lower case and without the port. `undefined` if it is not one. */
function nameOf(host: string | undefined): string | undefined {
  if (host === undefined || host.length > MAX_HOST_CHARACTERS) return undefined;
  return HOST.exec(host.toLowerCase())?.[1];
}
