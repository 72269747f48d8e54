import type { EscalationRules } from '../../escalation/rules.js';
import { TRANSFER_TOOL } from '../../escalation/watch.js';
import type { ToolDefinition } from '../../voice/session.js';
import { LANGUAGE_TOOL, PASS_TOOL } from './assistant-tools.js';

/** The tool a model calls to end the call. */
export const END_CALL_TOOL = 'end_call';

const BUILT_IN_TOOLS: readonly ToolDefinition[] = [
  {
    name: TRANSFER_TOOL,
    description:
      'Hand the caller over to a human colleague. Call it as soon as the caller asks for a human or you cannot help.',
    parameters: {
      type: 'object',
      properties: {
        reason: {
          type: 'string',
          description:
            'requested_human, complaint, billing, order, returns, technical, account, sales or not_understood',
        },
        summary: { type: 'string', description: 'One sentence: what the caller wants.' },
        customer_name: { type: 'string', description: "The caller's name, if they have given it." },
        language: { type: 'string', description: 'BCP 47 tag of the language the caller speaks, like de or en-US.' },
      },
      required: ['reason'],
    },
  },
  {
    name: END_CALL_TOOL,
    description: 'End the call. Only after the caller said goodbye and you have answered.',
    parameters: { type: 'object', properties: { reason: { type: 'string' } }, required: [] },
  },
];

/**
 * Returns the tools of every assistant. The transfer tool is left out if the rules do not leave transfers to the model.
 */
export function builtInTools(rules: EscalationRules): readonly ToolDefinition[] {
  return BUILT_IN_TOOLS.filter(({ name }) => name !== TRANSFER_TOOL || rules.isOn('tool'));
}

export const BUILT_IN_TOOL_NAMES: readonly string[] = [
  ...BUILT_IN_TOOLS.map(({ name }) => name),
  PASS_TOOL,
  LANGUAGE_TOOL,
];
