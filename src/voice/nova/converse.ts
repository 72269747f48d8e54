import { type BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { TandemError } from '../../base/errors.js';
import type { SummaryRequest } from '../session.js';
import { tokenCount } from '../token-count.js';
import { novaError } from './failure.js';

const MAX_SUMMARY_TOKENS = 512;

/**
 * Returns the default text model: Nova 2 Lite through the inference profile that keeps requests in the geography of
 * `region`, if there is one.
 */
export function summaryModelFor(region: string): string {
  const geography = region.startsWith('us-') ? 'us' : region.startsWith('eu-') ? 'eu' : 'global';
  return `${geography}.amazon.nova-2-lite-v1:0`;
}

/** A text and the tokens it used. */
export interface Written {
  text: string;
  inputTokens: number;
  outputTokens: number;
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
    const { output, stopReason, usage } = await client.send(
      new ConverseCommand({
        modelId,
        system: [{ text: instructions }],
        messages: [{ role: 'user', content: [{ text: transcript }] }],
        inferenceConfig: { maxTokens: MAX_SUMMARY_TOKENS, temperature: 0.2 },
      }),
      { abortSignal: signal },
    );
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
