import { answerForModel } from './secret-answer.js';

/** What a caller has typed where no model hears it. */
export interface TypedSecret {
  digits: string;
  /** What the model asked the caller for, in its words. */
  purpose: string;
  callSid: string;
  conversationId: string;
  /** In E.164 form. Empty if the caller withholds it. */
  callerNumber: string;
}

export interface SecretContext {
  /** Aborted when the gateway no longer waits, or the call is over. */
  signal: AbortSignal;
  /** The environment variables, for settings of its own. */
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * `onSecret` of an extension: the only place to which the digits go. It returns or resolves with what the model is told, like
 * `accepted` or `declined: the card has expired`: at most 200 characters, and no part of the digits. Nothing: the model is told
 * only that the digits were collected. What it throws is not logged, because it may hold the digits.
 */
export type SecretFunction = (secret: TypedSecret, context: SecretContext) => unknown;

/** Resolves with what the model is told, `null` if the operator's function answered nothing that it may be told. */
export type SecretHandler = (secret: TypedSecret, signal: AbortSignal) => Promise<string | null>;

/** Calls the operator's function. Nothing leaves here in which the digits could be, not even an error. */
export function secretHandler(onSecret: SecretFunction, env: SecretContext['env']): SecretHandler {
  return async (secret, signal) => {
    let answer: unknown;
    try {
      answer = await onSecret(secret, { signal, env });
    } catch {
      throw new Error('onSecret has failed');
    }
    return answerForModel(answer, secret.digits) ?? null;
  };
}
