import { Readable } from 'node:stream';
import { type BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { TandemError } from '../../base/errors.js';
import type { SummaryRequest } from '../session.js';
import { tokenCount } from '../token-count.js';
import type { Written } from '../written.js';
import { novaError } from './failure.js';

const MAX_SUMMARY_TOKENS = 512;
/** Maximum body of an answer, many times what a summary of that length needs. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * Returns the default text model: Nova 2 Lite through the inference profile that keeps requests in the geography of
 * `region`, if there is one.
 */
export function summaryModelFor(region: string): string {
  const geography = region.startsWith('us-') ? 'us' : region.startsWith('eu-') ? 'eu' : 'global';
  return `${geography}.amazon.nova-2-lite-v1:0`;
}

/**
 * Resolves with a summary by a text model, because Nova Sonic can only speak (Amazon Bedrock: Converse).
 * @throws TandemError VOICE_*
 */
export async function converse(
  client: BedrockRuntimeClient,
  modelId: string,
  { instructions, transcript, signal }: SummaryRequest,
): Promise<Written> {
  try {
    const command = new ConverseCommand({
      modelId,
      system: [{ text: instructions }],
      messages: [{ role: 'user', content: [{ text: transcript }] }],
      inferenceConfig: { maxTokens: MAX_SUMMARY_TOKENS, temperature: 0.2 },
    });
    // The SDK would read a body of any length, of an error, too.
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const response = result.response as { body?: unknown } | undefined;
        if (response?.body instanceof Readable) response.body = Readable.from(bounded(response.body));
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'boundBody' },
    );
    const { output, stopReason, usage } = await client.send(command, { abortSignal: signal });
    if (stopReason !== 'end_turn') throw new TandemError('VOICE_FAILED', 'The text model did not finish the summary.');
    return {
      text: (output?.message?.content ?? []).map((block) => block.text ?? '').join(''),
      inputTokens: tokenCount(usage?.inputTokens),
      outputTokens: tokenCount(usage?.outputTokens),
    };
  } catch (error) {
    throw error instanceof TandemError ? error : novaError(error);
  }
}

/** Leaves the rest of a body that is too long unread. */
async function* bounded(body: Readable): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES)
      throw new TandemError('VOICE_PROTOCOL', `The text model answered more than ${MAX_BODY_BYTES} bytes.`);
    yield chunk;
  }
}
