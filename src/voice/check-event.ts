import { type AudioChunk, TELEPHONE_RATE_HZ } from '../audio/chunk.js';
import { isTandemError } from '../base/errors.js';
import type { ResponseStatus, VoiceEvent } from './session.js';

// Checks what a provider reports, because an extension may report anything.

/** What is wrong with an event: a type that no owner knows, or without what its type must carry. */
export type EventFault = 'unknown-event' | 'malformed-event';

const STATUSES: ReadonlySet<unknown> = new Set<ResponseStatus>(['completed', 'cancelled', 'incomplete', 'failed']);

type Check = (event: Readonly<Record<string, unknown>>) => boolean;

/** What an event must carry besides its type. */
const CARRIES: Readonly<Record<VoiceEvent['type'], Check>> = {
  ready: () => true,
  'caller-speech-started': () => true,
  'caller-speech-stopped': () => true,
  interruption: () => true,
  'caller-turn': ({ itemId }) => isText(itemId),
  'caller-text': ({ final, itemId, text }) => isText(itemId) && isText(text) && typeof final === 'boolean',
  'response-started': ({ responseId, sayId }) => isText(responseId) && (sayId === undefined || isText(sayId)),
  audio: ({ chunk, itemId, responseId }) => isText(responseId) && isText(itemId) && isTelephoneAudio(chunk),
  'assistant-text': isItemText,
  'assistant-text-final': isItemText,
  'item-done': ({ itemId, responseId }) => isText(responseId) && isText(itemId),
  'response-done': ({ responseId, sayId, status }) =>
    isText(responseId) && (sayId === undefined || isText(sayId)) && STATUSES.has(status),
  'tool-call': ({ name, toolCallId }) => isText(toolCallId) && isText(name),
  usage: ({ inputTokens, outputTokens }) => isCount(inputTokens) && isCount(outputTokens),
  ended: () => true,
  failed: ({ error }) => isTandemError(error),
};

const CHECKS: ReadonlyMap<unknown, Check> = new Map(Object.entries(CARRIES));

/** Returns what is wrong with an event. `undefined` if it can be used. Never throws. */
export function faultOf(event: unknown): EventFault | undefined {
  const carries = CHECKS.get(typeOf(event));
  if (carries === undefined) return 'unknown-event';
  try {
    return carries(event as Readonly<Record<string, unknown>>) ? undefined : 'malformed-event';
  } catch {
    // A property that is code may throw when it is read.
    return 'malformed-event';
  }
}

/** Returns the type that an event claims. `undefined` without one. Never throws. */
export function typeOf(event: unknown): unknown {
  return propertyOf(event, 'type');
}

/** Returns the error that an event carries, of whatever type. Never throws. */
export function errorOf(event: unknown): unknown {
  return propertyOf(event, 'error');
}

function propertyOf(event: unknown, name: string): unknown {
  try {
    return typeof event === 'object' && event !== null ? (event as Readonly<Record<string, unknown>>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function isItemText({ itemId, responseId, text }: Readonly<Record<string, unknown>>): boolean {
  return isText(responseId) && isText(itemId) && isText(text);
}

/** Whether a value is audio as the telephone has it. Not by class, because an extension may bring its own copy of it. */
export function isTelephoneAudio(value: unknown): boolean {
  const chunk = value as Partial<AudioChunk> | null | undefined;
  return chunk?.encoding === 'mulaw' && chunk.sampleRateHz === TELEPHONE_RATE_HZ;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
