import { readBounded } from '../base/bounded-body.js';

/** An answer to one request. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed JSON. `undefined` if the body is something else. */
  body: unknown;
}

/** No answer came. `why` completes "It cannot be reached: …". */
export interface Unreached {
  why: string;
}

const MAX_BODY_BYTES = 1024 * 1024;
const REQUEST_MS = 10_000;

/** Sends one request. Follows no redirect, because the request holds a credential. Never rejects. */
export async function ask(
  url: string,
  options: {
    signal: AbortSignal;
    headers?: Record<string, string>;
    json?: unknown;
    /** A body as it is. Its type is in `headers`. */
    text?: string;
    form?: URLSearchParams;
  },
): Promise<Answer | Unreached> {
  const { form, headers, json, signal, text } = options;
  const body = form ?? text ?? (json === undefined ? undefined : JSON.stringify(json));
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    });
    const bytes = await readBounded(response, MAX_BODY_BYTES);
    return { status: response.status, headers: response.headers, body: parsed(bytes?.toString('utf8') ?? '') };
  } catch (error) {
    return { why: whyUnreached(error) };
  }
}

export function isUnreached(answer: Answer | Unreached): answer is Unreached {
  return 'why' in answer;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name does not exist in DNS',
  EAI_AGAIN: 'the name could not be looked up, because DNS does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EHOSTUNREACH: 'there is no way to that address',
  ENETUNREACH: 'there is no way to that network',
  ETIMEDOUT: 'no connection in time; a firewall may drop it',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time; a firewall may drop it',
  UND_ERR_SOCKET: 'the connection broke',
  ERR_INVALID_URL: 'the URL cannot be used',
};

const IS_TLS = /CERT|SIGNATURE|ISSUER|HOSTNAME|^ERR_(?:SSL|TLS)_|^EPROTO$/;

/** Says why a connection failed, from the system's code alone, because a message can hold anything. */
export function whyUnreached(error: unknown): string {
  const code = codeOf(error);
  if (code === undefined) {
    const name = error instanceof Error ? error.name : '';
    return name === 'TimeoutError' || name === 'AbortError' ? 'no answer in time' : 'the request failed';
  }
  if (REASONS[code] !== undefined) return `${REASONS[code]} (${code})`;
  return IS_TLS.test(code) ? `TLS fails (${code})` : `the request failed (${code})`;
}

/** The code of the innermost error that has one. */
function codeOf(error: unknown): string | undefined {
  let found: string | undefined;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const inner = at instanceof AggregateError ? (at.errors as unknown[])[0] : undefined;
    const { code } = (inner ?? at) as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code)) found = code;
  }
  return found;
}

/** Returns a URL without what may be secret in it: user, password and query. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'a URL that cannot be used';
  const { host, pathname, protocol } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** Returns `value` if it is a name as services write codes and paths of fields, which hold nothing private. */
export function codeText(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.[\]-]{1,100}$/.test(value) ? value : undefined;
}

/** Returns a member of a parsed answer, or `undefined`. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
