import { readBounded } from '../base/bounded-body.js';
import type { Clock } from '../base/clock.js';
import { isTandemError } from '../base/errors.js';
import { SIGNATURE_HEADER, signatureOf } from './signature.js';

/** What a source is asked about. */
export interface ContextQuestion {
  callSid: string;
  /** The caller's number in E.164 form. `undefined` if the number does not identify one caller. */
  from: string | undefined;
  /** The number called. */
  to: string;
  /** Aborted when the gateway no longer waits. */
  signal: AbortSignal;
}

/** Where the gateway asks what is known of a caller. */
export interface ContextSource {
  /** The setting that names it, for the log. */
  readonly setting: string;
  /** Resolves with what is known, as it came. Rejects with {@link SourceFailure}, or with anything. */
  ask(question: ContextQuestion): Promise<unknown>;
}

/** Why a source could not be used. Holds nothing of the answer. */
export class SourceFailure extends Error {
  readonly kind: 'unreachable' | 'redirect' | 'status' | 'too_large' | 'not_json';

  constructor(kind: SourceFailure['kind']) {
    super(kind);
    this.name = 'SourceFailure';
    this.kind = kind;
  }
}

/** Maximum size of an answer. Twenty variables of the longest kind fit. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** The operator's server at CALL_CONTEXT_URL. */
export function urlSource(options: { url: string; secret: string; clock: Clock }): ContextSource {
  const { clock, secret, url } = options;
  return {
    setting: 'CALL_CONTEXT_URL',
    ask: async ({ callSid, from, signal, to }) => {
      const body = JSON.stringify({ type: 'call.before', call_sid: callSid, from: from ?? null, to });
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          [SIGNATURE_HEADER]: signatureOf(secret, clock.epochMs(), body),
        },
        body,
        // The request says who calls, and another address has no right to know.
        redirect: 'manual',
        signal,
      }).catch(() => {
        throw new SourceFailure('unreachable');
      });
      if (response.status >= 300) {
        void response.body?.cancel().catch(() => undefined);
        throw new SourceFailure(response.status < 400 ? 'redirect' : 'status');
      }
      const bytes = await readBounded(response, MAX_ANSWER_BYTES).catch(() => {
        throw new SourceFailure('unreachable');
      });
      if (bytes === undefined) throw new SourceFailure('too_large');
      if (bytes.length === 0) return undefined;
      try {
        return JSON.parse(bytes.toString('utf8')) as unknown;
      } catch {
        throw new SourceFailure('not_json');
      }
    },
  };
}

/** What `beforeCall` of an extension gets. */
export interface BeforeCallQuestion extends ContextQuestion {
  /** The environment variables, for settings of its own. */
  env: Readonly<Record<string, string | undefined>>;
}

/** The function `beforeCall` of an extension. What it returns is checked, so it may return anything. */
export type BeforeCallFunction = (question: BeforeCallQuestion) => unknown;

export function functionSource(run: BeforeCallFunction, env: BeforeCallQuestion['env']): ContextSource {
  return { setting: 'EXTENSIONS', ask: async (question) => run({ ...question, env }) };
}

/** The customer's contact in HubSpot. Nothing is written there. */
export function hubSpotSource(find: HubSpotLookup): ContextSource {
  return {
    setting: 'CALL_CONTEXT_HUBSPOT',
    ask: async ({ from, signal }) => {
      if (from === undefined) return undefined;
      const known = await find(from, signal).catch((error: unknown) => {
        throw new SourceFailure(
          isTandemError(error) && error.code !== 'HUBSPOT_UNREACHABLE' ? 'status' : 'unreachable',
        );
      });
      if (known === undefined) return undefined;
      const { firstName, language, name } = known;
      return {
        variables: { customer_name: name ?? null, first_name: firstName ?? null },
        ...(language === undefined ? {} : { language }),
      };
    },
  };
}

export type HubSpotLookup = (
  e164: string,
  signal: AbortSignal,
) => Promise<{ name: string | undefined; firstName: string | undefined; language: string | undefined } | undefined>;
