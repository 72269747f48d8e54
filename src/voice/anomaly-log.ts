import type { Logger } from '../telemetry/log.js';
import { PerCall } from './per-call.js';

/**
 * Logs each kind of anomaly once in a call, when it repeats. A single one says little, and one that repeats may be why a
 * caller is not answered.
 */
export class AnomalyLog {
  private readonly log: Logger;
  private readonly calls = new PerCall(() => new Map<string, number>());

  constructor(log: Logger) {
    this.log = log;
  }

  note(provider: string, kind: string, conversationId: string): void {
    const counts = this.calls.of(conversationId);
    const name = `${provider} ${kind}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (count !== 2) return;
    this.log.warn(
      { conversation_id: conversationId, provider, anomaly: kind },
      'an anomaly of the model repeats in this call',
    );
  }
}
