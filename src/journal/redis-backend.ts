import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { BackendFailure, type BackendWrite, type HeldData, type JournalBackend } from './backend.js';
import type { RedisTarget } from './redis-url.js';

/** Maximum time for a command; then it has failed, although Redis may still run it. */
const COMMAND_MS = 2000;
/** Maximum silence on a connection while an answer is due; then the connection is replaced. */
const SILENT_SOCKET_MS = 4000;
const CONNECT_MS = 2000;
const MAX_RECONNECT_MS = 2000;

/** Owner and epoch are stored unencrypted, because this script compares them. */
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

/** Keeps entries in Redis as one hash a call. Scripts write and claim them, so that the fence holds between instances. */
export class RedisBackend implements JournalBackend {
  readonly kind = 'redis';
  private readonly client: Redis | Cluster;

  constructor(target: RedisTarget) {
    this.client = connect(target);
    // Each failed connection emits an error here, and Node would throw without a listener. Only failed commands matter.
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

/** Connects without a queue of failed commands, because the journal itself keeps one unwritten snapshot a call. */
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
    // Saves a command that a Redis user with few rights may not run.
    disableClientInfo: true,
    // Every server and proxy supports RESP2, and nothing here needs RESP3.
    protocol: 2,
    // After a failover the old master refuses writes on the connections it still has.
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
        // Certificates are issued for names, so TLS would fail with resolved addresses.
        ...(target.tls ? { dnsLookup: (name, callback) => callback(null, name) } : {}),
      });
    }
  }
}

/**
 * Delay before reconnecting. There is no last attempt, because a journal may be back after hours. The delay is random, so
 * that the instances do not reconnect all at once.
 */
function reconnectDelayMs(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 10), MAX_RECONNECT_MS) * (0.5 + Math.random() / 2);
}

function heldData(reply: unknown): HeldData | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [epoch, data] = reply as unknown[];
  return typeof epoch === 'number' && Buffer.isBuffer(data) ? { epoch, data } : undefined;
}

/** Keeps the word in capitals with which Redis starts its errors. The rest is dropped, because it can quote the request. */
function failureOf(error: unknown): BackendFailure {
  const message = error instanceof Error ? error.message : '';
  const word = /^[A-Z]{2,20}(?= |$)/.exec(message)?.[0];
  if (word !== undefined) return new BackendFailure(word);
  return new BackendFailure(message.startsWith('Command timed out') ? 'timeout' : 'unreachable');
}
