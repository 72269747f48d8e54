import { SILENCE_BUDGET } from '../../base/silence-budget.js';

/** Limits of a session's waits and buffers. */
export interface SessionLimits {
  /** Maximum time from opening the connection until the service agrees to the settings. */
  openTimeoutMs: number;
  /** Maximum caller audio buffered while the session cannot take it. */
  heldAudioMs: number;
  /** Maximum time without a message while the service owes something. */
  patienceMs: number;
  /** Maximum unsent data before caller audio is held back. It is about 20 s of audio. */
  congestedBytes: number;
  /** Maximum unsent data before the connection counts as dead. */
  deadBytes: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  openTimeoutMs: SILENCE_BUDGET.sessionOpenMs,
  heldAudioMs: 10_000,
  patienceMs: 10_000,
  congestedBytes: 256 * 1024,
  deadBytes: 1024 * 1024,
};
