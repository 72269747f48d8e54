import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from './redis-url.js';

/** Maximum time for a command; then it has failed, although Redis may still run it. */
const COMMAND_MS = 2000;
/** Maximum silence on a connection while an answer is due; then the connection is replaced. */
const SILENT_SOCKET_MS = 4000;
const CONNECT_MS = 2000;
const MAX_RECONNECT_MS = 2000;
/** Connects without a queue of failed commands, because the journal itself keeps one unwritten snapshot a call. */
export function connectRedis(target: RedisTarget): Redis | Cluster {
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
    // It subscribes again where nobody catches the error of a connection that breaks meanwhile, which ends the process.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    // Saves a command that a Redis user with few rights may not run.
    disableClientInfo: true,
    // Every server and proxy supports RESP2, and nothing here needs RESP3.
    protocol: 2,
  } satisfies RedisOptions;
  switch (target.kind) {
    case 'single':
      return new Redis({
        ...shared,
        ...target.node,
        db: target.db,
        retryStrategy: reconnectDelayMs,
        // The check would hide why Redis does not serve yet. The journal asks anyway before it counts as up.
        enableReadyCheck: false,
      });
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
