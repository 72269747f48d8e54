import { TandemError, isTandemError } from '../base/errors.js';
import { type FenceReport, FencedSession } from './fenced-session.js';
import { LATE, textOf, within } from '../base/within.js';
import type { RenewalTimes, VoiceProvider, VoiceSession, VoiceSessionOptions } from './session.js';

/** Maximum time for the preparation. A speech model on a slow disk takes about ten seconds. */
const PREPARE_LIMIT_MS = 60_000;
const CLOSE_LIMIT_MS = 10_000;

/**
 * Keeps a provider's faults from the rest of the process. A provider may be an extension, and even a built-in one parses
 * what a service sends. Whatever throws costs an event or, if the caller would be left without an answer, the session:
 * that fails like a lost connection, and the call continues with the next one.
 */
export class FencedProvider implements VoiceProvider, Record<keyof VoiceProvider, unknown> {
  readonly name: string;
  private readonly provider: VoiceProvider;
  private readonly report: FenceReport;

  private readonly prepareLimitMs: number;

  constructor(provider: VoiceProvider, report: FenceReport, prepareLimitMs = PREPARE_LIMIT_MS) {
    this.name = provider.name;
    this.prepareLimitMs = prepareLimitMs;
    this.provider = provider;
    this.report = report;
  }

  get renewal(): RenewalTimes | undefined {
    return this.property(
      () => this.provider.renewal,
      (times) => isPositive(times.afterMs) && isPositive(times.forceAfterMs),
    );
  }

  get answerWithinMs(): number | undefined {
    return this.property(() => this.provider.answerWithinMs, isPositive);
  }

  get turnWaitMs(): number | undefined {
    return this.property(
      () => this.provider.turnWaitMs,
      (ms) => ms === 0 || isPositive(ms),
    );
  }

  get isFull(): boolean {
    return (
      this.property(
        () => this.provider.isFull,
        () => true,
      ) === true
    );
  }

  /** @throws TandemError, also if the provider throws anything else or does not finish */
  async prepare(): Promise<void> {
    let problem: string;
    try {
      if ((await within(this.prepareLimitMs, this.provider.prepare())) !== LATE) return;
      problem = `has not finished its preparation after ${this.prepareLimitMs / 1000} s`;
    } catch (error) {
      if (isTandemError(error)) throw error;
      problem = `could not be prepared: ${textOf(error)}`;
    }
    throw new TandemError(
      'CONFIG_INVALID',
      `VOICE_PROVIDER, VOICE_FALLBACK or ASSISTANTS_FILE names ${this.name}, but that provider ${problem}.`,
    );
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const session = new FencedSession(this.name, options, this.report);
    try {
      const inner: unknown = this.provider.open({ ...options, listener: (event) => session.onEvent(event) });
      if (typeof inner !== 'object' || inner === null) throw new TypeError('open returned no session.');
      session.opened(inner as VoiceSession);
    } catch (error) {
      this.report.onFault('open-failed', options.conversationId, error);
      const failure = new TandemError('VOICE_FAILED', `${this.name} could not open a session.`, { cause: error });
      session.refused(isTandemError(error) ? error : failure);
    }
    return session;
  }

  /** Never rejects, and waits a bounded time. */
  async close(): Promise<void> {
    try {
      if ((await within(CLOSE_LIMIT_MS, this.provider.close())) === LATE) this.report.onFault('close-failed', '');
    } catch (error) {
      this.report.onFault('close-failed', '', error);
    }
  }

  private property<T>(read: () => T | undefined, isUsable: (value: T) => boolean): T | undefined {
    try {
      const value = read();
      if (value === undefined || isUsable(value)) return value;
      this.report.onFault('bad-property', '');
    } catch (error) {
      this.report.onFault('bad-property', '', error);
    }
    return undefined;
  }
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}
