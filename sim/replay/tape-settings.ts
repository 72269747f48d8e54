import { z } from 'zod';
import type { Peers } from '../../src/app/peers.js';
import { AssistantOfTape } from '../../src/app/taped-settings.js';
import { isTandemError } from '../../src/base/errors.js';
import { type Config, readConfig } from '../../src/config/config.js';
import { Assistants } from '../../src/prompts/assistants.js';
import { NotATape, type Tape, type TapeSettings, type TapedAssistant } from '../../src/tape/format.js';
import type { AssistantTool } from '../../src/voice/tools.js';
import { errorOf } from './played-socket.js';
import type { Score } from './score.js';

// What a tape says of its settings, as the parts that a gateway is made of.

/** What stands for a secret that was set. Those that are absent make no difference to a call. */
const STAND_INS: Readonly<Record<string, string>> = {
  HANDOVER_TOKEN_PEPPER: 'the pepper of a replay',
  HUBSPOT_ACCESS_TOKEN: 'the-token-of-a-replay',
  OPENAI_API_KEY: 'sk-replay',
  TWILIO_AUTH_TOKEN: '0'.repeat(32),
};

/** Settings of the machine that recorded the call. */
const NOT_OF_THE_CALL: ReadonlySet<string> = new Set(['HOST', 'METRICS_PORT', 'PORT', 'PUBLIC_HOST', 'STREAM_HOST']);

/** Reads the settings with today's code. @throws NotATape if today's code cannot use them */
export function configOf({ publicHost, secrets, variables }: TapeSettings): Config {
  const set = Object.entries(variables).filter(([name]) => !NOT_OF_THE_CALL.has(name));
  const hidden = secrets.flatMap((name) => (STAND_INS[name] === undefined ? [] : [[name, STAND_INS[name]]]));
  try {
    const config = readConfig({ ...Object.fromEntries(set), ...Object.fromEntries(hidden), PORT: '0' });
    return {
      ...config,
      publicHost,
      streamHost: variables['STREAM_HOST'],
      maxLoopDelayMs: 0,
      extensions: [],
      journal: undefined,
      tapes: undefined,
    };
  } catch (error) {
    if (isTandemError(error)) throw new NotATape(`this release cannot use its settings: ${error.what}`);
    throw error;
  }
}

/** The assistant that answered, and those that were chosen during the call, whose providers a replay needs, too. */
export function assistantsOf({ head, lines }: Tape): Assistants {
  const first = new AssistantOfTape(head.settings.assistant);
  const chosen = lines.flatMap(({ m }) =>
    m['value'] === 'assistant' ? [new AssistantOfTape(m['is'] as unknown as TapedAssistant)] : [],
  );
  return new Assistants(first, new Map([first, ...chosen].map((assistant, index) => [String(index), assistant])));
}

/** The tools, which answer as they did. */
export function toolsOf({ tools }: TapeSettings, score: Score): AssistantTool[] {
  return tools.map(({ description, filler, name, parameters, timeoutMs }) => ({
    name,
    description,
    // The model was shown the recorded schema to the letter.
    parameters: z
      .any()
      .meta(parameters)
      .pipe(z.fromJSONSchema(parameters as z.core.JSONSchema.JSONSchema)),
    ...(filler === undefined ? {} : { filler }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    run: () => score.answer(`tool ${name}`, (answer): unknown => answer, errorOf),
  }));
}

/** The process as one of several, of which the others do not exist. */
export function alone(name: string): Peers {
  return {
    name,
    answer: () => Promise.resolve({ by: 'asker' }),
    passUpgrade: () => undefined,
    readiness: () => Promise.resolve({ status: 'ready', isReady: true, calls: 0 }),
    metrics: () => Promise.resolve(''),
  };
}
