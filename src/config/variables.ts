import type { z } from 'zod';
import { ADDRESS } from './variables/address.js';
import { ASSISTANT } from './variables/assistant.js';
import { CONSOLE } from './variables/console.js';
import { ESCALATION } from './variables/escalation.js';
import { HANDOVER } from './variables/handover.js';
import { HUBSPOT } from './variables/hubspot.js';
import { INSTANCES } from './variables/instances.js';
import { LOAD } from './variables/load.js';
import { LOCAL } from './variables/local.js';
import { NOVA } from './variables/nova.js';
import { OPENAI } from './variables/openai.js';
import { TWILIO } from './variables/twilio.js';
import type { Variable } from './variables/variable.js';

/** Every setting the gateway reads, once. `.env.example` is generated from this table. */
export const VARIABLES = {
  'Address and logging': ADDRESS,
  'The assistant': ASSISTANT,
  'When a human is needed (see docs/build/escalation.md)': ESCALATION,
  'Load and shutdown': LOAD,
  Twilio: TWILIO,
  'OpenAI Realtime (VOICE_PROVIDER=openai, see docs/models/openai-realtime.md)': OPENAI,
  'Amazon Nova 2 Sonic (VOICE_PROVIDER=nova, see docs/models/nova-sonic.md)': NOVA,
  'The embedded voice (VOICE_PROVIDER=local)': LOCAL,
  'Several instances (see docs/operate/several-instances.md)': INSTANCES,
  'The handover to Amazon Connect (see docs/operate/handover.md)': HANDOVER,
  'The console (see docs/operate/console.md)': CONSOLE,
  'HubSpot (see docs/build/hubspot.md)': HUBSPOT,
} as const;

type Groups = typeof VARIABLES;
type AllVariables = UnionToIntersection<Groups[keyof Groups]>;
type UnionToIntersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never;
/** The value of every setting, as its schema parsed it: what was set, else the default. `undefined` if there is neither. */
export type Values = {
  [Name in keyof AllVariables]: AllVariables[Name] extends Variable<infer Schema, infer Default>
    ? z.infer<Schema> | (Default extends string ? never : undefined)
    : never;
};
