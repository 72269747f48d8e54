import type { CallEvent } from '../call/call-events.js';
import type { Message } from './format.js';

/** The events that only follow from what is on the tape. The others are decisions, turns and stretches of speech. */
type Noted = Extract<
  CallEvent,
  {
    type:
      | 'started'
      | 'state'
      | 'caller-speech'
      | 'model-speech'
      | 'barge-in'
      | 'answered'
      | 'tool'
      | 'seam'
      | 'assistant'
      | 'token-played';
  }
>;

/**
 * Returns what a tape notes of an event, so that a reader need not be a gateway to know what the caller went through. It holds no
 * words and no numbers. `undefined` if the tape says it already.
 */
export function noteOf(event: CallEvent): Message | undefined {
  switch (event.type) {
    case 'started':
      return { type: event.type, provider: event.provider, turns: event.turns };
    case 'state':
    case 'caller-speech':
    case 'model-speech':
    case 'barge-in':
    case 'answered':
    case 'tool':
    case 'seam':
    case 'assistant':
    case 'token-played':
      return written(event);
    default:
      return undefined;
  }
}

function written(event: Noted): Message {
  const fields = Object.entries(event).filter(([name, value]) => name !== 'callSid' && value !== undefined);
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === 'number' ? Math.round(value) : (value as string)]),
  );
}
