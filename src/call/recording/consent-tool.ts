import { z } from 'zod';
import type { RecordingMode } from '../../prompts/assistant.js';
import { type AssistantTool, defineTool } from '../../voice/tools.js';

/** The tool with which the model reports what the caller has decided on the recording. */
export const CONSENT_TOOL = 'recording_consent';

const WHEN: Readonly<Record<Exclude<RecordingMode, 'off'>, string>> = {
  announced:
    'The call is recorded, and the caller is told so. Call this with agreed=false as soon as the caller does not want to be recorded.',
  consent:
    'The call is recorded only if the caller agrees. Ask the caller early whether it may be recorded, once, and call this with their answer. Call it with agreed=false if they change their mind.',
};

/** Returns the tool for a call of this mode. `decided`: called with the caller's answer, returns what the model is told. */
export function consentTool(
  mode: Exclude<RecordingMode, 'off'>,
  decided: (agreed: boolean) => Record<string, unknown>,
): AssistantTool {
  return defineTool({
    name: CONSENT_TOOL,
    description: WHEN[mode],
    parameters: z.object({ agreed: z.boolean() }),
    run: ({ agreed }) => Promise.resolve(decided(agreed)),
  });
}
