import { type KeyObject, randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { JournalBackend } from './backend.js';
import { CallJournal, type Journal } from './journal.js';
import { MemoryBackend } from './memory-backend.js';
import type { RedisTarget } from './redis-url.js';
import { drawKey } from './seal.js';
import { JournalNotes, type SharedNotes } from './shared-notes.js';

/** A journal that other instances can read. */
export interface SharedJournal {
  redis: RedisTarget;
  /** The first one encrypts; the others only decrypt what was written before a rotation. */
  keys: readonly [KeyObject, ...KeyObject[]];
}

export interface OpenJournalOptions {
  /** `undefined` if none is configured. */
  config: SharedJournal | undefined;
  clock: Clock;
  /** The clock of the calls. By default the same. */
  callClock?: Clock;
  log: Logger;
  metrics: Metrics;
  /** The journal that the processes of this machine share if none is configured. `undefined` if each keeps its own. */
  shared?: { backend: JournalBackend; key: KeyObject } | undefined;
  /** Stands between the journal and its backend. By default nothing does. */
  wrap?: (backend: JournalBackend) => JournalBackend;
  onLost: (callSid: string) => void;
}

/**
 * Opens the configured journal, in Redis or in memory. Does not reject if Redis is unreachable, because calls do not need
 * the journal until an instance dies.
 */
export async function openJournal(
  options: OpenJournalOptions,
): Promise<Journal & { notes: SharedNotes; lastingNotes: SharedNotes }> {
  const { callClock, clock, config, log, metrics, onLost, shared, wrap = (backend) => backend } = options;
  const backend = wrap(await openBackend(options));
  const keys: SharedJournal['keys'] = config?.keys ?? [shared?.key ?? drawKey()];
  const journal = new CallJournal({
    backend,
    keys,
    instanceId: randomUUID(),
    clock,
    callClock,
    log,
    onWrite: (outcome) => metrics.journalWrites.inc({ outcome }),
    onClaim: (outcome) => metrics.journalClaims.inc({ outcome }),
    onHealth: (isUp) => metrics.journalUp.set(isUp ? 1 : 0),
    onLost,
  });
  return Object.assign(journal, {
    notes: new JournalNotes({ backend, keys, clock }),
    lastingNotes: new JournalNotes({ backend, keys, clock, mayOutliveKey: true }),
  });
}

async function openBackend({ clock, config, shared }: OpenJournalOptions): Promise<JournalBackend> {
  if (config === undefined) return shared?.backend ?? new MemoryBackend(clock);
  // Loaded only if it is used, because the Redis client is the larger part of this folder.
  const { RedisBackend } = await import('./redis-backend.js');
  return new RedisBackend(config.redis);
}
