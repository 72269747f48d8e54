import { flag, list, text, whole } from '../formats.js';
import { variable } from './variable.js';

export const ASSISTANT = {
  VOICE_PROVIDER: variable({
    default: 'local',
    about:
      'Voice provider that answers calls: openai, openai-live, nova, local (embedded, needs no account), or the name of a provider from EXTENSIONS.',
    schema: text,
  }),
  VOICE_FALLBACK: variable({
    about: 'Comma-separated providers that take over a live call, in this order, when the current one fails.',
    schema: list,
  }),
  ASSISTANT_PROMPT: variable({
    default: 'default',
    about:
      'Assistant that answers: default, technical, sales, or the path of a JSON file of your own. See src/prompts/README.md.',
    schema: text,
  }),
  ASSISTANTS_FILE: variable({
    about:
      'JSON file with other assistants, voices, providers, queues and opening hours by the number called. See docs/build/assistants.md. Unset: all numbers are answered alike.',
    schema: text,
  }),
  TAPE_DIR: variable({
    about:
      'Folder in which every call is recorded to a file, with the voices and words of both sides: personal data. See docs/operate/tapes.md. Unset: nothing is recorded.',
    schema: text,
  }),
  EXTENSIONS: variable({
    about:
      'Comma-separated JavaScript modules with your own providers, tools and frame processors. See docs/build/extensions.md.',
    schema: list,
  }),
  MCP_SERVERS: variable({
    about:
      'JSON file with MCP servers whose tools the assistants may use. See docs/build/mcp.md. Unset: there are none.',
    schema: text,
  }),
  IDLE_PROMPT_SECONDS: variable({
    default: '10',
    about:
      'Silence after which the assistant asks whether the caller is still there. It asks twice, then SILENCE_ENDS_WITH applies. 0 disables this.',
    schema: whole(0, 600),
  }),
  USE_PIPECAT: variable({
    default: 'true',
    about:
      'true: audio passes the frame pipeline (the architecture of Pipecat). false: it passes the direct bridge, which behaves alike.',
    schema: flag,
  }),
} as const;
