import { z } from 'zod';
import { authTokens, credentials, e164, flag, httpUrl } from '../formats.js';
import { secret, variable } from './variable.js';

export const TWILIO = {
  TWILIO_ACCOUNT_SID: variable({
    about:
      'Account SID (AC…). If it is set, calls of other accounts are refused. With TWILIO_AUTH_TOKEN, the gateway also asks Twilio every few minutes whether a transferred call has ended.',
    schema: z.string().regex(/^AC[0-9a-fA-F]{32}$/, 'expected AC followed by 32 hexadecimal digits'),
  }),
  TWILIO_AUTH_TOKEN: secret({
    about:
      'Auth token; a comma-separated list during a rotation. If it is set, webhooks and streams without a valid signature are refused.',
    schema: authTokens,
  }),
  TWILIO_WEBHOOK_SHARED_KEYS: secret({
    about:
      "Comma-separated shared keys of the account's webhook rules. What Twilio signs with one of them is accepted, too. The request's header names the algorithm. Needs TWILIO_AUTH_TOKEN.",
    schema: credentials,
  }),
  TWILIO_API_URL: variable({
    default: 'https://api.twilio.com',
    about:
      'Base URL of the REST API, which differs by Twilio region. Used by HANDOVER_MODE=rest, for questions about transferred calls, and by "npm run doctor".',
    schema: httpUrl,
  }),
  TWILIO_PHONE_NUMBER: variable({
    about: 'Number that callers dial, in E.164 form. The agent sees it as the caller ID if the caller withheld theirs.',
    schema: e164,
  }),
  ALLOW_UNSIGNED_WEBHOOKS: variable({
    default: 'false',
    about: 'true: accept unsigned webhooks on a public address. Use it on a closed test network only.',
    schema: flag,
  }),
} as const;
