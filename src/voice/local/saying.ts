import type { ReplyPart } from './replier.js';
import { sentencesOf } from '../../speech/sentences.js';

/** Returns a given text as an answer, word for word and sentence by sentence. */
export function saying(text: string): () => AsyncIterable<ReplyPart> {
  return async function* () {
    for (const sentence of sentencesOf(text)) yield { type: 'sentence', text: sentence };
  };
}
