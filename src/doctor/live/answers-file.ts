import type { Config } from '../../config/config.js';
import type { LiveAnswer } from './ask-live.js';

/** The text of the file with the answers. It names models and regions, and no account, number or key. */
export function answersText(
  answers: readonly LiveAnswer[],
  { hubspot, nova, openai }: Config,
  epochMs: number,
): string {
  const about = {
    asked_at: new Date(epochMs).toISOString(),
    node: process.version,
    openai_model: openai.model,
    nova_model: nova.modelId,
    nova_region: nova.region,
    hubspot_api_version: hubspot?.apiVersion ?? null,
  };
  return `${JSON.stringify({ about, answers }, null, 2)}\n`;
}
