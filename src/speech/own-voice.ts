import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { readBounded } from '../base/bounded-body.js';
import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { pcmToMulaw } from '../audio/g711.js';
import { resample } from '../audio/resample.js';
import { readTelephoneWav } from '../audio/wav.js';
import { checkReadable } from './models.js';
import type { Sherpa } from './recognizer.js';

/** A voice of the operator's own. Resolves with mu-law at 8 kHz; rejects if it cannot speak. */
export type OwnVoice = (text: string, rate: number) => Promise<Uint8Array>;

const TELEPHONE_RATE_HZ = 8000;

/**
 * Loads the model in a folder, as sherpa-onnx publishes them: Piper and other VITS models, Matcha with its vocoder, Kokoro and
 * Kitten. Their folders differ by a few files.
 * @throws TandemError LOCAL_SPEECH_DAMAGED if the folder holds no such model
 */
export async function loadVoiceModel(sherpa: Sherpa, named: string): Promise<OwnVoice> {
  const config = await voiceConfig(resolve(named));
  const voice = await sherpa.OfflineTts.createAsync(config).catch((error: unknown) => {
    throw damaged(`The voice model in ${resolve(named)} cannot be loaded.`, error);
  });
  let last: Promise<unknown> = Promise.resolve();
  return (text, rate) => {
    // One at a time. The work is done in a thread of the runtime, so callers are heard meanwhile.
    const spoken = last.then(async () => {
      const audio = await voice.generateAsync({ text, sid: 0, speed: rate, enableExternalBuffer: false });
      const pcm = Int16Array.from(audio.samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32_767);
      return pcmToMulaw(resample(pcm, audio.sampleRate, TELEPHONE_RATE_HZ));
    });
    last = spoken.catch(() => undefined);
    return spoken;
  };
}

/** Returns sherpa-onnx's configuration for the model in a folder (sherpa-onnx-node: `OfflineTtsConfig`). */
async function voiceConfig(folder: string): Promise<unknown> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw damaged(`The folder ${folder}, which LOCAL_TTS_MODEL names, cannot be read.`, error);
  });
  const path = (name: string): string => join(folder, name);
  const tokens = path('tokens.txt');
  await checkReadable(tokens, 'LOCAL_TTS_MODEL');
  const networks = names.filter((name) => name.endsWith('.onnx')).toSorted();
  const vocoder = networks.find((name) => /^(?:vocos|hifigan)/i.test(name));
  const model = networks.find((name) => name !== vocoder);
  if (model === undefined) throw damaged(`The folder ${folder}, which LOCAL_TTS_MODEL names, has no model (*.onnx).`);
  await checkReadable(path(model), 'LOCAL_TTS_MODEL');
  const lexicons = names.filter((name) => /^lexicon.*\.txt$/.test(name)).toSorted();
  const common = {
    tokens,
    ...(names.includes('espeak-ng-data') ? { dataDir: path('espeak-ng-data') } : {}),
    ...(lexicons.length === 0 ? {} : { lexicon: lexicons.map(path).join(',') }),
  };
  const kind = kindOf(folder, names, vocoder);
  const files = {
    vits: { model: path(model) },
    matcha: { acousticModel: path(model), vocoder: path(vocoder ?? '') },
    kokoro: { model: path(model), voices: path('voices.bin') },
    kitten: { model: path(model), voices: path('voices.bin') },
  }[kind];
  return {
    model: { [kind]: { ...files, ...common }, numThreads: 1, provider: 'cpu', debug: 0 },
    maxNumSentences: 1,
  };
}

function kindOf(folder: string, names: readonly string[], vocoder: string | undefined) {
  if (vocoder !== undefined) return 'matcha';
  if (!names.includes('voices.bin')) return 'vits';
  return /kitten/i.test(basename(folder)) ? 'kitten' : 'kokoro';
}

function damaged(what: string, cause?: unknown): TandemError {
  return new TandemError('LOCAL_SPEECH_DAMAGED', what, { cause });
}

/** Maximum size of a spoken sentence: two minutes of 48 kHz audio. */
const MAX_AUDIO_BYTES = 12_000_000;
/** OpenAI's own names. Servers with other voices use their default for these (OpenAI API: Create speech). */
const SERVER_MODEL = 'tts-1';
const SERVER_VOICE = 'alloy';

/** Returns the voice of a server with OpenAI's `POST /audio/speech`. */
export function serverVoice(baseUrl: string, clock: Clock): OwnVoice {
  return async (text, rate) => {
    const deadline = new AbortController();
    const timer = clock.setTimer(SILENCE_BUDGET.ownVoiceMs, () => deadline.abort());
    try {
      const response = await fetch(`${baseUrl}/audio/speech`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: SERVER_MODEL,
          voice: SERVER_VOICE,
          input: text,
          response_format: 'wav',
          speed: rate,
        }),
        redirect: 'manual',
        signal: deadline.signal,
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new TandemError('LOCAL_SPEECH_FAILED', `The voice server answered with HTTP status ${response.status}.`);
      }
      const file = await readBounded(response, MAX_AUDIO_BYTES);
      if (file === undefined) throw new TandemError('LOCAL_SPEECH_FAILED', 'The voice server sent too much audio.');
      return pcmToMulaw(readTelephoneWav(file));
    } finally {
      timer.cancel();
    }
  };
}
