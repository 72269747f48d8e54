import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { socketUrl } from '../voice/openai/account.js';
import { liveSettings } from '../voice/openai-live/session-settings.js';
import { ask, codeText, isUnreached, member, shownUrl } from './ask.js';
import type { ClockWatch } from './clock-watch.js';
import { type Finding, fault, fine } from './finding.js';
import { openAiHeaders } from './openai.js';
import { RealtimeLine, errorOf } from './realtime-line.js';

export interface OpenAiLiveQuestion {
  account: Config['openai'];
  settings: Config['openaiLive'];
  /** Every voice that a call may ask for. */
  voices: readonly string[];
  clock: Clock;
  clocks: ClockWatch;
  signal: AbortSignal;
}

/**
 * Asks for the backend's model, then starts a session with each voice as the gateway does, and closes it. A session is paid
 * by the second, and these last less than one.
 */
export async function askOpenAiLive(question: OpenAiLiveQuestion): Promise<Finding[]> {
  const { account, clock, clocks, settings, signal, voices } = question;
  const { apiKey = '', baseUrl } = account;
  if (apiKey === '') return [fault('openai-key', 'An assistant asks for openai-live, and OPENAI_API_KEY is not set.')];
  const url = `${baseUrl}/models/${encodeURIComponent(settings.backendModel)}`;
  const listed = await ask(url, { headers: openAiHeaders(account), signal });
  if (isUnreached(listed))
    return [
      fault(
        'openai-unreachable',
        `${shownUrl(baseUrl)} cannot be reached: ${listed.why}. Check OPENAI_BASE_URL and the network.`,
      ),
    ];
  clocks.note('OpenAI', listed.headers.get('date'), clock.epochMs());
  const code = codeText(member(listed.body, 'error', 'code'));
  if (listed.status === 401) return [keyRefused(code ?? 'HTTP 401')];
  if (listed.status === 404 && code === 'model_not_found')
    return [modelRefused(settings.backendModel, 'OPENAI_LIVE_BACKEND_MODEL', code)];
  const startedMs = clock.now();
  for (const voice of voices) {
    const finding = await tryVoice(question, voice);
    if (finding !== undefined) return [finding];
  }
  const seconds = ((clock.now() - startedMs) / 1000 / Math.max(1, voices.length)).toFixed(1);
  const named = `${voices.length === 1 ? 'the voice' : 'the voices'} ${voices.join(', ')}`;
  return [
    fine(
      'openai-live-ready',
      `${settings.model} started a session with ${named} in ${seconds} s (${shownUrl(baseUrl)}). Whether its backend answers shows only in a call.`,
    ),
  ];
}

async function tryVoice(
  { account, settings, signal }: OpenAiLiveQuestion,
  voice: string,
): Promise<Finding | undefined> {
  const url = socketUrl(account.baseUrl, 'live/sessions').href;
  const line = await RealtimeLine.open(url, openAiHeaders(account), signal);
  if (!(line instanceof RealtimeLine)) {
    if (!('status' in line))
      return fault(
        'openai-websocket',
        `HTTP works, but a WebSocket to ${shownUrl(url)} does not: ${line.why}. Let the proxy or firewall pass WebSockets on.`,
      );
    return notOpened(line.status, line.code, url);
  }
  try {
    const { backendModel, model } = settings;
    const instructions = 'This session only tests the connection.';
    const session = liveSettings({ model, backendModel, voice, instructions, tools: [], turns: [] });
    line.send({ type: 'session.start', session: { ...session } });
    const answer = await line.next('session.started', 'error');
    if (answer === undefined)
      return fault(
        'openai-websocket',
        `The WebSocket to ${shownUrl(url)} opened and ended without an answer. Check a proxy in between, and status.openai.com.`,
      );
    if (answer.type === 'error') return refused(errorOf(answer), voice, settings);
    line.send({ type: 'session.close' });
    await line.next('session.closed', 'error');
    return undefined;
  } finally {
    line.close();
  }
}

function notOpened(status: number, code: string | undefined, url: string): Finding {
  const detail = code === undefined ? `HTTP ${status}` : `HTTP ${status}, ${code}`;
  if (status === 401 || status === 403) return keyRefused(detail);
  if (status === 429) return quota(detail);
  return fault(
    'openai-websocket',
    `The WebSocket to ${shownUrl(url)} was answered with ${detail} instead of being opened. Check OPENAI_BASE_URL, and whether the account has GPT-Live.`,
  );
}

function refused(error: { code: string; param: string }, voice: string, settings: Config['openaiLive']): Finding {
  const { code, param } = error;
  const detail = `${code}${param === '' ? '' : `, ${param}`}`;
  if (code === 'insufficient_quota' || code.startsWith('rate_limit')) return quota(detail);
  if (param.startsWith('session.audio.output.voice'))
    return fault(
      'openai-live-voice',
      `GPT-Live does not know the voice ${JSON.stringify(voice)} (${detail}). Check OPENAI_LIVE_VOICE, and the voices in ASSISTANTS_FILE.`,
    );
  if (param.startsWith('session.delegation.responses.model'))
    return modelRefused(settings.backendModel, 'OPENAI_LIVE_BACKEND_MODEL', detail);
  if (code === 'model_not_found' || param === 'session.model')
    return modelRefused(settings.model, 'OPENAI_LIVE_MODEL', detail);
  return fault(
    'openai-live-setting',
    `GPT-Live refuses a setting that every call sends (${detail}). Check OPENAI_LIVE_MODEL; if it is right, report this as a bug.`,
  );
}

function keyRefused(detail: string): Finding {
  return fault(
    'openai-key',
    `OpenAI refuses OPENAI_API_KEY for GPT-Live (${detail}). Check the key's permissions and its project, OPENAI_ORGANIZATION and OPENAI_PROJECT if they are set, and whether OpenAI serves the country of this machine.`,
  );
}

function quota(detail: string): Finding {
  return fault(
    'openai-quota',
    `OpenAI starts no session now (${detail}). Check the credit and the limits of the account, or name another provider in VOICE_FALLBACK.`,
  );
}

function modelRefused(model: string, setting: string, detail: string): Finding {
  return fault(
    'openai-live-model',
    `OpenAI does not offer ${model} to this key (${detail}). Check ${setting}, and the models that the key's project may use.`,
  );
}
