import type { z } from 'zod';
import { ADDRESS } from './variables/address.js';
import { ASSISTANT } from './variables/assistant.js';
import { CONSOLE } from './variables/console.js';
import { ESCALATION } from './variables/escalation.js';
import { HANDOVER } from './variables/handover.js';
import { HOOKS } from './variables/hooks.js';
import { HUBSPOT } from './variables/hubspot.js';
import { INSTANCES } from './variables/instances.js';
import { LOAD } from './variables/load.js';
import { LOCAL } from './variables/local.js';
import { NOVA } from './variables/nova.js';
import { OPENAI } from './variables/openai.js';
import { OPENAI_LIVE } from './variables/openai-live.js';
import { OUTBOUND } from './variables/outbound.js';
import { RECORDING } from './variables/recording.js';
import { TELEMETRY } from './variables/telemetry.js';
import { TWILIO } from './variables/twilio.js';
import type { Variable } from './variables/variable.js';

/** Every setting the gateway reads, once. `.env.example` is generated from this table. */
export const VARIABLES = {
  'Address and logging': ADDRESS,
  'The assistant': ASSISTANT,
  'When a human is needed (see docs/build/escalation.md)': ESCALATION,
  'Load and shutdown': LOAD,
  Twilio: TWILIO,
  'Calls that the gateway makes (see docs/OUTBOUND_CALLS.md)': OUTBOUND,
  'OpenAI Realtime (VOICE_PROVIDER=openai, see docs/models/openai-realtime.md)': OPENAI,
  'OpenAI GPT-Live (VOICE_PROVIDER=openai-live, see docs/models/openai-live.md)': OPENAI_LIVE,
  'Amazon Nova 2 Sonic (VOICE_PROVIDER=nova, see docs/models/nova-sonic.md)': NOVA,
  'The embedded voice (VOICE_PROVIDER=local)': LOCAL,
  'Several instances (see docs/operate/several-instances.md)': INSTANCES,
  'The handover to Amazon Connect (see docs/operate/handover.md)': HANDOVER,
  'The console (see docs/operate/console.md)': CONSOLE,
  'HubSpot (see docs/build/hubspot.md)': HUBSPOT,
  'Before and after a call (see docs/build/before-the-call.md and docs/build/call-events.md)': HOOKS,
  'Recordings and secrets (see docs/build/recording.md and docs/build/secrets.md)': RECORDING,
  'Traces (see docs/operate/traces.md) and metrics for CloudWatch (see docs/operate/metrics.md)': TELEMETRY,
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

const HEADER = [
  'Generated from src/config/variables/*.ts by "node scripts/generate.mjs". Do not edit.',
  'Every setting of the gateway with its default. None is required: "npm start" without any runs everything embedded.',
  'To change some, copy this file to .env and remove the "#" before their names. An empty value counts as unset.',
  'Every command reads .env in its working directory, with quotation marks and comments as Node reads them, and says so. What the environment says wins. "docker run --env-file" keeps quotation marks and comments; write the file for it without them.',
];
const LINE_CHARACTERS = 100;

/** The text of `.env.example`. */
export function exampleEnvironment(): string {
  const lines = HEADER.flatMap(comment);
  for (const [group, variables] of Object.entries(VARIABLES)) {
    lines.push('', `# ── ${group} ──`);
    for (const [name, { about, secret, shown }] of Object.entries(variables) as [string, Variable][]) {
      lines.push('', ...comment(`${about}${secret ? ' Secret.' : ''}`), `#${name}=${shown}`);
    }
  }
  return lines.join('\n') + '\n';
}

/** `text` as comment lines, broken between words. */
function comment(text: string): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length <= LINE_CHARACTERS) lines[lines.length - 1] = longer;
    else lines.push(`# ${word}`);
  }
  return lines;
}
