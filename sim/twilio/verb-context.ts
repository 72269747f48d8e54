import type { CarrierCall } from './carrier-call.js';
import type { Fields } from './fields.js';
import type { Lifetime } from './lifetime.js';
import type { ProblemCode } from './problems.js';
import type { Element } from './twiml.js';

export type DocumentAnswer = { verbs: readonly Element[] } | { code: ProblemCode; what: string };

/** What a verb uses of the script that runs it. */
export interface VerbContext {
  readonly call: CarrierCall;
  readonly life: Lifetime;
  /** Streams that are still closing after the script was abandoned. */
  readonly closing: Promise<void>[];
  /** How long `<Say>` takes without a synthesizer. */
  sayingMs(text: string): number;
  /** Requests a TwiML document. */
  document(request: { url: string; method?: string | undefined; fields: Fields }): Promise<DocumentAnswer>;
}
