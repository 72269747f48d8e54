import type { Clock } from '../base/clock.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { VoiceProvider } from '../voice/session.js';
import type { CallEvent } from './call-events.js';
import type { CallFacts } from './call-facts.js';
import type { CallOutcome } from './call-state.js';

export interface CallReportOptions {
  call: CallFacts;
  /** `undefined` if the call is not traced here. `isKept`: another instance has met a failure in it. */
  trace: { id: string; isKept?: boolean | undefined } | undefined;
  services: { clock: Clock; metrics: Metrics; provider: VoiceProvider; emit: (event: CallEvent) => void };
}

/**
 * What a call reports of itself as a whole: its start, the tokens that its models use, and its end. Metrics, the log and the
 * listeners of call events get it from here. Nothing of the call depends on it.
 */
export class CallReport {
  private readonly options: CallReportOptions;
  private readonly usage = { inputTokens: 0, outputTokens: 0 };

  constructor(options: CallReportOptions) {
    this.options = options;
  }

  /**
   * The call begins here, comes here from another instance, or had ended there. `resumes`: the number of its streams that were
   * replaced.
   */
  started(type: 'started' | 'ended-elsewhere', lastedMs: number, resumes: number): void {
    const { call, services, trace } = this.options;
    const { assistant, callSid, conversationId, from, outbound, to } = call;
    // By this instance's clock, from which the console counts on.
    const startedAtMs = Math.round(services.clock.epochMs() - lastedMs);
    const provider = assistant.providers?.[0] ?? services.provider.name;
    const turns = call.turns().length;
    const traceFacts = trace && {
      id: trace.id,
      isKept: trace.isKept === true,
      assistant: assistant.prompt.name,
      direction: outbound === undefined ? ('inbound' as const) : ('outbound' as const),
      resumes,
    };
    const started = {
      conversationId,
      from,
      to,
      startedAtMs,
      provider,
      turns,
      history: call.turns,
      outboundId: outbound?.id,
    };
    services.emit({ type, callSid, ...started, trace: traceFacts });
  }

  /** A stream of the call was opened, or closed. */
  onLive(isLive: boolean): void {
    const { activeSessions } = this.options.services.metrics;
    if (isLive) activeSessions.inc();
    else activeSessions.dec();
  }

  onUsage(inputTokens: number, outputTokens: number): void {
    const { call, services } = this.options;
    services.metrics.tokens.inc({ direction: 'input' }, inputTokens);
    services.metrics.tokens.inc({ direction: 'output' }, outputTokens);
    this.usage.inputTokens += inputTokens;
    this.usage.outputTokens += outputTokens;
    services.emit({ type: 'usage', callSid: call.callSid, inputTokens, outputTokens });
  }

  ended(outcome: CallOutcome, lastedMs: number): void {
    const { call, services } = this.options;
    services.metrics.sessions.inc({ outcome });
    services.metrics.sessionSeconds.observe(lastedMs / 1000);
    call.log().info({ outcome, ...this.tokens() }, 'call ended');
    services.emit({ type: 'ended', callSid: call.callSid, outcome });
  }

  /** Tokens used by all models of the call. Empty if none of them counts tokens. */
  private tokens(): Record<string, number> {
    const { inputTokens, outputTokens } = this.usage;
    if (inputTokens + outputTokens === 0) return {};
    return { input_tokens: inputTokens, output_tokens: outputTokens };
  }
}
