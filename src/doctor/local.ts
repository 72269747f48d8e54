import type { Clock } from '../base/clock.js';
import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { isTandemError } from '../base/errors.js';
import type { Config } from '../config/config.js';
import { openLineSpeaker, openSpeechEngine } from '../speech/engine.js';
import { ask, codeText, isUnreached, member, shownUrl } from './ask.js';
import { type Finding, advice, fault, fine } from './finding.js';

export interface LocalQuestion {
  settings: Config['local'];
  /** Whether calls are answered on this machine. Otherwise only the gateway's own lines are spoken here. */
  isProvider: boolean;
  clock: Clock;
  signal: AbortSignal;
}

const WORD = 'Hello.';

/** Loads the embedded recogniser and synthesiser and has them speak one word. */
export async function askSpeech({ isProvider, settings }: LocalQuestion): Promise<Finding[]> {
  const { sttModel, ttsBaseUrl, ttsModel } = settings;
  let isOwnVoice = true;
  const voice = { ttsModel, ttsBaseUrl, onOwnVoice: (isUp: boolean) => (isOwnVoice = isUp) };
  try {
    await (isProvider
      ? speakWith(await openSpeechEngine({ sttModel, ...voice }), (engine) => engine.synthesize(WORD))
      : speakWith(await openLineSpeaker(voice), (speaker) => speaker.speak(WORD)));
  } catch (error) {
    if (!isTandemError(error)) throw error;
    // With damaged files the gateway does not start, also if a hosted model answers.
    return isProvider || error.code === 'LOCAL_SPEECH_DAMAGED'
      ? [fault('speech', error.message)]
      : [advice('speech', `The gateway has no voice of its own for lines that a model cannot say. ${error.message}`)];
  }
  if (!isOwnVoice)
    return [
      advice(
        'speech-own-voice',
        `${ttsBaseUrl === undefined ? 'LOCAL_TTS_MODEL' : `LOCAL_TTS_BASE_URL ${shownUrl(ttsBaseUrl)}`} does not speak, so callers hear the embedded English voice. Check that it answers POST /audio/speech, or the folder of the model.`,
      ),
    ];
  const own = ttsBaseUrl === undefined ? ttsModel : shownUrl(ttsBaseUrl);
  const speaks = isProvider
    ? `The recogniser (${sttModel}) hears and the synthesiser speaks`
    : 'The synthesiser speaks';
  return [fine('speech', `${speaks}${own === undefined ? '' : ` with ${own}`}.`)];
}

async function speakWith<T extends { close(): Promise<void> }>(voice: T, speak: (voice: T) => Promise<Uint8Array>) {
  try {
    await speak(voice);
  } finally {
    await voice.close();
  }
}

/** Asks the chat endpoint for one word, as a call would. */
export async function askChat({ clock, settings, signal }: LocalQuestion): Promise<Finding[]> {
  const { llmBaseUrl = '', llmModel = '' } = settings;
  const startedMs = clock.now();
  const json = {
    model: llmModel,
    messages: [{ role: 'user', content: 'Reply with the word OK.' }],
    max_tokens: 8,
    stream: false,
  };
  const answer = await ask(`${llmBaseUrl}/chat/completions`, { json, signal });
  if (isUnreached(answer))
    return [
      fault(
        'chat-endpoint',
        `${shownUrl(llmBaseUrl)} cannot be reached: ${answer.why}. Check LOCAL_LLM_BASE_URL, and that the server runs.`,
      ),
    ];
  const { body, status } = answer;
  if (status !== 200 || !Array.isArray(member(body, 'choices'))) {
    const code = codeText(member(body, 'error', 'code'));
    const detail = code === undefined ? `HTTP ${status}` : `HTTP ${status}, ${code}`;
    return status === 404
      ? [
          fault(
            'chat-model',
            `${shownUrl(llmBaseUrl)} does not have ${llmModel}, or no /chat/completions (${detail}). Check LOCAL_LLM_MODEL; with Ollama run "ollama pull ${llmModel}".`,
          ),
        ]
      : [
          fault(
            'chat-endpoint',
            `${shownUrl(llmBaseUrl)}/chat/completions gave no answer that can be used (${detail}). Check LOCAL_LLM_BASE_URL; it ends in /v1 for most servers.`,
          ),
        ];
  }
  const tookMs = clock.now() - startedMs;
  const text = `${llmModel} answered in ${(tookMs / 1000).toFixed(1)} s.`;
  return tookMs > SILENCE_BUDGET.chatFirstWordMs
    ? [
        advice(
          'chat-slow',
          `${text} A caller waits for the first word, and after ${SILENCE_BUDGET.chatFirstWordMs / 1000} s the call goes on without it. Load the model before calls come, or use a smaller one.`,
        ),
      ]
    : [fine('chat-endpoint', text)];
}
