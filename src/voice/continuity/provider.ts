import type { Clock } from '../../base/clock.js';
import type { ContinuityLines, LineSynthesis, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../session.js';
import type { ContinuityReport, Speaking } from './continuous-options.js';
import { KeptLines } from './kept-lines.js';
import { ProviderBreaker } from './provider-breaker.js';
import { ContinuousSession } from './session.js';

/** The part of {@link ContinuousProvider} that the gateway uses. */
export type CallVoice = VoiceProvider & Pick<ContinuousProvider, 'isFullFor'>;

/**
 * Opens sessions that survive the time limit of a model's session, a lost connection, and the loss of a whole provider.
 * A provider's failures in one call are remembered for the next.
 */
export class ContinuousProvider implements VoiceProvider {
  readonly name: string;
  private readonly options: {
    /** In order of preference, at least one. The first one's name is also this provider's. */
    providers: readonly [VoiceProvider, ...VoiceProvider[]];
    /** Used only by sessions that ask for them by name. */
    onRequest?: readonly VoiceProvider[];
    clock: Clock;
    /** For a session that brings none. */
    lines: ContinuityLines;
    speakLine: LineSynthesis;
    report: ContinuityReport;
  };
  private readonly breaker: ProviderBreaker;
  private readonly keptLines = new KeptLines();

  constructor(options: ContinuousProvider['options']) {
    this.name = options.providers[0].name;
    this.options = options;
    this.breaker = new ProviderBreaker(options.clock);
  }

  /** Whether none of the providers that such a call would try has room for it. `undefined` means those configured. */
  isFullFor(names: readonly string[] | undefined): boolean {
    return this.providersFor(names).every((provider) => provider.isFull === true);
  }

  /** Prepares every provider, because one that takes over in the middle of a call must not start by loading. */
  async prepare(): Promise<void> {
    for (const provider of this.all) await provider.prepare();
  }

  open(session: VoiceSessionOptions): VoiceSession {
    const { clock, report } = this.options;
    return new ContinuousSession({
      ...this.speakingFor(session),
      breaker: this.breaker,
      keptLines: this.keptLines,
      clock,
      report,
      speakingFor: (next) => this.speakingFor(next),
    });
  }

  private speakingFor(session: VoiceSessionOptions): Speaking {
    const { lines, speakLine } = this.options;
    return {
      session,
      lines: session.wish?.lines ?? lines,
      providers: this.providersFor(session.wish?.providers),
      speakLine: (text) => speakLine(text, session.language),
    };
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
