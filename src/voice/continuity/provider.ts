import type { Clock } from '../../base/clock.js';
import type { ContinuityLines, LineSynthesis, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import { ProviderBreaker } from './provider-breaker.js';
import { type ContinuityReport, ContinuousSession } from './session.js';

/** What a gateway needs of it. */
export type CallVoice = VoiceProvider & Pick<ContinuousProvider, 'isFullFor'>;

/**
 * Opens sessions that go on past the limit of a model's session, a lost connection, and the loss of a whole provider.
 * What is learned of a provider on one call helps the next.
 */
export class ContinuousProvider implements VoiceProvider {
  readonly name: string;
  private readonly options: {
    /** In the order of preference; at least one. The first gives the name. */
    providers: readonly [VoiceProvider, ...VoiceProvider[]];
    /** Only for sessions that ask for them by name. */
    onRequest?: readonly VoiceProvider[];
    clock: Clock;
    /** Where a session brings none. */
    lines: ContinuityLines;
    speakLine: LineSynthesis;
    report: ContinuityReport;
  };
  private readonly health: ProviderBreaker;

  constructor(options: ContinuousProvider['options']) {
    this.name = options.providers[0].name;
    this.options = options;
    this.health = new ProviderBreaker(options.clock);
  }

  /** None of the providers that a call would go to has room for it. */
  isFullFor(names: readonly string[] | undefined): boolean {
    return this.providersFor(names).every((provider) => provider.isFull === true);
  }

  /** Every provider is prepared: one that is needed in the middle of a call must not begin with loading. */
  async prepare(): Promise<void> {
    for (const provider of this.all) await provider.prepare();
  }

  open(session: VoiceSessionOptions): VoiceSession {
    const { clock, lines, report, speakLine } = this.options;
    return new ContinuousSession({
      clock,
      health: this.health,
      lines: session.wish?.lines ?? lines,
      providers: this.providersFor(session.wish?.providers),
      report,
      session,
      speakLine: (text) => speakLine(text, session.language),
    });
  }

  private providersFor(names: readonly string[] | undefined): readonly [VoiceProvider, ...VoiceProvider[]] {
    const wanted = names?.flatMap((name) => this.all.filter((provider) => provider.name === name)) ?? [];
    const [first, ...rest] = wanted;
    return first === undefined ? this.options.providers : [first, ...rest];
  }

  private get all(): readonly VoiceProvider[] {
    return [...this.options.providers, ...(this.options.onRequest ?? [])];
  }

  async close(): Promise<void> {
    for (const provider of this.all) await provider.close();
  }
}
