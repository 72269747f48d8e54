import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { pcmToMulaw } from '../audio/g711.js';
import { halve } from '../audio/resample.js';
import { TandemError } from '../base/errors.js';
import { loadFlite, speak } from './flite.js';
import { findModels } from './models.js';
import type { WorkerOptions, WorkerReply, WorkerRequest } from './protocol.js';
import { piecesOf } from './sentences.js';
import { Recognizer, type Sherpa, loadSherpa } from './recognizer.js';
import { VadPool } from './segmenter.js';
import { type Hearing, SpeechService, type SynthesisRequest } from './service.js';

/**
 * The thread that recognises and synthesises speech for all calls. It loads the models once, and keeps their work off the
 * thread with the audio path.
 */
const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');
const reply = (message: WorkerReply): void => port.postMessage(message);

try {
  await loadFlite();
  const { sttModel } = workerData as WorkerOptions;
  const hearing = sttModel === undefined ? undefined : await loadHearing(sttModel);
  const service = new SpeechService({ hearing, synthesize, reply });
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

/** Returns mu-law at 8 kHz. Callers are heard between two pieces of a long text. */
async function synthesize({ rate, text, voice }: SynthesisRequest): Promise<Uint8Array> {
  const spoken: Uint8Array[] = [];
  for (const piece of piecesOf(text)) {
    if (spoken.length > 0) await nextTurn();
    spoken.push(pcmToMulaw(halve(await speak(piece, voice, rate))));
  }
  return spoken.length === 1 ? (spoken[0] as Uint8Array) : new Uint8Array(Buffer.concat(spoken));
}
