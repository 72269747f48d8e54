import type { Clock } from '../base/clock.js';
import type { ToldEvent } from './call-event.js';
import { SIGNATURE_HEADER, signatureOf } from './signature.js';

/** Where events go. */
export interface EventSink {
  /** The setting that names it, for the log. */
  readonly setting: string;
  /** Resolves once the event was taken. Rejects with {@link NotTaken}, or with anything. */
  send(event: ToldEvent, signal: AbortSignal): Promise<void>;
}

/** Why an event was not taken. Holds nothing of the event or the answer. */
export class NotTaken extends Error {
  readonly kind: string;

  constructor(kind: string) {
    super(kind);
    this.name = 'NotTaken';
    this.kind = kind;
  }
}

/** The operator's server at CALL_EVENTS_URL. It has taken an event when it answers 2xx. */
export function urlSink(options: { url: string; secret: string; clock: Clock }): EventSink {
  const { clock, secret, url } = options;
  return {
    setting: 'CALL_EVENTS_URL',
    send: async (event, signal) => {
      const body = JSON.stringify(event);
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          // Each try is signed anew, because the receiver refuses a signature that is old.
          [SIGNATURE_HEADER]: signatureOf(secret, clock.epochMs(), body),
        },
        body,
        redirect: 'manual',
        signal,
      }).catch(() => {
        throw new NotTaken(signal.aborted ? 'late' : 'unreachable');
      });
      // What it says besides does not matter, and may be without end.
      void response.body?.cancel().catch(() => undefined);
      if (response.status >= 300) throw new NotTaken(`status_${response.status}`);
    },
  };
}

/** `onCallEvent` or `afterCall` of an extension. An event is taken when it returns, or when its promise resolves. */
export type CallEventFunction = (event: ToldEvent, context: CallEventContext) => unknown;

export interface CallEventContext {
  /** Aborted when the gateway no longer waits. */
  signal: AbortSignal;
  /** The environment variables, for settings of its own. */
  env: Readonly<Record<string, string | undefined>>;
}

/** `afterCall` gets only the last event of a call. */
export function functionSink(
  functions: { onCallEvent?: CallEventFunction | undefined; afterCall?: CallEventFunction | undefined },
  env: CallEventContext['env'],
): EventSink {
  const { afterCall, onCallEvent } = functions;
  return {
    setting: 'EXTENSIONS',
    send: async (event, signal) => {
      await onCallEvent?.(event, { signal, env });
      if (event.type === 'call.ended') await afterCall?.(event, { signal, env });
    },
  };
}
