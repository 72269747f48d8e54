import { z } from 'zod';
import { TRIGGERS } from '../../escalation/escalation.js';
import { text, triggers, whole } from '../formats.js';
import { variable } from './variable.js';

export const ESCALATION = {
  ESCALATION_TRIGGERS: variable({
    default: TRIGGERS.join(','),
    about:
      'Comma-separated triggers that transfer a call to a human. none: no trigger does; failures, MAX_CALL_SECONDS and a stopping gateway still do.',
    schema: triggers,
  }),
  ESCALATION_PHRASES: variable({
    about: 'JSON file, {"asks": ["…"], "never": ["…"]}, with your own phrases that ask for a human or never do.',
    schema: text,
  }),
  HUMAN_KEY: variable({
    default: '0',
    about: 'Key that asks for a human if the caller presses it first: 0-9 or *. none: no key does.',
    schema: z.string().regex(/^([0-9*]|none)$/, 'expected one of 0-9 or *, or none'),
  }),
  SILENCE_ENDS_WITH: variable({
    default: 'goodbye',
    about:
      'What follows when the caller stays silent although asked twice: goodbye (the call ends) or human (a transfer).',
    schema: z.enum(['goodbye', 'human']),
  }),
  MAX_CALL_SECONDS: variable({
    default: '3600',
    about: 'Maximum time a caller talks to the assistant. Then the call is transferred to a human. 0: no limit.',
    schema: whole(0, 86_400),
  }),
  MAX_UNANSWERED_TURNS: variable({
    default: '20',
    about:
      "Maximum number of times in a row the assistant speaks without a word from the caller's side, as with hold music or a television. Then SILENCE_ENDS_WITH applies. 0: no limit.",
    schema: whole(0, 1000),
  }),
} as const;
