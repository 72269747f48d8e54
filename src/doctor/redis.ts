import { randomUUID } from 'node:crypto';
import { type Clock, sleep } from '../base/clock.js';
import { BackendFailure } from '../journal/backend.js';
import type { SharedJournal } from '../journal/open-journal.js';
import { RedisBackend } from '../journal/redis-backend.js';
import { type Finding, advice, fault, fine } from './finding.js';

/** Maximum time until there is a connection. */
const CONNECT_MS = 6000;
const POLL_MS = 50;
const PROBE_TTL_MS = 1000;
/** The oldest version that has everything the scripts use. */
const OLDEST_MAJOR = 4;

/** Connects as the journal does, writes and claims an entry with its scripts, and reads how Redis treats a full memory. */
export async function askRedis(redis: SharedJournal['redis'], clock: Clock): Promise<Finding[]> {
  const backend = new RedisBackend(redis);
  try {
    if (!(await isConnected(backend, clock))) return [failed(backend.refused?.kind ?? 'unreachable')];
    const startedMs = clock.now();
    await claimOne(backend);
    const seconds = ((clock.now() - startedMs) / 1000).toFixed(2);
    return [...(await settingsOf(backend, seconds))];
  } catch (error) {
    if (error instanceof BackendFailure) return [failed(error.kind)];
    throw error;
  } finally {
    backend.close();
  }
}

async function isConnected(backend: RedisBackend, clock: Clock): Promise<boolean> {
  const seen = { connections: 0 };
  backend.onConnection((isUp) => (seen.connections += isUp ? 1 : 0));
  const untilMs = clock.now() + CONNECT_MS;
  while (seen.connections === 0 && backend.refused === undefined && clock.now() < untilMs) await sleep(clock, POLL_MS);
  return seen.connections > 0;
}

async function claimOne(backend: RedisBackend): Promise<void> {
  const callSid = `doctor-${randomUUID()}`;
  const data = Buffer.from('doctor');
  await backend.write({ callSid, data, epoch: 'unread', owner: 'doctor', ttlMs: PROBE_TTL_MS });
  const claimed = await backend.claim(callSid, 'doctor-2');
  if (claimed?.data.equals(data) !== true) throw new BackendFailure('lost_write');
}

async function settingsOf(backend: RedisBackend, seconds: string): Promise<Finding[]> {
  let info: ReadonlyMap<string, string>;
  try {
    info = linesOf(await backend.info());
  } catch {
    const text = `An entry was written and taken over in ${seconds} s. INFO is not allowed, so version and maxmemory-policy are not known.`;
    return [fine('redis-ready', text)];
  }
  const version = shown(info.get('redis_version'));
  const policy = shown(info.get('maxmemory_policy'));
  const findings = [fine('redis-ready', `Redis ${version}: an entry was written and taken over in ${seconds} s.`)];
  if (Number.parseInt(version, 10) < OLDEST_MAJOR)
    findings.push(fault('redis-version', `Redis ${version} is too old for the journal. Use ${OLDEST_MAJOR} or later.`));
  if (Number(info.get('maxmemory') ?? 0) > 0 && policy !== 'noeviction')
    findings.push(
      advice(
        'redis-eviction',
        `Redis drops entries when its memory is full (maxmemory-policy ${policy}), and a call whose entry is gone ends with its gateway. Set it to noeviction (redis-cli config set maxmemory-policy noeviction), in ElastiCache in the parameter group.`,
      ),
    );
  return findings;
}

/** Lines are `name:value`, and those that begin with `#` are headings. */
function linesOf(info: string): ReadonlyMap<string, string> {
  const pairs = info
    .split(/\r?\n/)
    .map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1)] as const);
  return new Map(pairs);
}

function shown(value = ''): string {
  return /^[\w.-]{1,40}$/.test(value) ? value : 'of an unknown kind';
}

const ACCESS: Readonly<Record<string, string>> = {
  WRONGPASS: 'user or password are wrong',
  NOAUTH: 'Redis wants a password',
  NOPERM: 'the user may not run a command that the journal needs (docs/operate/several-instances.md lists them)',
};
const WRITES: Readonly<Record<string, string>> = {
  READONLY: 'it is a replica, which takes no writes; name the primary, or use redis+sentinel://',
  OOM: 'its memory is full; raise maxmemory',
  MISCONF: 'it stopped writing because it cannot save to its disk',
  LOADING: 'it is still loading its data; ask again',
  NOREPLICAS: 'too few replicas are connected',
  CLUSTERDOWN: 'the cluster is down, or this node does not know it',
  MASTERDOWN: 'its primary is down',
  lost_write: 'what was written could not be read back; a proxy may spread commands over several servers',
};

/** `kind`: the word of a {@link BackendFailure}. */
function failed(kind: string): Finding {
  if (ACCESS[kind] !== undefined) return fault('redis-access', `Redis refuses REDIS_URL: ${ACCESS[kind]} (${kind}).`);
  if (WRITES[kind] !== undefined) return fault('redis-writes', `Redis takes no calls: ${WRITES[kind]} (${kind}).`);
  if (kind.startsWith('tls_'))
    return fault(
      'redis-unreachable',
      `TLS with Redis fails (${kind.slice('tls_'.length)}). Check the name in REDIS_URL, and NODE_EXTRA_CA_CERTS for an authority of your own.`,
    );
  if (kind === 'unreachable' || kind === 'timeout')
    return fault(
      'redis-unreachable',
      `Redis does not answer (${kind}). Check REDIS_URL, rediss:// for TLS, and the network.`,
    );
  return fault(
    'redis-script',
    `Redis does not run the journal's script (${kind}). It needs EVAL; a proxy or a compatible server may not have it.`,
  );
}
