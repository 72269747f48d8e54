import { faultOf, isTelephoneAudio, typeOf } from '../voice/check-event.js';
import type { GatewayFrame } from './frame.js';

// Checks what a processor of an extension puts into the pipeline, because it may put anything there.

type Check = (frame: Readonly<Record<string, unknown>>) => boolean;

/** What a frame of the gateway's own must carry besides its type. */
const CARRIES: Readonly<Record<GatewayFrame['type'], Check>> = {
  'input-audio': ({ chunk }) => isTelephoneAudio(chunk),
  'input-dtmf': ({ digit }) => typeof digit === 'string' && /^[0-9*#A-D]$/.test(digit),
  leave: () => true,
  speak: ({ sayId, text }) => typeof text === 'string' && typeof sayId === 'string',
  'tool-result': ({ toolCallId }) => typeof toolCallId === 'string',
  'keyed-digits': ({ digits }) => typeof digits === 'string' && /^[0-9*#]+$/.test(digits),
  heard: ({ items }) => Array.isArray(items),
};

const CHECKS: ReadonlyMap<unknown, Check> = new Map(Object.entries(CARRIES));

/** Whether a value is a frame with everything that its type must carry. Never throws. */
export function isFrame(value: unknown): boolean {
  const carries = CHECKS.get(typeOf(value));
  if (carries === undefined) return faultOf(value) === undefined;
  try {
    return carries(value as Readonly<Record<string, unknown>>);
  } catch {
    return false;
  }
}
