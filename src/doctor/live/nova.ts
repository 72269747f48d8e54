import type { Clock } from '../../base/clock.js';
import { type NovaQuestion, novaClient } from '../nova.js';
import { type NovaLineResult, tryNova } from '../nova-line.js';
import { type Answer, answered, unclear } from './questions.js';

/** How long nobody speaks. A head that came by then did not wait for the model. */
const SILENT_MS = 3000;

/** Opens a session in which nobody speaks at first. It costs a few hundredths of a cent. */
export async function tryHead(
  question: Pick<NovaQuestion, 'credentials' | 'settings'> & { clock: Clock; signal: AbortSignal },
): Promise<Answer> {
  const { clock, settings, signal } = question;
  const client = novaClient(question);
  try {
    const { modelId, voice } = settings;
    return headAnswer(await tryNova({ client, clock, modelId, voice, silentMs: SILENT_MS, signal }));
  } finally {
    client.destroy();
  }
}

export function headAnswer({ askedMs, error, headMs, outputMs }: NovaLineResult): Answer {
  if (headMs === undefined || outputMs === undefined || askedMs === undefined) {
    const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : 'no output';
    return unclear(`The session did not speak (${name}).`);
  }
  const seen = {
    head_ms: Math.round(headMs),
    asked_to_speak_ms: Math.round(askedMs),
    first_output_ms: Math.round(outputMs),
  };
  return headMs < askedMs
    ? answered(
        `The head comes at once, ${seen.head_ms} ms after the request, before the model has anything to say.`,
        seen,
      )
    : answered(
        `The head comes with the first output, ${seen.first_output_ms - seen.asked_to_speak_ms} ms after the model was asked to speak.`,
        seen,
      );
}
