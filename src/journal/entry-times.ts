import type { JournalEntry, JournalState } from './entry.js';

/** How much the clocks of two instances may differ. Beyond it, only the clock of the store is believed. */
const MAX_DIFFERENCE_MS = 30_000;
/** Maximum age that is believed if the store does not say one. The entry of a running call is written every two minutes. */
const MAX_UNCHECKED_AGE_MS = 150_000;

/** Returns an entry as it must be written now, by a clock that says `epochMs`, if it was noted `heldMs` ago. */
export function asOfNow(entry: JournalEntry, epochMs: number, heldMs: number): JournalEntry {
  const { lastedMs, writtenAtMs } = entry;
  if (lastedMs === undefined || writtenAtMs === undefined) return entry;
  return { ...entry, writtenAtMs: epochMs, lastedMs: lastedMs + Math.round(heldMs) };
}

/**
 * Returns an entry with its times by this instance's clock, which says `epochMs`, and without a token that has expired.
 * The clock of its writer may differ by any amount: one that is an hour ahead must neither end a call nor void a token.
 * `storedForMs`: how long ago the entry was written, by the clock of its store. `undefined` if the store does not say it.
 */
export function byOwnClock(entry: JournalEntry, epochMs: number, storedForMs: number | undefined): JournalEntry {
  const read = shifted(entry, epochMs, storedForMs);
  const { stand } = read;
  if (stand.name !== 'dialling' || stand.handover === undefined || stand.handover.expiresAtMs > epochMs) return read;
  const { handover: _, ...rest } = stand;
  return { ...read, stand: rest };
}

function shifted(entry: JournalEntry, epochMs: number, storedForMs: number | undefined): JournalEntry {
  const { lastedMs, stand, writtenAtMs } = entry;
  if (writtenAtMs === undefined) return entry;
  const byClocksMs = epochMs - writtenAtMs;
  const isBelieved =
    storedForMs === undefined
      ? byClocksMs >= 0 && byClocksMs <= MAX_UNCHECKED_AGE_MS
      : Math.abs(byClocksMs - storedForMs) <= MAX_DIFFERENCE_MS;
  const ageMs = isBelieved ? Math.max(0, byClocksMs) : (storedForMs ?? 0);
  const aheadMs = isBelieved ? 0 : byClocksMs - ageMs;
  return {
    ...entry,
    writtenAtMs: writtenAtMs + aheadMs,
    ...(lastedMs === undefined ? {} : { lastedMs: lastedMs + ageMs }),
    stand: aheadMs === 0 ? stand : later(stand, aheadMs),
  };
}

function later(stand: JournalState, byMs: number): JournalState {
  switch (stand.name) {
    case 'ringing':
    case 'talking':
      return stand.quietSinceMs === undefined ? stand : { ...stand, quietSinceMs: stand.quietSinceMs + byMs };
    case 'leaving':
    case 'parted': {
      const { exit } = stand;
      if (exit.to !== 'assistant' || exit.quietSinceMs === undefined) return stand;
      return { ...stand, exit: { ...exit, quietSinceMs: exit.quietSinceMs + byMs } };
    }
    case 'dialling': {
      const { handover } = stand;
      if (handover === undefined) return stand;
      return { ...stand, handover: { ...handover, expiresAtMs: handover.expiresAtMs + byMs } };
    }
    case 'recording':
    case 'ended':
      return stand;
  }
}
