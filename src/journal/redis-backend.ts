import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { BackendFailure, type BackendWrite, type HeldData, type JournalBackend } from './backend.js';
import type { RedisTarget } from './redis-url.js';

/** A command that got no answer by then has failed; whether Redis still does it is not known. */
const COMMAND_MS = 2000;
/** A connection on which nothing comes back for this long while an answer is due is replaced. */
const SILENT_SOCKET_MS = 4000;
const CONNECT_MS = 2000;
const MAX_RECONNECT_MS = 2000;

/** The owner and the epoch are in clear: the script below decides by them. */
const WRITE = `
local held = redis.call('HMGET', KEYS[1], 'epoch', 'owner')
local epoch = tonumber(held[1] or '0')
local mine = tonumber(ARGV[2])
if ARGV[2] == 'unread' then
  epoch = epoch + 1
elseif held[2] and held[2] ~= ARGV[1] and epoch >= mine then
  return 'fenced'
else
  epoch = math.max(epoch, mine)
end
redis.call('HSET', KEYS[1], 'epoch', epoch, 'owner', ARGV[1], 'data', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return epoch`;

const CLAIM = `
local data = redis.call('HGET', KEYS[1], 'data')
if not data then return false end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
return { redis.call('HINCRBY', KEYS[1], 'epoch', 1), data }`;

const READ = `
local held = redis.call('HMGET', KEYS[1], 'epoch', 'data')
if not held[2] then return false end
return { tonumber(held[1]), held[2] }`;

/** Entries in Redis: one hash a call, written and claimed by scripts, so that the fence holds between instances. */
export class RedisBackend implements JournalBackend {
  readonly kind = 'redis';
  private readonly client: Redis | Cluster;

  constructor(target: RedisTarget) {
    this.client = connect(target);
    // Each failed connection says so here; what matters is how the commands fare. Without a listener Node would throw.
    this.client.on('error', () => undefined);
  }

  async write({ callSid, data, epoch, owner, ttlMs }: BackendWrite): Promise<number | 'fenced'> {
    const reply = await this.run(WRITE, callSid, owner, String(epoch), data, String(ttlMs));
    return typeof reply === 'number' ? reply : 'fenced';
  }

  async claim(callSid: string, owner: string): Promise<HeldData | undefined> {
    return heldData(await this.run(CLAIM, callSid, owner));
  }

  async read(callSid: string): Promise<HeldData | undefined> {
    return heldData(await this.run(READ, callSid));
  }

  onConnection(callback: (isConnected: boolean) => void): void {
    this.client.on('ready', () => callback(true));
    this.client.on('close', () => callback(false));
    // A node of a cluster that comes back does not make the whole cluster ready again.
    if (this.client instanceof Cluster) {
      this.client.on('+node', () => {
        if (this.client.status === 'ready') callback(true);
      });
    }
  }

  close(): void {
    this.client.disconnect();
  }

  private async run(script: string, callSid: string, ...parts: (string | Buffer)[]): Promise<unknown> {
    try {
      return await this.client.callBuffer('eval', script, 1, `tandem:call:{${callSid}}`, ...parts);
    } catch (error) {
      throw failureOf(error);
    }
  }
}

/** The client keeps nothing for later: what could not be written waits in the journal, once a call. */
function connect(target: RedisTarget): Redis | Cluster {
  const shared = {
    username: target.username,
    password: target.password,
    ...(target.tls ? { tls: {} } : {}),
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    socketTimeout: SILENT_SOCKET_MS,
    keepAlive: 10_000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // One command fewer for a user with few rights.
    disableClientInfo: true,
    // RESP2 is spoken by every server and proxy; nothing here needs more.
    protocol: 2,
    // After a failover the old master refuses writes on connections it still has.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies RedisOptions;
  switch (target.kind) {
    case 'single':
      return new Redis({ ...shared, ...target.node, db: target.db, retryStrategy: reconnectDelayMs });
    case 'sentinel':
      return new Redis({
        ...shared,
        sentinels: [...target.sentinels],
        name: target.master,
        db: target.db,
        sentinelUsername: target.sentinelUsername,
        sentinelPassword: target.sentinelPassword,
        enableTLSForSentinelMode: target.tls,
        ...(target.tls ? { sentinelTLS: {} } : {}),
        sentinelCommandTimeout: COMMAND_MS,
        sentinelRetryStrategy: reconnectDelayMs,
        retryStrategy: reconnectDelayMs,
      });
    case 'cluster': {
      const { enableOfflineQueue, ...ofNode } = shared;
      return new Cluster([...target.nodes], {
        redisOptions: ofNode,
        enableOfflineQueue,
        clusterRetryStrategy: reconnectDelayMs,
        clusterNodeRetryStrategy: reconnectDelayMs,
        slotsRefreshTimeout: COMMAND_MS,
        // Certificates are for names: with addresses in their place TLS would fail.
        ...(target.tls ? { dnsLookup: (name, callback) => callback(null, name) } : {}),
      });
    }
  }
}

/** For ever: a call may come back to a journal that was away for hours. Spread, so that instances do not come all at once. */
function reconnectDelayMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS) * (0.5 + Math.random() / 2);
}

function heldData(reply: unknown): HeldData | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [epoch, data] = reply as unknown[];
  return typeof epoch === 'number' && Buffer.isBuffer(data) ? { epoch, data } : undefined;
}

/** Redis begins its errors with a word in capitals. The rest is left behind: it can quote the request. */
function failureOf(error: unknown): BackendFailure {
  const message = error instanceof Error ? error.message : '';
  const word = /^[A-Z]{2,20}(?= |$)/.exec(message)?.[0];
  if (word !== undefined) return new BackendFailure(word);
  return new BackendFailure(message.startsWith('Command timed out') ? 'timeout' : 'unreachable');
}
