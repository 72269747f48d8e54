import { Cluster, type Redis } from 'ioredis';
import { BackendFailure, type BackendWrite, type HeldData, type JournalBackend } from './backend.js';
import { connectRedis } from './redis-connection.js';
import type { RedisTarget } from './redis-url.js';

/**
 * Number of failed writes in a row after which the connection is replaced. The connection may lead to a server that never takes
 * a write again, for example a former master, and no list of error texts is complete.
 */
const FAILED_WRITES = 5;

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
redis.call('HSET', KEYS[1], 'epoch', epoch, 'owner', ARGV[1], 'data', ARGV[3], 'life', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return epoch`;

/**
 * Lua for the time an entry has left, or -1 if this user may not ask: earlier lists of commands lack it. It comes last in a
 * script, because Redis up to 4 refuses to write after a command whose result depends on the time.
 */
const LEFT = `
local left = redis.pcall('PTTL', KEYS[1])
if type(left) ~= 'number' then left = -1 end`;

const CLAIM = `
local held = redis.call('HMGET', KEYS[1], 'data', 'life')
if not held[1] then return false end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)${LEFT}
return { epoch, held[1], tonumber(held[2] or '0'), left }`;

const READ = `
local held = redis.call('HMGET', KEYS[1], 'epoch', 'data', 'life')
if not held[2] then return false end${LEFT}
return { tonumber(held[1]), held[2], tonumber(held[3] or '0'), left }`;

/** Keeps entries in Redis as one hash a call. Scripts write and claim them, so that the fence holds between instances. */
export class RedisBackend implements JournalBackend {
  readonly kind = 'redis';
  private readonly client: Redis | Cluster;
  /** Failed writes in a row on this connection. */
  private failedWrites = 0;
  /** Whether this connection is being closed for another one. Each further request to close it would leave a listener. */
  private isReplaced = false;
  /** Why the last attempt to connect failed. A command without a connection says only that there is none. */
  private refusal: BackendFailure | undefined;

  constructor(target: RedisTarget) {
    this.client = connectRedis(target);
    // Each failed connection emits an error here, and Node would throw without a listener.
    this.client.on('error', (error: unknown) => (this.refusal = refusalOf(error)));
    this.client.on('ready', () => {
      this.refusal = undefined;
      this.failedWrites = 0;
    });
    this.client.on('close', () => (this.isReplaced = false));
  }

  async write({ callSid, data, epoch, owner, ttlMs }: BackendWrite): Promise<number | 'fenced'> {
    try {
      const reply = await this.run(WRITE, callSid, owner, String(epoch), data, String(ttlMs));
      const result = writeResult(reply);
      this.failedWrites = 0;
      return result;
    } catch (error) {
      this.writeFailed();
      throw error;
    }
  }

  async claim(callSid: string, owner: string): Promise<HeldData | undefined> {
    return heldData(await this.run(CLAIM, callSid, owner));
  }

  async read(callSid: string): Promise<HeldData | undefined> {
    return heldData(await this.run(READ, callSid));
  }

  /** What the server says of itself, as lines of `name:value`. For the operator; calls do not need it. */
  async info(): Promise<string> {
    try {
      return String(await this.client.call('info'));
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** Why the last attempt to connect failed. `undefined` while connected, or if the network says no more than that. */
  get refused(): BackendFailure | undefined {
    return this.refusal;
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

  private writeFailed(): void {
    if (this.client.status === 'ready' && ++this.failedWrites >= FAILED_WRITES) this.replaceConnection();
  }

  private replaceConnection(): void {
    if (this.isReplaced || this.client.status !== 'ready') return;
    this.isReplaced = true;
    this.failedWrites = 0;
    this.client.disconnect(true);
  }

  private async run(script: string, callSid: string, ...parts: (string | Buffer)[]): Promise<unknown> {
    try {
      return await this.client.callBuffer('eval', script, 1, `tandem:call:{${callSid}}`, ...parts);
    } catch (error) {
      const failure = failureOf(error);
      // After a failover the former master refuses writes on the connections it still has.
      if (failure.kind === 'READONLY') this.replaceConnection();
      throw failure.kind === 'unreachable' && this.refusal !== undefined ? this.refusal : failure;
    }
  }
}

/**
 * Only the script's own word fences. Anything else that is no epoch comes from a proxy or another server, and a call must not be
 * let go of for it.
 */
function writeResult(reply: unknown): number | 'fenced' {
  if (typeof reply === 'number' && Number.isSafeInteger(reply)) return reply;
  const isFenced = Buffer.isBuffer(reply) && reply.toString('latin1') === 'fenced';
  if (isFenced) return 'fenced';
  throw new BackendFailure('unexpected_reply');
}

/** The scripts return `false`, which Redis sends as null, if nothing is stored. */
function heldData(reply: unknown): HeldData | undefined {
  if (reply === null) return undefined;
  const [epoch, data, lifeMs, leftMs] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (typeof epoch === 'number' && Number.isSafeInteger(epoch) && Buffer.isBuffer(data))
    return { epoch, data, ageMs: ageOf(lifeMs, leftMs) };
  throw new BackendFailure('unexpected_reply');
}

/** Returns the age of an entry from the life that its write gave it. Earlier versions of the gateway do not store that. */
function ageOf(lifeMs: unknown, leftMs: unknown): number | undefined {
  if (typeof lifeMs !== 'number' || typeof leftMs !== 'number' || leftMs < 0 || lifeMs < leftMs) return undefined;
  return lifeMs - leftMs;
}

/**
 * Words with which Redis names an error. They may stand anywhere: up to 6.2, Redis reports what a command inside a script
 * answered as `ERR Error running script (…): @user_script: 1: -READONLY …`. Later versions begin with the word.
 */
const WORDS =
  /\b(?:READONLY|OOM|MISCONF|LOADING|WRONGPASS|NOAUTH|NOPERM|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|NOSCRIPT|BUSY|TRYAGAIN)\b/;

/** Keeps the word that names Redis' error. The rest is dropped, because it can quote the request. */
function failureOf(error: unknown): BackendFailure {
  const message = error instanceof Error ? error.message : '';
  // Before version 6 Redis had no word for this.
  if (message.includes('invalid password')) return new BackendFailure('WRONGPASS');
  const word = (WORDS.exec(message) ?? /^[A-Z]{2,20}(?= |$)/.exec(message))?.[0];
  if (word !== undefined) return new BackendFailure(word);
  return new BackendFailure(message.startsWith('Command timed out') ? 'timeout' : 'unreachable');
}

/** Names why a connection was refused. `undefined` if the network says no more than that nothing answers. */
function refusalOf(error: unknown): BackendFailure | undefined {
  // A cluster reports the error of its last node inside its own.
  const cause = (error as { lastNodeError?: unknown } | undefined)?.lastNodeError ?? error;
  const failure = failureOf(cause);
  if (failure.kind !== 'unreachable') return failure;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && TLS_CODE.test(code) ? new BackendFailure(`tls_${code}`) : undefined;
}

/** Codes of OpenSSL for certificates that are not trusted (Node.js: tls – X509 certificate error codes), and of TLS itself. */
const TLS_CODE = /CERT|CRL|SIGNATURE|ISSUER|CA$|PATH_LENGTH|HOSTNAME_MISMATCH|^ERR_(?:SSL|TLS)_|^EPROTO$/;
