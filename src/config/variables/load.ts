import { sessionLimits, whole } from '../formats.js';
import { variable } from './variable.js';

export const LOAD = {
  MAX_CONCURRENT_CALLS: variable({
    default: '0',
    about: 'Maximum number of calls at the same time. Callers above it go straight to a human. 0: no limit.',
    schema: whole(0, 100_000),
  }),
  MAX_VOICE_SESSIONS: variable({
    about:
      'Maximum number of sessions that your account allows at the same time, by provider, like nova=20,openai=100. Callers above it go to the next provider, or to a human. Unset: no limit.',
    schema: sessionLimits,
  }),
  MAX_LOOP_DELAY_MS: variable({
    default: '100',
    about: 'Maximum event-loop delay. While it is exceeded, new callers go straight to a human. 0 disables the check.',
    schema: whole(0, 10_000),
  }),
  MAX_STALL_SECONDS: variable({
    default: '5',
    about:
      'Maximum time the event loop may stand still. Then the process ends itself, so that another instance takes over its calls. 0 disables the check.',
    schema: whole(0, 600),
  }),
  DRAIN_SECONDS: variable({
    default: '110',
    about:
      'Maximum time a stopping gateway takes. Calls may finish until 30 s before its end; then they move to another instance, or go to a human.',
    schema: whole(0, 3600),
  }),
} as const;
