import type { PromptDraft } from './draft.js';
import { HONESTY_AND_HUMANS, TELEPHONE_MANNER } from './manner.js';

/** The front desk, for requests of all kinds. */
export const defaultDraft: PromptDraft = {
  name: 'default',
  language: 'en-US',
  languages: [],
  instructions: [
    TELEPHONE_MANNER,
    'Help with opening hours, order status, returns and prices, as far as you are told about them here or by a tool.',
    HONESTY_AND_HUMANS,
  ].join('\n'),
  voices: {},
  tools: undefined,
  lines: {},
};
