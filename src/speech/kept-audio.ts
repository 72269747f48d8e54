import { sentencesOf } from './sentences.js';

/** Maximum number of sentences, some 10 MB. Further ones are synthesised when they are needed. */
const MAX_SENTENCES = 500;

/**
 * Sentences as the embedded voice of the assistants speaks them. All engines of the process share them, because that voice says
 * the same text the same way.
 */
const kept = new Map<string, Uint8Array>();

/**
 * Synthesises the sentences of these lines that are not kept yet, one after the other, so that a caller's own sentence waits for
 * one of them at most. Resolves when the first one is kept. Never rejects: what cannot be spoken now is synthesised when it is
 * needed.
 */
export async function keepAudio(
  lines: readonly string[],
  synthesize: (sentence: string) => Promise<Uint8Array>,
): Promise<void> {
  const missing = [...new Set(lines.flatMap(sentencesOf))].filter((sentence) => !kept.has(sentence));
  const keep = async (sentences: readonly string[]): Promise<void> => {
    try {
      for (const sentence of sentences) {
        if (kept.size >= MAX_SENTENCES) return;
        kept.set(sentence, await synthesize(sentence));
      }
    } catch {
      // The engine is closed, or its thread has died.
    }
  };
  await keep(missing.slice(0, 1));
  void keep(missing.slice(1));
}

/** Returns the audio of a text whose sentences are all kept. `undefined` if one is not. */
export function keptAudio(text: string): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const sentence of sentencesOf(text)) {
    const audio = kept.get(sentence);
    if (audio === undefined) return undefined;
    parts.push(audio);
  }
  return parts.length === 0 ? undefined : new Uint8Array(Buffer.concat(parts));
}
