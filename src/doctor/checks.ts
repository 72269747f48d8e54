import { randomUUID } from 'node:crypto';
import { systemClock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { TandemError, isTandemError } from '../base/errors.js';
import { loadExtensions } from '../app/extensions.js';
import { DynamoDbStore } from '../handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import { createLogger } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { type Check, type Finding, advice, fine } from './finding.js';
import { canCheckNumber, checkNumber } from './twilio-number.js';
import { openAssistants } from '../app/assistants.js';
import { createVoice } from '../app/voice-providers.js';

/** Everything a gateway depends on. What is added to the gateway adds its line here. */
export const CHECKS: readonly Check[] = [
  { name: 'voice', run: checkVoice },
  { name: 'handover store', run: checkStore },
  { name: 'token pepper', run: checkPepper },
  { name: 'Connect number', run: checkConnectNumber },
  { name: 'public host', run: checkPublicHost },
  { name: 'Twilio signature', run: checkTwilio },
  { name: 'Twilio number', applies: canCheckNumber, run: checkNumber },
];

/** Runs the checks one after the other; one that fails does not keep the next from running. */
export async function runChecks(
  checks: readonly Check[],
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): Promise<(Finding & { name: string })[]> {
  const findings: (Finding & { name: string })[] = [];
  for (const { applies, name, run } of checks) {
    if (applies?.(config) === false) continue;
    try {
      findings.push({ name, ...(await run(config, env)) });
    } catch (error) {
      const text = isTandemError(error) ? error.message : 'The check itself failed; please report it.';
      findings.push({ name, result: 'fault', text });
    }
  }
  return findings;
}

/** Each configured provider's own preparation: it opens no session that costs anything. */
async function checkVoice(config: Config, env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const extensions = await loadExtensions(config.extensions, process.cwd());
  const log = createLogger({ level: 'silent' });
  const assistants = await openAssistants({ config, extensions, tools: extensions.tools });
  const voice = await createVoice({ config, log, metrics: new Metrics(), assistants, extensions, env });
  try {
    await voice.prepare();
    return fine(`${[...new Set([...config.voiceProviders, ...assistants.providers])].join(', ')} can talk.`);
  } finally {
    await voice.close();
  }
}

async function checkStore({ handover }: Config): Promise<Finding> {
  const embedded = handover.embedded && handover.endpointUrl === undefined ? await startEmbeddedDynamoDb() : undefined;
  const store = new DynamoDbStore({
    ...handover,
    endpointUrl: embedded?.endpointUrl ?? handover.endpointUrl,
    localCredentials: handover.embedded,
  });
  try {
    if (handover.embedded) await store.createTable();
    await store.check();
    // A table of another shape, or one that must not be read, is found only by asking for an item that is not there.
    await store.callers.failures(`doctor:${randomUUID()}`, Math.floor(systemClock.epochMs() / 1000));
    return fine(
      embedded === undefined
        ? `The table ${handover.tableName} answers.`
        : 'Embedded: records are gone when the gateway stops. Set USE_LOCAL_DYNAMODB=false for a real table.',
    );
  } finally {
    await store.close();
    await embedded?.close();
  }
}

/** Fewer different characters than this are a word or a pattern, not a random string. */
const MIN_DIFFERENT_CHARACTERS = 10;
const MIN_PEPPER_CHARACTERS = 32;

function checkPepper({ handover: { embedded, pepper } }: Config): Finding {
  if (pepper === undefined) {
    return embedded
      ? advice('Not set: local mode uses a known one. HANDOVER_TOKEN_PEPPER is required with a real table.')
      : { result: 'fault', text: 'Set HANDOVER_TOKEN_PEPPER, here and for the Lambda.' };
  }
  return pepper.length < MIN_PEPPER_CHARACTERS || new Set(pepper).size < MIN_DIFFERENT_CHARACTERS
    ? advice(
        'HANDOVER_TOKEN_PEPPER is easy to guess. Make one with "openssl rand -hex 32", and give the Lambda the same.',
      )
    : fine('Long and random enough. The Lambda needs the same.');
}

function checkConnectNumber({ handover: { connectPhoneNumber } }: Config): Finding {
  if (connectPhoneNumber === undefined) {
    throw new TandemError('CONFIG_INVALID', 'CONNECT_PHONE_NUMBER is not set: no human can be reached.');
  }
  return fine(`A human is reached on ${connectPhoneNumber}.`);
}

function checkPublicHost({ publicHost, twilio }: Config): Finding {
  if (publicHost !== undefined && !/^(localhost|127\.|\[::1\])/.test(publicHost))
    return fine(`Twilio calls ${publicHost}.`);
  const text = 'PUBLIC_HOST names no host that Twilio can reach.';
  return twilio.authTokens.length === 0
    ? advice(text)
    : { result: 'fault', text: `${text} Set it to the public name.` };
}

function checkTwilio({ twilio }: Config): Finding {
  return twilio.authTokens.length === 0
    ? advice('TWILIO_AUTH_TOKEN is not set: webhooks are not signed, and only this machine may call.')
    : fine('Webhooks and streams must be signed.');
}
