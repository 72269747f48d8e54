import { type Environment, settingOf } from '../base/environment.js';
import type { TapeConfig } from '../tape/open-recorder.js';
import { VARIABLES, type Values } from './variables.js';
import type { Variable } from './variables/variable.js';

/** Settings about who observes the gateway or is told of calls, which a replay must not do. */
const OF_OBSERVERS = /^(?:OTEL|METRICS|CALL_CONTEXT|CALL_EVENTS)_/;
/** Settings that name files of this machine, which a tape does not need, or say where it is. */
const NOT_ON_TAPES: ReadonlySet<string> = new Set([
  'ASSISTANTS_FILE',
  'ASSISTANT_PROMPT',
  'ENV_FILE',
  'ESCALATION_PHRASES',
  'EXTENSIONS',
  'LOCAL_STT_MODEL',
  'LOCAL_TTS_MODEL',
  'MCP_SERVERS',
  'TAPE_DIR',
]);

/** Where calls are recorded, and which settings each tape holds. `undefined` if they are not. */
export function tapesOf(env: Environment, { TAPE_DIR: dir }: Values): TapeConfig | undefined {
  if (dir === undefined) return undefined;
  const variables: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const [name, { secret }] of Object.values(VARIABLES).flatMap((group) => Object.entries<Variable>(group))) {
    const value = settingOf(env, name);
    if (value === undefined || NOT_ON_TAPES.has(name) || OF_OBSERVERS.test(name)) continue;
    // A name and a password may stand in an address.
    if (secret) secrets[name] = value;
    else variables[name] = value.replace(/\/\/[^/@\s]*@/g, '//');
  }
  return { dir, variables, secrets };
}
