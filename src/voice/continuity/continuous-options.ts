import type { Clock } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';
import type { ContinuityLines, VoiceProvider, VoiceSessionOptions } from '../session.js';
import type { SpeakLine } from '../spoken-line.js';
import type { KeptLines } from './kept-lines.js';
import type { ProviderBreaker } from './provider-breaker.js';

/**
 * What a continuous session reports about the sessions under it. Metric labels are made from the names of providers.
 * `conversationId` is that of the call.
 */
export interface ContinuityReport {
  onLost(provider: string, error: TandemError, conversationId: string): void;
  onRenewed(provider: string): void;
  onFailover(from: string, to: string, conversationId: string): void;
}

/** What a continuous session needs of the assistant that talks to the caller. It changes when another one does. */
export interface Speaking {
  session: VoiceSessionOptions;
  /** In order of preference, at least one. */
  providers: readonly [VoiceProvider, ...VoiceProvider[]];
  lines: ContinuityLines;
  /** Speaks a line without any model. Resolves with `undefined` if this machine has no engine for it. */
  speakLine: SpeakLine;
}

/** What a continuous session needs. */
export interface ContinuousSessionOptions extends Speaking {
  breaker: ProviderBreaker;
  /** Shared by all calls. */
  keptLines: KeptLines;
  clock: Clock;
  report: ContinuityReport;
  /** Returns what another assistant needs. */
  speakingFor: (session: VoiceSessionOptions) => Speaking;
}
