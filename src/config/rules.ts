import type { Environment } from '../base/environment.js';
import { TandemError } from '../base/errors.js';
import { BRIEFING_LANGUAGES, canBrief } from '../handover/briefing.js';
import { LOCAL_MODE_PEPPER } from '../handover/token.js';
import { isLoopback } from './addresses.js';
import type { Values } from './variables.js';

// What settings demand of each other. Each rule names the variable that the operator has to change.

/** What follows from several settings. */
export interface Standing {
  env: Environment;
  /** Whether Twilio's signatures are checked. */
  signed: boolean;
  /** The address to listen on. */
  host: string;
  /** Whether the gateway is in local mode. */
  embedded: boolean;
}

export function invalid(name: string, what: string): TandemError {
  return new TandemError('CONFIG_INVALID', `${name} ${what}`);
}

/** @throws TandemError CONFIG_INVALID for the first settings that do not go together */
export function checkTogether(values: Values, standing: Standing): void {
  checkAddresses(values, standing);
  checkStore(values, standing);
  checkHandover(values, standing);
  checkVoice(values);
  checkOutbound(values, standing);
  checkTraces(values);
  checkHooks(values);
  if (values.CALL_RECORDING !== 'off' && (values.TWILIO_ACCOUNT_SID === undefined || !standing.signed))
    throw invalid(
      'CALL_RECORDING',
      'needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, with which recordings are started.',
    );
  if (values.REDIS_URL !== undefined && values.JOURNAL_KEY === undefined) {
    throw invalid(
      'JOURNAL_KEY',
      'is required with REDIS_URL, because it encrypts what callers say. Generate one with "openssl rand -base64 32" and set the same for all instances.',
    );
  }
  if (values.ENABLE_HUBSPOT && values.HUBSPOT_ACCESS_TOKEN === undefined)
    throw invalid('HUBSPOT_ACCESS_TOKEN', 'is required with ENABLE_HUBSPOT.');
}

function checkHooks(values: Values): void {
  const { CALL_CONTEXT_HUBSPOT: isHubSpot, CALL_CONTEXT_SECRET: secret, CALL_CONTEXT_URL: url } = values;
  if (url !== undefined && secret === undefined)
    throw invalid(
      'CALL_CONTEXT_SECRET',
      'is required with CALL_CONTEXT_URL. Generate one with "openssl rand -hex 32".',
    );
  if (values.CALL_EVENTS_URL !== undefined && values.CALL_EVENTS_SECRET === undefined)
    throw invalid('CALL_EVENTS_SECRET', 'is required with CALL_EVENTS_URL. Generate one with "openssl rand -hex 32".');
  if (isHubSpot && !values.ENABLE_HUBSPOT) throw invalid('CALL_CONTEXT_HUBSPOT', 'needs ENABLE_HUBSPOT=true.');
  if (isHubSpot && url !== undefined)
    throw invalid('CALL_CONTEXT_HUBSPOT', 'cannot be combined with CALL_CONTEXT_URL. Set one of them.');
}

function checkOutbound(values: Values, { host, signed }: Standing): void {
  if (values.OUTBOUND_API_TOKENS === undefined) return;
  const isSimulated = !signed && isLoopback(host);
  if (!isSimulated && (values.TWILIO_ACCOUNT_SID === undefined || !signed))
    throw invalid('OUTBOUND_API_TOKENS', 'needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, with which calls are made.');
  const { MAX_CONCURRENT_CALLS: maxCalls, OUTBOUND_MAX_CALLS: maxOutbound } = values;
  if (values.REDIS_URL === undefined && maxCalls > 0 && maxOutbound >= maxCalls) {
    throw invalid(
      'OUTBOUND_MAX_CALLS',
      `is ${maxOutbound}, which leaves no room for callers, because MAX_CONCURRENT_CALLS is ${maxCalls}. Set a lower number.`,
    );
  }
}

function checkAddresses(values: Values, { host, signed }: Standing): void {
  if (!signed && !isLoopback(host) && !values.ALLOW_UNSIGNED_WEBHOOKS) {
    throw invalid(
      'HOST',
      'is a public address, and without TWILIO_AUTH_TOKEN anyone who reaches it can place calls. Set the token, listen on 127.0.0.1, or set ALLOW_UNSIGNED_WEBHOOKS=true on a closed network.',
    );
  }
  if (!signed && (values.TWILIO_WEBHOOK_SHARED_KEYS?.length ?? 0) > 0) {
    throw invalid(
      'TWILIO_WEBHOOK_SHARED_KEYS',
      'needs TWILIO_AUTH_TOKEN, with which Twilio signs everything that no webhook rule covers.',
    );
  }
  if (values.METRICS_PORT !== undefined && values.METRICS_PORT !== 0 && values.METRICS_PORT === values.PORT)
    throw invalid('METRICS_PORT', 'is the same port as PORT. Set another one, or leave it unset.');
}

function checkStore(values: Values, { embedded, env, signed }: Standing): void {
  if (embedded) return;
  const pepper = values.HANDOVER_TOKEN_PEPPER;
  if (pepper === LOCAL_MODE_PEPPER)
    throw invalid(
      'HANDOVER_TOKEN_PEPPER',
      'is the published one of local mode. Create one with "openssl rand -hex 32".',
    );
  if (pepper !== undefined) return;
  if (signed && values.USE_LOCAL_DYNAMODB === undefined && values.DYNAMODB_TABLE_NAME === undefined) {
    throw invalid(
      'USE_LOCAL_DYNAMODB',
      'is not set, and with TWILIO_AUTH_TOKEN the gateway does not choose local mode by itself, which would lose the records of real callers and dial a made-up number. Set DYNAMODB_TABLE_NAME and HANDOVER_TOKEN_PEPPER, or USE_LOCAL_DYNAMODB=true for a trial.',
    );
  }
  const hint =
    (env['HANDOVER_TOKEN_PEPPER_SECRET_ARN'] ?? '') === ''
      ? ''
      : ' HANDOVER_TOKEN_PEPPER_SECRET_ARN is read by the Lambda only.';
  throw invalid(
    'HANDOVER_TOKEN_PEPPER',
    `is required outside local mode. Set a long random string, the same for the Lambda, or USE_LOCAL_DYNAMODB=true.${hint}`,
  );
}

function checkHandover(values: Values, { signed }: Standing): void {
  if (values.CONNECT_PHONE_NUMBER !== undefined && values.CONNECT_PHONE_NUMBER === values.TWILIO_PHONE_NUMBER) {
    throw invalid(
      'CONNECT_PHONE_NUMBER',
      'is the same number as TWILIO_PHONE_NUMBER, so a transfer would reach this gateway again. Set the number of your Amazon Connect instance.',
    );
  }
  if (values.HANDOVER_MODE === 'rest' && (values.TWILIO_ACCOUNT_SID === undefined || !signed))
    throw invalid('HANDOVER_MODE', 'is rest, which needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.');
  checkBriefing(values);
  if (values.CONNECT_CHECK_AVAILABILITY !== 'off' && values.CONNECT_INSTANCE_ID === undefined)
    throw invalid('CONNECT_CHECK_AVAILABILITY', 'needs CONNECT_INSTANCE_ID, unless it is off.');
}

/** A telephone is asked for a key, which no flow of Connect presses. Every call would end as declined. */
function checkBriefing(values: Values): void {
  const { HANDOVER_BRIEFING: briefing, HANDOVER_SUMMARY_LANGUAGE: language } = values;
  if (briefing !== 'phone') return;
  if (!canBrief(language))
    throw invalid(
      'HANDOVER_SUMMARY_LANGUAGE',
      `is ${language}, in which the gateway has no words for HANDOVER_BRIEFING. It has them in ${BRIEFING_LANGUAGES.join(', ')}.`,
    );
  if (values.CONNECT_PHONE_NUMBER === undefined)
    throw invalid('HANDOVER_BRIEFING', "is phone, which needs CONNECT_PHONE_NUMBER, a person's telephone.");
  const connect = (['CONNECT_INSTANCE_ID', 'CONNECT_QUEUE_ARN', 'CONNECT_QUEUE_ARNS'] as const).find(
    (name) => values[name] !== undefined,
  );
  if (connect !== undefined)
    throw invalid(
      'HANDOVER_BRIEFING',
      `is phone, and ${connect} says that Amazon Connect answers, which presses no key. Set connect, or unset ${connect}.`,
    );
}

/** Returns where traces are sent. `undefined` if calls are not traced. */
export function tracesUrl(values: Values): string | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = values;
  if (values.OTEL_SDK_DISABLED || values.OTEL_TRACES_EXPORTER === 'none') return undefined;
  return own ?? (base === undefined ? undefined : `${base}/v1/traces`);
}

const SAMPLERS: readonly string[] = ['always_on', 'always_off', 'traceidratio'];

/** What a platform has set for others does not matter as long as calls are not traced. */
function checkTraces(values: Values): void {
  if (tracesUrl(values) === undefined) return;
  if (values.OTEL_EXPORTER_OTLP_PROTOCOL !== 'http/protobuf')
    throw invalid(
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'can only be http/protobuf. Set it, and the port of the collector for HTTP, which is usually 4318.',
    );
  if (values.OTEL_TRACES_EXPORTER !== 'otlp') throw invalid('OTEL_TRACES_EXPORTER', 'can only be otlp or none.');
  if (!SAMPLERS.includes(values.OTEL_TRACES_SAMPLER.replace(/^parentbased_/, '')))
    throw invalid('OTEL_TRACES_SAMPLER', `can only be ${SAMPLERS.join(', ')}, or one of these after parentbased_.`);
}

/** Names of the providers that need no extension. */
export const BUILT_IN_PROVIDERS: readonly string[] = ['openai', 'openai-live', 'nova', 'local'];

function checkVoice(values: Values): void {
  if (values.LOCAL_LLM_BASE_URL !== undefined && values.LOCAL_LLM_MODEL === undefined)
    throw invalid(
      'LOCAL_LLM_MODEL',
      'is required with LOCAL_LLM_BASE_URL. Set the name of the model at that endpoint.',
    );
  if (values.LOCAL_TTS_MODEL !== undefined && values.LOCAL_TTS_BASE_URL !== undefined)
    throw invalid('LOCAL_TTS_BASE_URL', 'cannot be combined with LOCAL_TTS_MODEL. Set one of them.');

  const named = { VOICE_PROVIDER: [values.VOICE_PROVIDER], VOICE_FALLBACK: values.VOICE_FALLBACK ?? [] };
  // What an extension provides is known only once it is loaded.
  const hasExtensions = (values.EXTENSIONS?.length ?? 0) > 0;
  for (const [variable, names] of Object.entries(named)) {
    const unknown = names.find((name) => !BUILT_IN_PROVIDERS.includes(name));
    if (unknown === undefined || hasExtensions) continue;
    throw invalid(
      variable,
      `is ${JSON.stringify(unknown.slice(0, 80))}: expected openai, openai-live, nova, local, or a provider from EXTENSIONS.`,
    );
  }
  const keyed = Object.values(named)
    .flat()
    .find((name) => name === 'openai' || name === 'openai-live');
  if (keyed !== undefined && values.OPENAI_API_KEY === undefined)
    throw invalid('OPENAI_API_KEY', `is required, because VOICE_PROVIDER or VOICE_FALLBACK names ${keyed}.`);
}
