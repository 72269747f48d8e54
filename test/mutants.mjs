// The mutations that `npm run mutants` applies: small faults at the places where a fault costs most. Each names the tests
// of which one must fail. A file of test/mutants/ holds those of one subject. test/mutants.test.ts checks that every text
// still stands in its file.
import { ACCESS } from './mutants/access.mjs';
import { AGENT } from './mutants/agent.mjs';
import { ASSISTANTS } from './mutants/assistants.mjs';
import { CONSOLE_ACCESS } from './mutants/console-access.mjs';
import { CONSOLE_SIGHT } from './mutants/console-sight.mjs';
import { CONSOLE_TAPES } from './mutants/console-tapes.mjs';
import { BRIEFING } from './mutants/briefing.mjs';
import { HOOKS } from './mutants/hooks.mjs';
import { JOURNAL } from './mutants/journal.mjs';
import { MCP } from './mutants/mcp.mjs';
import { LIVE } from './mutants/openai-live.mjs';
import { MODELS } from './mutants/models.mjs';
import { OUTBOUND } from './mutants/outbound.mjs';
import { RECORDING } from './mutants/recording.mjs';
import { SETTINGS } from './mutants/settings.mjs';
import { SILENCE } from './mutants/silence.mjs';
import { STOPPING } from './mutants/stopping.mjs';
import { STREAM } from './mutants/stream.mjs';
import { TAPES } from './mutants/tapes.mjs';
import { TELEMETRY } from './mutants/telemetry.mjs';
import { TOKEN } from './mutants/token.mjs';

/** @type {readonly import('../scripts/mutants.mjs').Mutant[]} */
export const MUTANTS = [
  ...ACCESS,
  ...TOKEN,
  ...JOURNAL,
  ...STREAM,
  ...AGENT,
  ...STOPPING,
  ...SILENCE,
  ...MODELS,
  ...ASSISTANTS,
  ...LIVE,
  ...SETTINGS,
  ...OUTBOUND,
  ...BRIEFING,
  ...HOOKS,
  ...MCP,
  ...RECORDING,
  ...TAPES,
  ...TELEMETRY,
  ...CONSOLE_ACCESS,
  ...CONSOLE_SIGHT,
  ...CONSOLE_TAPES,
];
