import type { Conversation } from './conversation.js';
import { type Item, wireItem } from './items.js';
import type { AudioFormat, SessionConfig } from './session-schema.js';
import type { WireError } from './wire.js';

/** The settings of a response: those of the session, overridden by those of `response.create`. */
export interface ResponseRequest {
  /** The session's conversation, or a throw-away one for a response outside of it. */
  conversation: Conversation;
  isInConversation: boolean;
  instructions: string;
  modality: 'text' | 'audio';
  format: AudioFormat;
  voice: SessionConfig['audio']['output']['voice'];
  maxOutputTokens: number | 'inf';
  metadata: Record<string, string> | null;
  multipleItemsHavePhases: boolean;
}

export type Outcome =
  | { status: 'completed' }
  | { status: 'cancelled'; reason: 'turn_detected' | 'client_cancelled' }
  | { status: 'incomplete'; reason: 'max_output_tokens' | 'content_filter' }
  | { status: 'failed'; error: WireError };

/** The state of a response, apart from its settings. */
export interface ResponseProgress {
  id: string;
  output: readonly Item[];
  /** `undefined` while the response is running. */
  end?: { outcome: Outcome; usage: Record<string, unknown> };
}

/** Returns the `response` field of an event. */
export function wireResponse(request: ResponseRequest, { id, output, end }: ResponseProgress): Record<string, unknown> {
  return {
    object: 'realtime.response',
    id,
    status: end?.outcome.status ?? 'in_progress',
    status_details: end === undefined ? null : detailsOf(end.outcome),
    output: end === undefined ? [] : output.map((item) => wireItem(item)),
    conversation_id: request.isInConversation ? request.conversation.id : null,
    output_modalities: [request.modality],
    max_output_tokens: request.maxOutputTokens,
    audio: { output: { format: request.format, voice: request.voice } },
    usage: end?.usage ?? null,
    metadata: request.metadata,
  };
}

function detailsOf(outcome: Outcome): Record<string, unknown> | null {
  switch (outcome.status) {
    case 'completed':
      return null;
    case 'cancelled':
    case 'incomplete':
      return { type: outcome.status, reason: outcome.reason };
    case 'failed': {
      const { type, code, message } = outcome.error;
      return { type: 'failed', error: { type, code, message } };
    }
  }
}
