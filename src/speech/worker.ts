import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { pcmToMulaw } from '../audio/g711.js';
import { halve } from '../audio/resample.js';
import { systemClock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import { loadFlite, speak } from './flite.js';
import { findModels } from './models.js';
import { loadVoiceModel, type OwnVoice, serverVoice } from './own-voice.js';
import type { WorkerOptions, WorkerReply, WorkerRequest } from './protocol.js';
import { piecesOf } from './sentences.js';
import { Recognizer, type Sherpa, loadSherpa } from './recognizer.js';
import { VadPool } from './segmenter.js';
import { type Hearing, SpeechService, type SynthesisRequest } from './service.js';
import { type Spoken, VoiceChoice } from './voice-choice.js';

/**
 * The thread that recognises and synthesises speech for all calls. It loads the models once, and keeps their work off the
 * thread with the audio path.
 */
const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
const reply = (message: WorkerReply): void => port.postMessage(message);

try {
  await loadFlite();
  const options = workerData as WorkerOptions;
  const hearing = options.sttModel === undefined ? undefined : await loadHearing(options.sttModel);
  const choice = new VoiceChoice({
    own: await loadVoice(options),
    embedded: async (text, { rate, voice }) => pcmToMulaw(halve(await speak(text, voice, rate))),
    clock: systemClock,
  });
  const service = new SpeechService({ hearing, synthesize: (request) => synthesize(choice, request), reply });
  port.on('message', (request: WorkerRequest) => {
    if (request.type === 'close') process.exit();
    service.handle(request);
  });
  reply({ type: 'ready' });
} catch (error) {
  const damaged = error instanceof TandemError;
  reply({
    type: 'failed-to-load',
    code: damaged ? 'LOCAL_SPEECH_DAMAGED' : 'LOCAL_SPEECH_MISSING',
    what: damaged ? error.what : 'The embedded speech engine cannot be loaded.',
  });
}

async function loadHearing(sttModel: string): Promise<Hearing> {
  const sherpa: Sherpa = loadSherpa();
  const files = await findModels(sttModel);
  return { recognizer: new Recognizer(sherpa, files), vads: new VadPool(sherpa, files.voiceActivity) };
}

async function loadVoice({ ttsModel, ttsBaseUrl }: WorkerOptions): Promise<OwnVoice | undefined> {
  if (ttsModel !== undefined) return loadVoiceModel(loadSherpa(), ttsModel);
  return ttsBaseUrl === undefined ? undefined : serverVoice(ttsBaseUrl, systemClock);
}

/** Callers are heard between two pieces of a long text. */
async function synthesize(choice: VoiceChoice, request: SynthesisRequest): Promise<Spoken> {
  const spoken: Spoken[] = [];
  for (const piece of piecesOf(request.text)) {
    if (spoken.length > 0) await nextTurn();
    spoken.push(await choice.speak(piece, request));
  }
  return {
    mulaw: new Uint8Array(Buffer.concat(spoken.map(({ mulaw }) => mulaw))),
    isFallback: spoken.some(({ isFallback }) => isFallback),
  };
}
