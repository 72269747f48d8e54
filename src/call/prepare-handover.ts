import type { Clock } from '../clock.js';
import type { Escalation } from '../escalation/escalation.js';
import { priorityOf } from '../escalation/priority.js';
import { topicOf } from '../escalation/topics.js';
import type { HandoverDesk, PreparedHandover } from '../handover/desk.js';
import type { Logger } from '../log.js';
import type { Turn } from '../voice/history.js';

/** The dial is not held up longer than this by a store that does not answer. */
const PREPARE_MS = 3000;

export interface HandoverRequest {
  escalation: Escalation;
  conversationId: string;
  customerPhone: string;
  language: string;
  turns: readonly Turn[];
}

/**
 * Writes the handover's record. Never rejects and never takes long: `undefined` when it could not be written, and the
 * caller is put through without it.
 */
export async function prepareHandover(
  request: HandoverRequest,
  services: {
    clock: Clock;
    desk: HandoverDesk;
    log: Logger;
    queueFor: (reason: string, intent: string) => string;
  },
): Promise<PreparedHandover | undefined> {
  const { escalation } = request;
  const { clock, desk, log, queueFor } = services;
  const turns = request.turns.map(({ speaker, text }) => ({ speaker, text }));
  const intent = intentOf(turns, request.language);
  if (escalation.summary !== undefined) turns.push({ speaker: 'assistant', text: escalation.summary });
  try {
    const prepared = await withDeadline(
      clock,
      desk.prepare({
        conversationId: request.conversationId,
        customerPhone: request.customerPhone,
        turns,
        intent,
        reason: escalation.reason,
        priority: priorityOf(escalation),
        language: request.language,
        queueArn: queueFor(escalation.reason, intent),
      }),
    );
    log.info({ handover_id: prepared.handoverId }, 'handover prepared');
    return prepared;
  } catch (error) {
    log.error({ err: error }, 'handover record could not be written; dialling without it');
    return undefined;
  }
}

/** What the caller talks about, on a call in `language`. */
export function intentOf(turns: readonly Pick<Turn, 'speaker' | 'text'>[], language: string): string {
  const said = turns.filter((turn) => turn.speaker === 'caller').map((turn) => turn.text);
  return topicOf(said, language);
}

function withDeadline<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(PREPARE_MS, () => reject(new Error('deadline')));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
