import { z } from 'zod';
import { credential, flag, httpUrl, text } from '../formats.js';
import { secret, variable } from './variable.js';

export const HUBSPOT = {
  ENABLE_HUBSPOT: variable({
    default: 'false',
    about: 'true: write a contact, a ticket and a note for every handover.',
    schema: flag,
  }),
  HUBSPOT_ACCESS_TOKEN: secret({
    about: 'Service key, or the token of a private app. Required with ENABLE_HUBSPOT=true.',
    schema: credential,
  }),
  HUBSPOT_BASE_URL: variable({
    default: 'https://api.hubapi.com',
    about: 'Base URL of the API, for instance of the simulator.',
    schema: httpUrl,
  }),
  HUBSPOT_API_VERSION: variable({
    default: '2026-03',
    about: 'Dated version of the API, or v3 for the legacy paths.',
    schema: z.string().regex(/^(v3|20\d\d-(03|09))$/, 'expected v3, or a dated version like 2026-03'),
  }),
  HUBSPOT_TICKET_PIPELINE: variable({
    default: '0',
    about: 'Internal id of the pipeline that gets the tickets.',
    schema: text,
  }),
  HUBSPOT_TICKET_STAGE: variable({
    default: '1',
    about: 'Internal id of the stage of that pipeline in which a new ticket begins.',
    schema: text,
  }),
} as const;
