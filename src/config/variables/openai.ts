import { z } from 'zod';
import { credential, headerText, httpUrl, share, whole } from '../formats.js';
import { secret, variable } from './variable.js';

export const OPENAI = {
  OPENAI_API_KEY: secret({
    about:
      'API key of a project that may use the Realtime API or GPT-Live. Required if VOICE_PROVIDER or VOICE_FALLBACK names openai or openai-live.',
    schema: credential,
  }),
  OPENAI_BASE_URL: variable({
    default: 'https://api.openai.com/v1',
    about:
      'Base URL of the API, for instance of a regional endpoint or the simulator. For WebSocket, http: becomes ws: and https: becomes wss:.',
    schema: httpUrl,
  }),
  OPENAI_REALTIME_MODEL: variable({
    default: 'gpt-realtime-2.1',
    about: 'Speech-to-speech model.',
    schema: headerText,
  }),
  OPENAI_VOICE: variable({ default: 'marin', about: 'Voice of the model.', schema: headerText }),
  OPENAI_TRANSCRIPTION_MODEL: variable({
    default: 'gpt-transcribe',
    about: 'Model that transcribes what the caller says.',
    schema: headerText,
  }),
  OPENAI_ORGANIZATION: variable({
    about: 'Organization to bill, if the key may use several.',
    schema: headerText,
  }),
  OPENAI_PROJECT: variable({ about: 'Project to bill, if the key may use several.', schema: headerText }),
  OPENAI_TURN_DETECTION: variable({
    default: 'server_vad',
    about: "How the end of the caller's turn is detected: server_vad (by silence) or semantic_vad (by what was said).",
    schema: z.enum(['server_vad', 'semantic_vad']),
  }),
  OPENAI_VAD_THRESHOLD: variable({
    default: '0.5',
    about: 'For server_vad: threshold of speech, from 0 to 1. A higher value needs a louder voice.',
    schema: share,
  }),
  OPENAI_VAD_SILENCE_MS: variable({
    default: '500',
    about: "For server_vad: silence that ends the caller's turn.",
    schema: whole(100, 5000),
  }),
  OPENAI_VAD_EAGERNESS: variable({
    default: 'auto',
    about: 'For semantic_vad: how soon a caller who sounds unfinished is answered: low, medium, high or auto.',
    schema: z.enum(['low', 'medium', 'high', 'auto']),
  }),
  OPENAI_RENEW_AFTER_SECONDS: variable({
    default: '3300',
    about: 'Age at which a session is renewed during a call. The service ends a session after 60 minutes.',
    schema: whole(1, 3500),
  }),
} as const;
