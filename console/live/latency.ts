import type { ConsoleEvent, TurnLatency } from '../../src/console/messages.js';

/** One answer with the parts of its latency, in milliseconds. */
export interface AnswerLatency {
  id: string;
  /** When the caller stopped, since the call began. */
  atMs: number;
  /** From the end of the caller's speech to the model's first audio. */
  modelMs: number;
  /** From then until the gateway sent it. */
  gatewayMs: number;
  /** From then until the first mark came back. `undefined` if none has. */
  heardMs: number | undefined;
  /** As far as it was measured. */
  totalMs: number;
}

/** Returns the answers that were measured, oldest first. Several items of one answer count once. */
export function latenciesOf(events: readonly ConsoleEvent[]): AnswerLatency[] {
  const answers = new Map<number, AnswerLatency>();
  for (const event of events) {
    if (event.kind !== 'turn' || event.latency === undefined) continue;
    const answer = answerOf(event.id, event.latency);
    if (!answers.has(answer.atMs)) answers.set(answer.atMs, answer);
  }
  return [...answers.values()];
}

function answerOf(id: string, { firstModelAudioMs, heardMs, sentMs, speechStoppedMs }: TurnLatency): AnswerLatency {
  return {
    id,
    atMs: speechStoppedMs,
    modelMs: Math.max(0, firstModelAudioMs - speechStoppedMs),
    gatewayMs: Math.max(0, sentMs - firstModelAudioMs),
    heardMs: heardMs === undefined ? undefined : Math.max(0, heardMs - sentMs),
    totalMs: (heardMs ?? sentMs) - speechStoppedMs,
  };
}
