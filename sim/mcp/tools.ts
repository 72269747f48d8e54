import { z } from 'zod';
import type { McpSimFault } from './faults.js';

/** A tool as the server lists it, to the letter. A test may list what no server should. */
export type SimTool = Readonly<Record<string, unknown>>;

export const DEFAULT_TOOLS: readonly SimTool[] = [
  {
    name: 'find_order',
    title: 'Find an order',
    description: 'Where an order is. Ask for the number of the order first.',
    inputSchema: {
      type: 'object',
      properties: { number: { type: 'string', description: 'The number of the order.', pattern: '^[0-9]{3,12}$' } },
      required: ['number'],
      additionalProperties: false,
    },
  },
  {
    name: 'list_branches',
    description: 'The branches of the company, or those of a city.',
    inputSchema: { type: 'object', properties: { city: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
  },
];

/** Returns the result of a call, or why the arguments do not fit. */
export function resultOf(
  tool: SimTool,
  given: Readonly<Record<string, unknown>>,
  fault: McpSimFault | undefined,
): Record<string, unknown> {
  const problem = argumentProblem(tool, given);
  if (problem !== undefined) return { content: [{ type: 'text', text: problem }], isError: true };
  switch (fault?.type) {
    case 'error':
      return { content: [{ type: 'text', text: 'The warehouse does not answer.' }], isError: true };
    case 'huge':
      return { content: [{ type: 'text', text: 'x'.repeat(fault.characters) }] };
    case 'nested':
      return { content: [{ type: 'text', text: `${'['.repeat(fault.depth)}${']'.repeat(fault.depth)}` }] };
    case 'structured':
      return { content: [], structuredContent: { status: 'sent', day: 'Monday' } };
    case 'media':
      return { content: [...MEDIA, { type: 'text', text: 'The parcel is blue.' }] };
    default:
      return answered(tool, given);
  }
}

const MEDIA = [
  { type: 'image', data: 'aW1hZ2U=', mimeType: 'image/png' },
  { type: 'audio', data: 'c291bmQ=', mimeType: 'audio/wav' },
  {
    type: 'resource',
    resource: { uri: 'file:///orders/4711.txt', mimeType: 'text/plain', text: 'the words of a file' },
  },
  { type: 'resource_link', uri: 'https://orders.example.com/4711', name: 'order 4711' },
];

function answered({ name }: SimTool, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const found =
    name === 'find_order'
      ? { number: given['number'], status: 'handed to the carrier' }
      : name === 'list_branches'
        ? { branches: ['Bern', 'Basel'] }
        : { tool: name, given };
  return { content: [{ type: 'text', text: JSON.stringify(found) }], structuredContent: found };
}

function argumentProblem({ inputSchema }: SimTool, given: Readonly<Record<string, unknown>>): string | undefined {
  let schema: z.ZodType;
  try {
    schema = z.fromJSONSchema(inputSchema as z.core.JSONSchema.JSONSchema);
  } catch {
    // A test lists what cannot be checked.
    return undefined;
  }
  const parsed = schema.safeParse(given);
  return parsed.success ? undefined : `Invalid arguments: ${parsed.error.issues[0]?.message ?? ''}`;
}
