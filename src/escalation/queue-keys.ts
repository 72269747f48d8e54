import { REASONS } from './escalation.js';
import { TOPIC_NAMES } from './topics.js';

/** Everything by which a queue can be chosen: the reason of an escalation, or what the call is about. */
export const QUEUE_KEYS: readonly string[] = [...new Set<string>([...REASONS, ...TOPIC_NAMES])];

/** Returns the first of `keys` that would choose no queue, for a message. */
export function unknownQueueKey(keys: readonly string[]): string | undefined {
  return keys.find((key) => !QUEUE_KEYS.includes(key))?.slice(0, 40);
}
