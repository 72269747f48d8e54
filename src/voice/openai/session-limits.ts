import { SILENCE_BUDGET } from '../../base/silence-budget.js';

/** What a session waits for and holds at most. */
export interface SessionLimits {
  /** From opening the connection to the service's agreement to the settings. */
  openTimeoutMs: number;
  /** Caller audio held while the session cannot take it. */
  heldAudioMs: number;
  /** So long the service may owe something without a sign. */
  patienceMs: number;
  /** Above this much unsent data, some 20 s of audio, caller audio is held back. */
  congestedBytes: number;
  /** Above this much unsent data the connection counts as dead. */
  deadBytes: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  openTimeoutMs: SILENCE_BUDGET.sessionOpenMs,
  heldAudioMs: 10_000,
  patienceMs: 10_000,
  congestedBytes: 256 * 1024,
  deadBytes: 1024 * 1024,
};
