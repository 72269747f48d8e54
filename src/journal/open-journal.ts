import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { JournalBackend } from './backend.js';
import { CallJournal, type Journal } from './journal.js';
import { MemoryBackend } from './memory-backend.js';
import { drawKey } from './seal.js';

/**
 * The journal as configured: in Redis, or in memory. Never rejects because Redis is away: calls do not need it until an
 * instance dies.
 */
export async function openJournal(options: {
  config: Config['journal'];
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  onLost: (callSid: string) => void;
}): Promise<Journal> {
  const { clock, config, log, metrics, onLost } = options;
  return new CallJournal({
    backend: await openBackend(config, clock),
    keys: config === undefined ? [drawKey()] : config.keys,
    instanceId: randomUUID(),
    clock,
    log,
    onWrite: (outcome) => metrics.journalWrites.inc({ outcome }),
    onClaim: (outcome) => metrics.journalClaims.inc({ outcome }),
    onHealth: (isUp) => metrics.journalUp.set(isUp ? 1 : 0),
    onLost,
  });
}

async function openBackend(config: Config['journal'], clock: Clock): Promise<JournalBackend> {
  if (config === undefined) return new MemoryBackend(clock);
  // Loaded only where it is used: the client is the larger part of this folder.
  const { RedisBackend } = await import('./redis-backend.js');
  return new RedisBackend(config.redis);
}
