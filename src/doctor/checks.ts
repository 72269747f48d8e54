import { isTandemError } from '../base/errors.js';
import { isPrivateHost } from '../config/addresses.js';
import type { Config } from '../config/config.js';
import { createLogger } from '../telemetry/log.js';
import { askConnect } from './connect.js';
import type { Check, CheckContext } from './check.js';
import { type Finding, fault, fine } from './finding.js';
import { askHook } from './hooks.js';
import { askHubSpot } from './hubspot.js';
import { askChat, askSpeech } from './local.js';
import { askMcp } from './mcp.js';
import { askNova } from './nova.js';
import { askOpenAi } from './openai.js';
import { askOpenAiLive } from './openai-live.js';
import { askPublicHost } from './public-host.js';
import { askRedis } from './redis.js';
import { checkConnectNumber, checkMetrics, checkPepper, checkPrivateHost, checkSignature } from './settings.js';
import { askTable } from './table.js';
import { askNumber } from './twilio-number.js';
import { whoAnswers } from './who-answers.js';

/** One check for everything a gateway depends on. A new dependency adds its check here, in a file of its own. */
export const CHECKS: readonly Check[] = [
  { name: 'assistants', run: checkAssistants },
  { name: 'OpenAI', run: checkOpenAi },
  { name: 'OpenAI Live', run: checkOpenAiLive },
  { name: 'Nova', run: checkNova },
  { name: 'speech', run: checkSpeech },
  { name: 'chat endpoint', applies: ({ local }) => local.llmBaseUrl !== undefined, run: checkChat },
  { name: 'extensions', applies: ({ extensions }) => extensions.length > 0, run: checkExtensions },
  { name: 'handover store', run: ({ clock, config }) => askTable(config.handover, clock) },
  { name: 'token pepper', run: ({ config }) => checkPepper(config) },
  { name: 'Connect number', run: ({ config }) => checkConnectNumber(config) },
  { name: 'Connect agents', applies: ({ dial }) => dial.checkAvailability !== 'off', run: checkConnect },
  { name: 'Redis', applies: ({ journal }) => journal !== undefined, run: checkRedis },
  { name: 'HubSpot', applies: ({ hubspot }) => hubspot !== undefined, run: checkHubSpot },
  {
    name: 'hook before a call',
    applies: ({ callContext }) => callContext.source?.from === 'url',
    run: checkContextHook,
  },
  { name: 'call events', applies: ({ callEvents }) => callEvents.receiver !== undefined, run: checkCallEvents },
  { name: 'MCP servers', applies: ({ mcpServersFile }) => mcpServersFile !== undefined, run: checkMcp },
  { name: 'Twilio signature', run: ({ config }) => checkSignature(config) },
  { name: 'Twilio number', applies: hasAccount, run: checkNumber },
  { name: 'public host', run: (context) => askHost(context, context.config.publicHost, 'PUBLIC_HOST') },
  {
    name: 'stream host',
    applies: ({ streamHost }) => streamHost !== undefined,
    run: (context) => askHost(context, context.config.streamHost, 'STREAM_HOST'),
  },
  { name: 'metrics', run: ({ config }) => checkMetrics(config) },
];

/** Extensions and assistants are read once, before everything that needs to know who answers. */
async function checkAssistants({ config, named }: CheckContext): Promise<Finding[]> {
  try {
    const { providers } = await named;
    return [fine('assistants', `Calls are answered by ${providers.join(', ')}.`)];
  } catch (error) {
    if (!isTandemError(error)) throw error;
    return [fault(config.extensions.length > 0 ? 'extension' : 'assistants', error.message)];
  }
}

async function checkOpenAi(context: CheckContext): Promise<Finding[]> {
  const { config } = context;
  const { extensions, languages, providers, voicesOf } = await whoAnswers(context);
  if (!providers.includes('openai') || extensions?.providers.has('openai') === true) return [];
  const voices = voicesOf('openai', config.openai.voice);
  return askOpenAi({ ...context, settings: config.openai, voices, languages });
}

async function checkOpenAiLive(context: CheckContext): Promise<Finding[]> {
  const { config } = context;
  const { extensions, providers, voicesOf } = await whoAnswers(context);
  if (!providers.includes('openai-live') || extensions?.providers.has('openai-live') === true) return [];
  const { openai: account, openaiLive: settings } = config;
  return askOpenAiLive({ ...context, account, settings, voices: voicesOf('openai-live', settings.voice) });
}

async function checkNova(context: CheckContext): Promise<Finding[]> {
  const { config } = context;
  const { extensions, providers, voicesOf } = await whoAnswers(context);
  if (!providers.includes('nova') || extensions?.providers.has('nova') === true) return [];
  return askNova({ ...context, settings: config.nova, voices: voicesOf('nova', config.nova.voice) });
}

async function checkSpeech(context: CheckContext): Promise<Finding[]> {
  const { extensions, providers } = await whoAnswers(context);
  const isProvider = providers.includes('local') && extensions?.providers.has('local') !== true;
  return askSpeech({ ...context, settings: context.config.local, isProvider });
}

function checkChat(context: CheckContext): Promise<Finding[]> {
  return askChat({ ...context, settings: context.config.local, isProvider: true });
}

/** Prepares the providers of extensions as the gateway does at its start. */
async function checkExtensions(context: CheckContext): Promise<Finding[]> {
  const { clock, env } = context;
  const { extensions, providers } = await whoAnswers(context);
  const found: Finding[] = [];
  for (const [name, create] of extensions?.providers ?? []) {
    if (!providers.includes(name)) continue;
    const provider = create({ log: createLogger({ level: 'silent' }), clock, env });
    try {
      await provider.prepare();
      found.push(fine('extension', `${name} is ready.`));
    } catch (error) {
      // The message of a stranger's error may hold anything.
      const what = isTandemError(error) ? error.message : error instanceof Error ? error.name : typeof error;
      found.push(fault('extension', `${name} cannot be prepared: ${what}`));
    } finally {
      await provider.close();
    }
  }
  return found;
}

async function checkConnect(context: CheckContext): Promise<Finding[]> {
  const { clock, config } = context;
  const { handover } = config;
  const { queues } = await whoAnswers(context);
  return askConnect({ dial: config.dial, region: handover.region, localCredentials: handover.embedded, queues, clock });
}

function checkRedis({ clock, config }: CheckContext): Promise<Finding[]> | Finding[] {
  return config.journal === undefined ? [] : askRedis(config.journal.redis, clock);
}

function checkHubSpot(context: CheckContext): Promise<Finding[]> | Finding[] {
  const { hubspot } = context.config;
  return hubspot === undefined ? [] : askHubSpot({ ...context, settings: hubspot });
}

function checkContextHook({ clock, config, signal }: CheckContext): Promise<Finding[]> | Finding[] {
  const { limitMs, source } = config.callContext;
  if (source?.from !== 'url') return [];
  return askHook({ ...source, setting: 'CALL_CONTEXT_URL', limitMs, clock, signal });
}

function checkCallEvents({ clock, config, signal }: CheckContext): Promise<Finding[]> | Finding[] {
  const { receiver } = config.callEvents;
  if (receiver === undefined) return [];
  return askHook({ ...receiver, setting: 'CALL_EVENTS_URL', limitMs: undefined, clock, signal });
}

async function checkMcp(context: CheckContext): Promise<Finding[]> {
  const { extensions, mcpServers = [] } = await whoAnswers(context);
  return askMcp({ ...context, servers: mcpServers, tools: extensions?.tools ?? [] });
}

function hasAccount({ twilio }: Config): boolean {
  return twilio.accountSid !== undefined && twilio.authTokens.length > 0;
}

function checkNumber({ config }: CheckContext): Promise<Finding[]> {
  const { dial, publicHost, twilio } = config;
  const { accountSid = '', authTokens, phoneNumber } = twilio;
  const account = { baseUrl: dial.restUrl, accountSid, authToken: authTokens[0] ?? '' };
  return askNumber({ account, phoneNumber, publicHost });
}

function askHost(
  { clock, config, signal }: CheckContext,
  host: string | undefined,
  setting: 'PUBLIC_HOST' | 'STREAM_HOST',
): Promise<Finding[]> | Finding[] {
  if (host === undefined || isPrivateHost(host)) return checkPrivateHost(config, setting);
  const { accountSid, authTokens } = config.twilio;
  return askPublicHost({ host, setting, authTokens, accountSid, epochMs: clock.epochMs(), signal });
}
