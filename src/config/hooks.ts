import type { Values } from './variables.js';

/** What is asked before a call. */
export interface CallContextConfig {
  limitMs: number;
  /** `undefined`: no setting names a source. An extension may be one. */
  source: { from: 'url'; url: string; secret: string } | { from: 'hubspot' } | undefined;
}

/** What is told after it. */
export interface CallEventsConfig {
  /** `undefined`: no setting names a receiver. An extension may be one. */
  receiver: { url: string; secret: string } | undefined;
  withTranscript: boolean;
  maxTries: number;
}

export function callContextOf(values: Values): CallContextConfig {
  return { limitMs: values.CALL_CONTEXT_TIMEOUT_MS, source: contextSourceOf(values) };
}

function contextSourceOf(values: Values): CallContextConfig['source'] {
  const { CALL_CONTEXT_HUBSPOT: isHubSpot, CALL_CONTEXT_SECRET: secret, CALL_CONTEXT_URL: url } = values;
  if (url !== undefined && secret !== undefined) return { from: 'url', url, secret };
  return isHubSpot ? { from: 'hubspot' } : undefined;
}

export function callEventsOf(values: Values): CallEventsConfig {
  const { CALL_EVENTS_SECRET: secret, CALL_EVENTS_URL: url } = values;
  return {
    receiver: url === undefined || secret === undefined ? undefined : { url, secret },
    withTranscript: values.CALL_EVENTS_TRANSCRIPT,
    maxTries: values.CALL_EVENTS_MAX_TRIES,
  };
}
