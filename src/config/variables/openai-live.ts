import { headerText, whole } from '../formats.js';
import { variable } from './variable.js';

/** The account and the address are those of OPENAI. */
export const OPENAI_LIVE = {
  OPENAI_LIVE_MODEL: variable({
    default: 'gpt-live-1',
    about:
      'Full-duplex model that listens and speaks. The key, base URL, organization and project are those of OpenAI.',
    schema: headerText,
  }),
  OPENAI_LIVE_VOICE: variable({ default: 'marin', about: 'Voice of the model.', schema: headerText }),
  OPENAI_LIVE_BACKEND_MODEL: variable({
    default: 'gpt-5.6-luna',
    about:
      "Model of the Responses API that thinks and calls the tools for the one that speaks. It writes the agent's summary, too.",
    schema: headerText,
  }),
  OPENAI_LIVE_RENEW_AFTER_SECONDS: variable({
    default: '6600',
    about: 'Age at which a session is renewed during a call. The service ends a session after two hours.',
    schema: whole(1, 7000),
  }),
} as const;
