/** One Redis process. */
export interface RedisNode {
  host: string;
  port: number;
}

interface Access {
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
}

/** How to reach Redis, read from `REDIS_URL`. */
export type RedisTarget = Access &
  (
    | { kind: 'single'; node: RedisNode; db: number }
    | {
        kind: 'sentinel';
        sentinels: readonly RedisNode[];
        /** The name under which the sentinels know the master. */
        master: string;
        db: number;
        sentinelUsername: string | undefined;
        sentinelPassword: string | undefined;
      }
    | { kind: 'cluster'; nodes: readonly RedisNode[] }
  );

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

const FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const NODE = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;

/**
 * Reads one of
 * - `redis://[[user]:password@]host[:port][/db]`
 * - `redis+sentinel://[[user]:password@]host[:port][,host[:port]…]/master[?db=0&sentinel_username=…&sentinel_password=…]`
 * - `redis+cluster://[[user]:password@]host[:port][,host[:port]…]`
 *
 * with `rediss` instead of `redis` for TLS, also to sentinels. Special characters are percent-encoded. Returns a string if
 * the URL cannot be used: the problem, without the URL, because it may hold a password.
 */
export function readRedisUrl(url: string): RedisTarget | string {
  const match = FORM.exec(url);
  if (match === null)
    return 'expected a URL like redis://host:6379, redis+sentinel://host:26379/master or redis+cluster://host:6379';
  const [, scheme, kind = 'single', credentials = '', hosts = '', path = '', query = ''] = match;
  const options = new URLSearchParams(query);
  const known = kind === 'sentinel' ? ['db', 'sentinel_username', 'sentinel_password'] : [];
  if ([...options.keys()].some((name) => !known.includes(name))) return 'has an unknown option after "?"';

  const nodes = hosts.split(',').map((host) => readNode(host, kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT));
  if (!nodes.every((node) => node !== undefined)) return 'has a host that is not host or host:port';
  const [node] = nodes;
  if (node === undefined || (kind === 'single' && nodes.length > 1)) {
    return 'names several hosts, which only redis+sentinel:// and redis+cluster:// allow';
  }
  const access = readAccess(credentials, scheme === 'rediss');
  const text = decode(path);
  if (access === undefined || text === undefined) return 'is not percent-encoded correctly';

  if (kind === 'cluster')
    return text === '' ? { ...access, kind, nodes } : 'names a database, but a cluster has only one';
  const db = readDatabase(kind === 'sentinel' ? (options.get('db') ?? '') : text);
  if (db === undefined) return 'has a database that is not a number';
  if (kind !== 'sentinel') return { ...access, kind: 'single', node, db };
  if (text === '') return 'does not name the master behind the sentinels, as in redis+sentinel://host:26379/mymaster';
  return {
    ...access,
    kind,
    sentinels: nodes,
    master: text,
    db,
    sentinelUsername: options.get('sentinel_username') ?? undefined,
    sentinelPassword: options.get('sentinel_password') ?? undefined,
  };
}

function readNode(text: string, defaultPort: number): RedisNode | undefined {
  const match = NODE.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** A single word before the @ is the user, because Redis' own tools read `redis://word@host` that way. */
function readAccess(credentials: string, tls: boolean): Access | undefined {
  const colon = credentials.indexOf(':');
  const username = decode(colon < 0 ? credentials : credentials.slice(0, colon));
  const password = decode(colon < 0 ? '' : credentials.slice(colon + 1));
  if (username === undefined || password === undefined) return undefined;
  return { tls, username: username === '' ? undefined : username, password: password === '' ? undefined : password };
}

function readDatabase(text: string): number | undefined {
  return /^\d{0,5}$/.test(text) ? Number(text) : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
