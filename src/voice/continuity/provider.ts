import type { Clock } from '../../clock.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import type { SpeakLine } from './gap-filler.js';
import { ProviderHealth } from './health.js';
import { type ContinuityLines, type ContinuityReport, ContinuousSession } from './session.js';

/**
 * Opens sessions that go on past the limit of a model's session, a lost connection, and the loss of a whole provider.
 * What is learned of a provider on one call helps the next.
 */
export class ContinuousProvider implements VoiceProvider {
  readonly name: string;
  private readonly options: {
    /** In the order of preference; at least one. The first gives the name. */
    providers: readonly [VoiceProvider, ...VoiceProvider[]];
    clock: Clock;
    lines: ContinuityLines;
    speakLine: SpeakLine;
    report: ContinuityReport;
  };
  private readonly health: ProviderHealth;

  constructor(options: ContinuousProvider['options']) {
    this.name = options.providers[0].name;
    this.options = options;
    this.health = new ProviderHealth(options.clock);
  }

  /** No provider has room for a new call. */
  get isFull(): boolean {
    return this.options.providers.every((provider) => provider.isFull === true);
  }

  /** Every provider is prepared: one that is needed in the middle of a call must not begin with loading. */
  async prepare(): Promise<void> {
    for (const provider of this.options.providers) await provider.prepare();
  }

  open(session: VoiceSessionOptions): VoiceSession {
    return new ContinuousSession({ ...this.options, health: this.health, session });
  }

  async close(): Promise<void> {
    for (const provider of this.options.providers) await provider.close();
  }
}
