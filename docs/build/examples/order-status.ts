import { type AssistantTool, defineTool } from 'tandem/extension';
import { z } from 'zod';

const ORDERS: Readonly<Record<string, string>> = { '4711': 'It was handed to the carrier this morning.' };

/** A tool of your own. The model calls it, the gateway runs it. */
export const tools: AssistantTool[] = [
  defineTool({
    name: 'order_status',
    description: 'Where an order is. Ask for the order number first.',
    parameters: z.object({ number: z.string().regex(/^\d{3,12}$/, 'expected three to twelve digits') }),
    timeoutMs: 5000,
    filler: 'Let me look that up for you.',
    run: ({ number }) => Promise.resolve({ number, status: ORDERS[number] ?? 'There is no such order.' }),
  }),
];
