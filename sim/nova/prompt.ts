import type { OfferedTool } from '../model/script.js';
import { type PromptStart, isObject, parseJson } from './input-events.js';

/** Voices of Nova 2 Sonic (user guide, language support). */
const VOICES =
  'tiffany matthew amy olivia kiara arjun ambre florian beatrice lorenzo tina lennart lupe carlos carolina leo'.split(
    ' ',
  );

/** The settings of a session's only prompt. */
export interface Prompt {
  name: string;
  voiceId: string;
  /** Sample rate of the audio that the model sends. */
  sampleRateHz: number;
  tools: readonly OfferedTool[];
}

/** Checks what the schema of a promptStart cannot express. `problem` is a sentence for the client. */
export function readPrompt(body: PromptStart): { prompt: Prompt } | { problem: string } {
  const { audioOutputConfiguration: audio, toolConfiguration } = body;
  if (!VOICES.includes(audio.voiceId)) return { problem: 'audioOutputConfiguration: the voiceId is not supported' };
  const tools: OfferedTool[] = [];
  for (const { toolSpec } of toolConfiguration?.tools ?? []) {
    const { name, description, inputSchema } = toolSpec;
    const parameters = parseJson(inputSchema.json);
    if (!isObject(parameters)) return { problem: `the inputSchema of tool ${name} is not a JSON object` };
    if (tools.some((other) => other.name === name)) return { problem: `tool ${name} is there twice` };
    tools.push({ name, description, parameters });
  }
  if (tools.length > 0 && body.toolUseOutputConfiguration === undefined)
    return { problem: 'tools need a toolUseOutputConfiguration' };
  const choice = toolConfiguration?.toolChoice;
  if (choice !== undefined && 'tool' in choice && !tools.some(({ name }) => name === choice.tool.name))
    return { problem: 'toolChoice names a tool that is not there' };
  return { prompt: { name: body.promptName, voiceId: audio.voiceId, sampleRateHz: audio.sampleRateHertz, tools } };
}
