import { z } from 'zod';
import { variable } from './variable.js';

export const RECORDING = {
  CALL_RECORDING: variable({
    default: 'off',
    about:
      "Whether Twilio records calls: off; announced, once the caller has heard so; consent, once the caller has also agreed. The assistants' file can say it for a number. Needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
    schema: z.enum(['off', 'announced', 'consent']),
  }),
  CALL_RECORDING_AT_HANDOVER: variable({
    default: 'stop',
    about: 'stop: the recording ends when the call goes to a human. continue: it goes on until the call is over.',
    schema: z.enum(['stop', 'continue']),
  }),
  CALL_RECORDING_PAUSE: variable({
    default: 'silence',
    about: 'What stands in the recording for the time in which digits are collected: silence, or nothing (skip).',
    schema: z.enum(['silence', 'skip']),
  }),
  CALL_RECORDING_FAILURE: variable({
    default: 'continue',
    about:
      'If Twilio does not start a recording that the caller was told of: continue goes on without a word, say tells the caller.',
    schema: z.enum(['continue', 'say']),
  }),
  SECRET_AUDIO: variable({
    default: 'withhold',
    about:
      'What the model hears of the caller while digits are collected that it must not hear: nothing (withhold), or all of it (pass).',
    schema: z.enum(['withhold', 'pass']),
  }),
} as const;
