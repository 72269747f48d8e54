import type { ReplyPart } from './replier.js';
import { sentencesOf } from './sentences.js';

/** A text of somebody else's, as an answer: word for word, sentence by sentence. */
export function saying(text: string): () => AsyncIterable<ReplyPart> {
  return async function* () {
    for (const sentence of sentencesOf(text)) yield { type: 'sentence', text: sentence };
  };
}
