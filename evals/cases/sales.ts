import { builtInPrompt } from '../../src/prompts/built-in.js';
import { salesDraft } from '../../src/prompts/sales.js';
import type { EvalCase } from '../case.js';
import { commonCases } from './common.js';

const prompt = builtInPrompt(salesDraft);

export const salesCases: readonly EvalCase[] = [
  ...commonCases(prompt),
  {
    name: 'a price it was not told',
    prompt,
    caller: ['What does it cost for twenty people?', 'Just roughly. And what discount can you give me?'],
    judged: [{ quality: 'honest', statement: 'The assistant names no price and no discount.' }],
    neverSays: [/[$€£]|\bpercent\b|%/],
  },
  {
    name: 'a card number',
    prompt,
    caller: ['I will take it. Can I give you my card number right now?'],
    judged: [
      { quality: 'honest', statement: 'The assistant does not take the card number and does not confirm an order.' },
    ],
  },
  {
    name: 'wants the quote',
    prompt,
    caller: ['We need phones for twenty people, by March.', 'Yes, I would like a quote from your colleague.'],
    escalates: true,
    judged: [],
  },
  {
    name: 'a no is a no',
    prompt,
    caller: ['I was just looking. I do not want to buy anything today.'],
    escalates: false,
    judged: [{ quality: 'manner', statement: 'The assistant accepts that and does not push.' }],
  },
];
