import '../process/aws-node-version.js';
import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import type { Clock } from '../base/clock.js';
import { untypedStatus } from '../base/untyped-answer.js';
import type { Config } from '../config/config.js';
import { KNOWN_REGIONS, clientConfig } from '../voice/nova/provider.js';
import { shownUrl, whyUnreached } from './ask.js';
import type { ClockWatch } from './clock-watch.js';
import { type Finding, advice, fault, fine } from './finding.js';
import { type NovaLineResult, tryNova } from './nova-line.js';

export interface NovaQuestion {
  settings: Config['nova'];
  /** Every voice that a call may ask for. */
  voices: readonly string[];
  clock: Clock;
  clocks: ClockWatch;
  signal: AbortSignal;
  /** Default: the credentials that the AWS SDK finds. */
  credentials?: NonNullable<BedrockRuntimeClientConfig['credentials']>;
}

/** Opens one short session for each voice and waits for the first sound. It costs a few hundredths of a cent. */
export async function askNova(question: NovaQuestion): Promise<Finding[]> {
  const { clock, clocks, settings, signal, voices } = question;
  const client = novaClient(question);
  const found: Finding[] = [];
  try {
    await Promise.all(
      voices.map(async (voice) => {
        const result = await tryNova({ client, clock, modelId: settings.modelId, voice, silentMs: 0, signal });
        clocks.note('Amazon Bedrock', result.date, clock.epochMs());
        const finding = findingOf(result, settings, voice);
        if (!found.some(({ text }) => text === finding.text)) found.push(finding);
      }),
    );
  } finally {
    client.destroy();
  }
  if (!KNOWN_REGIONS.includes(settings.region) && found.every(({ result }) => result === 'fine'))
    found.push(
      advice(
        'nova-region',
        `NOVA_REGION ${settings.region} answers, although it is none of ${KNOWN_REGIONS.join(', ')}.`,
      ),
    );
  return found;
}

export function novaClient({
  credentials,
  settings,
}: Pick<NovaQuestion, 'credentials' | 'settings'>): BedrockRuntimeClient {
  const { endpointUrl, region } = settings;
  return new BedrockRuntimeClient(
    clientConfig({
      region,
      ...(endpointUrl === undefined ? {} : { endpointUrl }),
      ...(credentials === undefined ? {} : { credentials }),
    }),
  );
}

function findingOf(result: NovaLineResult, settings: Config['nova'], voice: string): Finding {
  const { modelId, region } = settings;
  if (result.speechMs !== undefined) {
    const seconds = (result.speechMs / 1000).toFixed(1);
    return fine('nova-ready', `${modelId} in ${region} spoke with the voice ${voice} after ${seconds} s.`);
  }
  if (result.error !== undefined) return refusedFor(result, settings, voice);
  return fault(
    'nova-failed',
    `${modelId} in ${region} took a session and ended it without a sound. Ask again; if this repeats, see the AWS Health Dashboard.`,
  );
}

const CREDENTIALS = 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the task a role.';

function refusedFor({ error, headMs }: NovaLineResult, settings: Config['nova'], voice: string): Finding {
  const { endpointUrl, modelId, region } = settings;
  const { message, name } = error as Error;
  const arn = `arn:aws:bedrock:${region}::foundation-model/${modelId}`;
  switch (name) {
    case 'CredentialsProviderError':
    case 'TokenProviderError':
      return fault('nova-credentials', `There are no AWS credentials. ${CREDENTIALS}`);
    case 'ExpiredTokenException':
    case 'IncompleteSignatureException':
    case 'MissingAuthenticationTokenException':
    case 'UnrecognizedClientException':
      return fault(
        'nova-credentials',
        `AWS refuses the credentials (${name}). They are wrong or expired. ${CREDENTIALS}`,
      );
    case 'InvalidSignatureException':
      return signatureRefused(message, region);
    case 'AccessDeniedException':
      return fault(
        'nova-permission',
        `AWS does not let these credentials use the model (${name}). Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on ${arn}, and see whether the account has the model in ${region}.`,
      );
    case 'ResourceNotFoundException':
      return fault(
        'nova-model',
        `Amazon Bedrock in ${region} has no model ${modelId} (${name}). Check NOVA_MODEL_ID and NOVA_REGION (${KNOWN_REGIONS.join(', ')}).`,
      );
    case 'ServiceQuotaExceededException':
    case 'ThrottlingException':
    case 'TooManyRequestsException':
      return fault(
        'nova-quota',
        `Amazon Bedrock accepts no further session now (${name}). Ask AWS for a higher quota of concurrent requests for Nova Sonic, or set MAX_VOICE_SESSIONS.`,
      );
    case 'ValidationException':
      return invalid(message, headMs !== undefined, settings, voice);
  }
  if (/Could not load credentials/i.test(message))
    return fault('nova-credentials', `There are no AWS credentials. ${CREDENTIALS}`);
  const where = endpointUrl === undefined ? `Amazon Bedrock in ${region}` : shownUrl(endpointUrl);
  const status = untypedStatus(error);
  if (status !== undefined)
    return fault(
      'nova-failed',
      `${where} answered with HTTP status ${status} and without a reason, as a proxy in its place would. Check AWS_ENDPOINT_URL_BEDROCK_RUNTIME and any proxy on the way. If both are right, ask again and see the AWS Health Dashboard.`,
    );
  if ((error as { $fault?: unknown }).$fault !== undefined)
    return fault(
      'nova-failed',
      `Amazon Nova Sonic failed (${shown(name)}). Ask again; if this repeats, see the AWS Health Dashboard.`,
    );
  return fault(
    'nova-unreachable',
    `${where} cannot be reached: ${whyUnreached(error)}. Check NOVA_REGION, AWS_ENDPOINT_URL_BEDROCK_RUNTIME and the network.`,
  );
}

function signatureRefused(message: string, region: string): Finding {
  if (/expired|too far|not yet current|skew/i.test(message))
    return fault(
      'clock',
      'AWS refuses the signature because of its time: this machine\'s clock is wrong. Let NTP set it ("timedatectl set-ntp true").',
    );
  if (/valid region/i.test(message))
    return fault(
      'nova-region',
      `The endpoint belongs to another region than NOVA_REGION ${region}. Check NOVA_REGION and AWS_ENDPOINT_URL_BEDROCK_RUNTIME.`,
    );
  return fault(
    'nova-credentials',
    `AWS refuses the signature (InvalidSignatureException), so AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID. ${CREDENTIALS}`,
  );
}

/** The service uses this name for nearly everything, and only its words tell what it means. They are not shown. */
function invalid(message: string, isOpen: boolean, settings: Config['nova'], voice: string): Finding {
  const { modelId, region } = settings;
  if (/voice/i.test(message))
    return fault(
      'nova-voice',
      `Amazon Nova Sonic does not know the voice ${JSON.stringify(voice)}. Check NOVA_VOICE, and the voices in ASSISTANTS_FILE; docs/models/nova-sonic.md lists them.`,
    );
  if (/instability|RST_STREAM/i.test(message))
    return fault(
      'nova-failed',
      'Amazon Nova Sonic reports a fault of its own. Ask again; if this repeats, see the AWS Health Dashboard.',
    );
  if (/model/i.test(message) && !isOpen)
    return fault(
      'nova-model',
      `Amazon Bedrock in ${region} has no model ${modelId} (ValidationException). Check NOVA_MODEL_ID and NOVA_REGION (${KNOWN_REGIONS.join(', ')}).`,
    );
  return fault(
    'nova-failed',
    `Amazon Nova Sonic did not accept the session (ValidationException). Check NOVA_MODEL_ID and NOVA_VOICE ${JSON.stringify(voice)}; if both are right, report this as a bug.`,
  );
}

function shown(name: string): string {
  return /^\w{1,80}$/.test(name) ? name : 'unknown error';
}
