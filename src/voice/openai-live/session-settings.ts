import type { Turn } from '../history.js';
import type { ToolDefinition } from '../session.js';
import { CALL_GOES_ON, EARLIER_LEFT_OUT, backInstructions, frontInstructions } from './notes.js';

/** Mu-law both ways, so that a telephone's audio is never converted (OpenAI: WebSockets – choose the audio format). */
export const LIVE_FORMAT = { type: 'audio/pcmu', rate: 8000 } as const;

/** Bounds of the earlier conversation. The service takes 128 messages and 8,192 tokens; dense scripts have 2 characters a token. */
const MAX_TURNS = 100;
const MAX_CHARS = 12_000;
const MAX_TURN_CHARS = 2000;

interface InputMessage {
  type: 'message';
  role: 'developer' | 'user' | 'assistant';
  content: [{ type: 'input_text' | 'output_text'; text: string }];
}

/** The `session` of `session.start`. The service refuses fields that it does not know. */
export interface LiveSettings {
  model: string;
  instructions: string;
  audio: { format: typeof LIVE_FORMAT; output: { voice: string } };
  input?: InputMessage[];
  delegation: {
    type: 'responses';
    responses: {
      model: string;
      instructions: string;
      tools: { type: 'function'; name: string; description: string; parameters: Record<string, unknown> }[];
      tool_choice: 'auto';
      parallel_tool_calls: false;
    };
  };
}

export function liveSettings(options: {
  model: string;
  backendModel: string;
  voice: string;
  instructions: string;
  tools: readonly ToolDefinition[];
  turns: readonly Turn[];
}): LiveSettings {
  const { backendModel, instructions, model, tools, turns, voice } = options;
  const input = inputOf(turns);
  return {
    model,
    instructions: frontInstructions(instructions, tools),
    audio: { format: LIVE_FORMAT, output: { voice } },
    ...(input.length === 0 ? {} : { input }),
    delegation: {
      type: 'responses',
      responses: {
        model: backendModel,
        instructions: backInstructions(instructions),
        tools: tools.map(({ description, name, parameters }) => ({ type: 'function', name, description, parameters })),
        tool_choice: 'auto',
        parallel_tool_calls: false,
      },
    },
  };
}

/** The newest turns that fit, oldest first, behind a note of what they are. */
function inputOf(turns: readonly Turn[]): InputMessage[] {
  const spoken = turns.filter(({ text }) => text.trim() !== '');
  const kept: InputMessage[] = [];
  let sizeChars = 0;
  for (const { speaker, text } of spoken.toReversed().slice(0, MAX_TURNS)) {
    const clipped = text.length <= MAX_TURN_CHARS ? text : `${text.slice(0, MAX_TURN_CHARS - 1)}…`;
    sizeChars += clipped.length;
    if (sizeChars > MAX_CHARS) break;
    kept.unshift(
      speaker === 'caller' ? message('user', 'input_text', clipped) : message('assistant', 'output_text', clipped),
    );
  }
  if (kept.length === 0) return [];
  const note = kept.length < spoken.length ? `${CALL_GOES_ON} ${EARLIER_LEFT_OUT}` : CALL_GOES_ON;
  return [message('developer', 'input_text', note), ...kept];
}

function message(role: InputMessage['role'], type: InputMessage['content'][0]['type'], text: string): InputMessage {
  return { type: 'message', role, content: [{ type, text }] };
}
