import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { realtimeUrl } from '../voice/openai/account.js';
import { sessionSettings } from '../voice/openai/session-settings.js';
import { type Answer, type Unreached, ask, codeText, isUnreached, member, shownUrl } from './ask.js';
import type { ClockWatch } from './clock-watch.js';
import { type Finding, advice, fault, fine } from './finding.js';
import { type LineRefused, RealtimeLine, errorOf } from './realtime-line.js';

export interface OpenAiQuestion {
  settings: Config['openai'];
  /** Every voice that a call may ask for. */
  voices: readonly string[];
  /** The languages in which calls begin. */
  languages: readonly string[];
  clock: Clock;
  clocks: ClockWatch;
  signal: AbortSignal;
}

/** The headers that say who asks. */
export function openAiHeaders({ apiKey = '', organization, project }: Config['openai']): Record<string, string> {
  return {
    authorization: `Bearer ${apiKey}`,
    ...(organization === undefined ? {} : { 'OpenAI-Organization': organization }),
    ...(project === undefined ? {} : { 'OpenAI-Project': project }),
  };
}

/** The settings that the gateway sends at the start of a session, without an assistant. */
export function openAiSession(settings: Config['openai'], voice: string, language: string): Record<string, unknown> {
  return sessionSettings({
    model: settings.model,
    voice,
    transcriptionModel: settings.transcriptionModel,
    instructions: 'This session only tests the connection.',
    language,
    tools: [],
    turnDetection: settings.turnDetection,
    format: { type: 'audio/pcmu' },
  });
}

/**
 * Asks for the models, then opens a session as the gateway does and sends its settings. Both are free, because nothing is
 * said in the session.
 */
export async function askOpenAi(question: OpenAiQuestion): Promise<Finding[]> {
  const { clock, clocks, settings, signal } = question;
  const { apiKey = '', baseUrl, model, transcriptionModel } = settings;
  if (apiKey === '') return [fault('openai-key', 'An assistant asks for openai, and OPENAI_API_KEY is not set.')];
  const about = (name: string): Promise<Answer | Unreached> =>
    ask(`${baseUrl}/models/${encodeURIComponent(name)}`, { headers: openAiHeaders(settings), signal });
  const listed = await about(model);
  if (isUnreached(listed))
    return [
      fault(
        'openai-unreachable',
        `${shownUrl(baseUrl)} cannot be reached: ${listed.why}. Check OPENAI_BASE_URL and the network.`,
      ),
    ];
  clocks.note('OpenAI', listed.headers.get('date'), clock.epochMs());
  if (listed.status === 401) return [keyRefused(codeText(member(listed.body, 'error', 'code')))];
  const session = await trySession(question, isMissing(listed));
  const transcription = await about(transcriptionModel);
  // A compatible service without a list of models answers 404, too, but not with this code.
  return !isUnreached(transcription) && isMissing(transcription)
    ? [...session, transcriptionRefused(transcriptionModel)]
    : session;
}

/** `isMissing`: the service said that it does not have the model. */
async function trySession(question: OpenAiQuestion, isModelMissing: boolean): Promise<Finding[]> {
  const { clock, languages, settings, signal, voices } = question;
  const startedMs = clock.now();
  const opened = await RealtimeLine.open(
    realtimeUrl(settings.baseUrl, settings.model),
    openAiHeaders(settings),
    signal,
  );
  if (!(opened instanceof RealtimeLine)) return [notOpened(opened, settings, isModelMissing)];
  try {
    const first = await opened.next('session.created', 'error');
    if (first?.type !== 'session.created')
      return [first === undefined ? dropped(settings) : turnedAway(errorOf(first).code, settings)];
    const findings: Finding[] = [];
    const [language = 'en', ...others] = languages;
    const tries = voices.map((voice) => ({ voice, language }));
    for (const other of others) tries.push({ voice: voices[0] ?? settings.voice, language: other });
    for (const one of tries) {
      const finding = await trySettings(opened, settings, one);
      if (finding !== undefined && !findings.some(({ text }) => text === finding.text)) findings.push(finding);
    }
    if (findings.some(({ result }) => result === 'fault')) return findings;
    const seconds = ((clock.now() - startedMs) / 1000).toFixed(1);
    const text = `${settings.model} took a session with ${voices.length === 1 ? 'the voice' : 'the voices'} ${voices.join(', ')} in ${seconds} s (${shownUrl(settings.baseUrl)}). Whether the account has credit shows only when it speaks.`;
    return [...findings, fine('openai-ready', text)];
  } finally {
    opened.close();
  }
}

async function trySettings(
  line: RealtimeLine,
  settings: Config['openai'],
  { language, voice }: { language: string; voice: string },
): Promise<Finding | undefined> {
  line.send({ type: 'session.update', session: openAiSession(settings, voice, language) });
  const answer = await line.next('session.updated', 'error');
  if (answer === undefined) return dropped(settings);
  if (answer.type === 'error') {
    const { code, param } = errorOf(answer);
    return settingRefused(code, param, voice, settings);
  }
  const audio = member(answer, 'session', 'audio');
  const formats = [member(audio, 'input', 'format', 'type'), member(audio, 'output', 'format', 'type')];
  if (formats.every((format) => format === 'audio/pcmu')) return undefined;
  return mulawRefused();
}

function notOpened(refused: LineRefused | Unreached, settings: Config['openai'], isModelMissing: boolean): Finding {
  const url = shownUrl(realtimeUrl(settings.baseUrl, settings.model));
  if (isUnreached(refused as Unreached))
    return fault(
      'openai-websocket',
      `HTTP works, but a WebSocket to ${url} does not: ${(refused as Unreached).why}. Let the proxy or firewall pass WebSockets on.`,
    );
  const { code, status } = refused as LineRefused;
  if (isModelMissing || code === 'model_not_found') return turnedAway('model_not_found', settings);
  const detail = code === undefined ? `HTTP ${status}` : `HTTP ${status}, ${code}`;
  if (status === 401) return keyRefused(code);
  if (status === 403)
    return fault(
      'openai-key',
      `OpenAI knows OPENAI_API_KEY and refuses it a session (${detail}). Check the key's permissions, its project, and whether OpenAI serves the country of this machine.`,
    );
  if (status === 429)
    return fault(
      'openai-quota',
      `OpenAI accepts no session now (${detail}). Check the credit and the limits of the account, or name another provider in VOICE_FALLBACK.`,
    );
  return fault(
    'openai-websocket',
    `The WebSocket to ${url} was answered with ${detail} instead of being opened. Check OPENAI_BASE_URL, a proxy in between, and status.openai.com.`,
  );
}

/** The service opened the connection, said why it does not want it, and closed it. */
function turnedAway(code: string, { model }: Config['openai']): Finding {
  if (code === 'model_not_found')
    return fault(
      'openai-model',
      `OpenAI does not offer ${model} to this key (${code}). Check OPENAI_REALTIME_MODEL, and the models that the key's project may use.`,
    );
  if (code === 'insufficient_quota')
    return fault('openai-quota', `OpenAI accepts no session now (${code}). Check the credit of the account.`);
  return fault(
    'openai-setting',
    `OpenAI ended the session at once (${code}). Check OPENAI_REALTIME_MODEL; if it is right, report this as a bug.`,
  );
}

function settingRefused(code: string, param: string, voice: string, settings: Config['openai']): Finding {
  const detail = `${code}${param === '' ? '' : `, ${param}`}`;
  if (param.startsWith('session.audio.output.voice'))
    return fault(
      'openai-voice',
      `OpenAI does not know the voice ${JSON.stringify(voice)} (${detail}). Check OPENAI_VOICE, and the voices in ASSISTANTS_FILE.`,
    );
  if (param.startsWith('session.audio.input.transcription'))
    return transcriptionRefused(settings.transcriptionModel, detail);
  if (/^session\.audio\.(input|output)\.format/.test(param)) return mulawRefused();
  if (param.startsWith('session.audio.input.turn_detection'))
    return fault(
      'openai-setting',
      `OpenAI refuses the turn detection (${detail}). Check OPENAI_TURN_DETECTION and OPENAI_VAD_*.`,
    );
  return fault(
    'openai-setting',
    `OpenAI refuses a setting that every call sends (${detail}). Check OPENAI_REALTIME_MODEL; if it is right, report this as a bug.`,
  );
}

function keyRefused(code: string | undefined): Finding {
  return fault(
    'openai-key',
    `OpenAI refuses OPENAI_API_KEY (${code ?? 'HTTP 401'}). Create a key at platform.openai.com/api-keys, and check OPENAI_ORGANIZATION and OPENAI_PROJECT if they are set.`,
  );
}

function transcriptionRefused(model: string, detail = 'model_not_found'): Finding {
  return fault(
    'openai-transcription',
    `OpenAI does not transcribe with ${model} (${detail}), so what callers say is not known, nor when they ask for a human. Check OPENAI_TRANSCRIPTION_MODEL.`,
  );
}

function mulawRefused(): Finding {
  return advice(
    'openai-format',
    'OpenAI does not take mu-law in both directions. The gateway converts the audio of every call, which costs CPU; the first call opens its session twice.',
  );
}

function dropped({ baseUrl }: Config['openai']): Finding {
  return fault(
    'openai-websocket',
    `The WebSocket to ${shownUrl(baseUrl)} opened and ended without an answer. Check a proxy in between, and status.openai.com.`,
  );
}

function isMissing(answer: Answer): boolean {
  return answer.status === 404 && member(answer.body, 'error', 'code') === 'model_not_found';
}
