import { randomUUID } from 'node:crypto';
import { systemClock } from '../base/clock.js';
import { CONNECTION_OVERRIDES } from '../call/paths.js';
import { isLoopback, isPrivateHost } from '../config/addresses.js';
import type { Config } from '../config/config.js';
import { TandemError, isTandemError } from '../base/errors.js';
import { loadExtensions, processorsOf } from '../app/extensions.js';
import { DynamoDbStore } from '../handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import { createLogger } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { type Check, type Finding, advice, fine } from './finding.js';
import { canCheckNumber, checkNumber } from './twilio-number.js';
import { openAssistants } from '../app/assistants.js';
import { createVoice } from '../app/voice-providers.js';

/** One check for everything a gateway depends on. A new dependency adds its check here. */
export const CHECKS: readonly Check[] = [
  { name: 'voice', run: checkVoice },
  { name: 'handover store', run: checkStore },
  { name: 'token pepper', run: checkPepper },
  { name: 'Connect number', run: checkConnectNumber },
  { name: 'public host', run: checkPublicHost },
  { name: 'Twilio signature', run: checkTwilio },
  { name: 'metrics', run: checkMetrics },
  { name: 'Twilio number', applies: canCheckNumber, run: checkNumber },
];

/** Runs the checks one after the other. A check that throws is a fault and does not stop the next one. */
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
      const text = isTandemError(error) ? error.message : 'This check failed unexpectedly. Please report it as a bug.';
      findings.push({ name, result: 'fault', text });
    }
  }
  return findings;
}

/** Runs the preparation of every configured provider. It opens no session that costs money. */
async function checkVoice(config: Config, env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const extensions = await loadExtensions(config.extensions, process.cwd());
  processorsOf(extensions, config, env);
  const log = createLogger({ level: 'silent' });
  const assistants = await openAssistants({ config, extensions, tools: extensions.tools });
  const voice = await createVoice({ config, log, metrics: new Metrics(), assistants, extensions, env });
  try {
    await voice.prepare();
    return fine(`Ready: ${[...new Set([...config.voiceProviders, ...assistants.providers])].join(', ')}.`);
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
    // Reads an item that does not exist, because only a read shows a wrong key schema or a missing read permission.
    await store.callers.failures(`doctor:${randomUUID()}`, Math.floor(systemClock.epochMs() / 1000));
    if (embedded !== undefined) {
      return fine(
        'Embedded. Records are lost when the gateway stops. Set USE_LOCAL_DYNAMODB=false to use a real table.',
      );
    }
    const found = `The table ${handover.tableName} in ${handover.endpointUrl ?? handover.region} can be read`;
    if (handover.embedded) return fine(`${found}. The gateway has made it, because this is local mode.`);
    const deletes = await store.deletesExpired();
    if (deletes === 'yes') return fine(`${found}, and DynamoDB deletes expired records.`);
    return advice(
      deletes === 'no'
        ? `${found}, but keeps expired records. Enable TTL on its attribute expires_at.`
        : `${found}. Whether it deletes expired records is not known; allow dynamodb:DescribeTimeToLive.`,
    );
  } finally {
    await store.close();
    await embedded?.close();
  }
}

/** Minimum number of different characters. A string with fewer is a word or a pattern. */
const MIN_DIFFERENT_CHARACTERS = 10;
const MIN_PEPPER_CHARACTERS = 32;

function checkPepper({ handover: { embedded, pepper } }: Config): Finding {
  if (pepper === undefined) {
    return embedded
      ? advice('HANDOVER_TOKEN_PEPPER is not set. Local mode uses a public one; a real table requires your own.')
      : {
          result: 'fault',
          text: 'HANDOVER_TOKEN_PEPPER is not set. Set the same value for the gateway and the Lambda.',
        };
  }
  return pepper.length < MIN_PEPPER_CHARACTERS || new Set(pepper).size < MIN_DIFFERENT_CHARACTERS
    ? advice(
        'HANDOVER_TOKEN_PEPPER is easy to guess. Create one with "openssl rand -hex 32" and set it for the gateway and the Lambda.',
      )
    : fine('Long and random enough. The Lambda must have the same one.');
}

function checkConnectNumber({ handover: { connectPhoneNumber } }: Config): Finding {
  if (connectPhoneNumber === undefined) {
    throw new TandemError('CONFIG_INVALID', 'CONNECT_PHONE_NUMBER is not set, so callers cannot reach a human.');
  }
  return fine(`Callers reach a human on ${connectPhoneNumber}.`);
}

function checkPublicHost({ publicHost, twilio }: Config): Finding {
  if (publicHost !== undefined && !isPrivateHost(publicHost)) return fine(`Twilio connects to ${publicHost}.`);
  const text = 'PUBLIC_HOST is not set to a host that Twilio can reach.';
  return twilio.authTokens.length === 0
    ? advice(text)
    : { result: 'fault', text: `${text} Set it to the gateway's public host name.` };
}

function checkTwilio({ allowsUnsigned, host, publicHost, twilio }: Config): Finding {
  if (twilio.authTokens.length === 0) {
    const isPublic = !isLoopback(host) || (publicHost !== undefined && !isPrivateHost(publicHost));
    if (!isPublic)
      return advice(
        'TWILIO_AUTH_TOKEN is not set. Signatures are not checked, and the gateway listens for this machine only. A tunnel or proxy to it opens it to everybody.',
      );
    const text =
      'TWILIO_AUTH_TOKEN is not set and the gateway can be reached from outside, so anyone can place calls. Set the token.';
    return allowsUnsigned ? advice(text) : { result: 'fault', text };
  }
  if (twilio.sharedKeys.length === 0) return fine('The signatures of webhooks and streams are checked.');
  return advice(
    `Signatures by auth tokens and shared keys are checked. A webhook rule with connection settings overrides ${CONNECTION_OVERRIDES} in the URLs; give each such rule the same timeouts and retries.`,
  );
}

function checkMetrics({ metricsPort }: Config): Finding {
  return fine(
    metricsPort === undefined
      ? '/metrics is on PORT, for loopback and private addresses and not through a proxy. Set METRICS_PORT if the proxy or load balancer in front adds no X-Forwarded-For, because its requests look private.'
      : `/metrics is on port ${metricsPort} alone. Keep that port away from the public.`,
  );
}
