import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import { credential, flag, fullUrl, whole } from '../formats.js';
import { secret, variable } from './variable.js';

export const HOOKS = {
  CALL_CONTEXT_URL: variable({
    about: 'Asked before a call is answered what is known of it: variables, assistant, language, priority.',
    schema: fullUrl,
    shown: 'https://crm.example.com/calls',
  }),
  CALL_CONTEXT_SECRET: secret({
    about: 'Signs the questions to CALL_CONTEXT_URL, which needs it. At least 16 characters.',
    schema: credential.min(16, 'expected at least 16 characters'),
  }),
  CALL_CONTEXT_HUBSPOT: variable({
    default: 'false',
    about: "true: HubSpot's contact is what is known of a call. Needs ENABLE_HUBSPOT=true.",
    schema: flag,
  }),
  CALL_CONTEXT_TIMEOUT_MS: variable({
    default: String(SILENCE_BUDGET.callContextMs),
    about: 'Maximum time in all that a ringing call waits for what is known of it; then it is answered without.',
    schema: whole(50, 3000),
  }),
  CALL_EVENTS_URL: variable({
    about: 'Told of calls: started, escalated, handed over, message kept, ended. See docs/build/call-events.md.',
    schema: fullUrl,
    shown: 'https://crm.example.com/call-events',
  }),
  CALL_EVENTS_SECRET: secret({
    about: 'Signs what is sent to CALL_EVENTS_URL, which needs it. At least 16 characters.',
    schema: credential.min(16, 'expected at least 16 characters'),
  }),
  CALL_EVENTS_TRANSCRIPT: variable({
    default: 'false',
    about: 'true: the event of a call that has ended holds what was said.',
    schema: flag,
  }),
  CALL_EVENTS_MAX_TRIES: variable({
    default: '15',
    about:
      'Maximum number of tries to deliver an event, which take about half an hour; then it is kept as a dead letter.',
    schema: whole(1, 40),
  }),
} as const;
