import { ConnectAgents } from '../../handover/agent-availability.js';
import { createLogger } from '../../telemetry/log.js';
import type { ConnectQuestion } from '../connect.js';
import { type Answer, answered, notAsked, unclear } from './questions.js';

/** Asks each queue by each rule, and says for which of them Connect has no data. */
export async function tryEmpty(question: ConnectQuestion): Promise<Answer> {
  const { clock, dial, localCredentials, queues, region } = question;
  const { connectEndpointUrl: endpointUrl, instanceId } = dial;
  const [queue] = queues;
  if (instanceId === undefined || queue === undefined)
    return notAsked('Set CONNECT_INSTANCE_ID and CONNECT_QUEUE_ARN.');
  const seen: Record<string, number | string> = {};
  for (const rule of ['staffed', 'available'] as const) {
    const log = createLogger({ level: 'silent' });
    const options = { instanceId, region, endpointUrl, rule, defaultQueueArn: undefined, clock, log, localCredentials };
    const agents = new ConnectAgents({ ...options, count: () => undefined });
    try {
      seen[rule] = (await agents.agentsOf(queue)) ?? 'empty';
    } catch (error) {
      const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : 'an error';
      return unclear(`Amazon Connect did not answer (${name}).`);
    } finally {
      agents.close();
    }
  }
  const { available, staffed } = seen;
  return Object.values(seen).includes('empty')
    ? answered(
        `The answer is empty now (staffed: ${staffed}, available: ${available}). Note whether an agent is logged in to this queue.`,
        seen,
      )
    : unclear(
        `The answer is not empty now (staffed: ${staffed}, available: ${available}). Ask again when no agent is logged in.`,
        seen,
      );
}
