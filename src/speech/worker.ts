import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { pcmToMulaw } from '../audio/g711.js';
import { halve } from '../audio/resample.js';
import { TandemError } from '../base/errors.js';
import { loadFlite, speak } from './flite.js';
import { findModels } from './models.js';
import type { WorkerOptions, WorkerReply, WorkerRequest } from './protocol.js';
import { piecesOf } from './sentences.js';
import { Recognizer, type Sherpa, type SherpaVad, loadSherpa } from './recognizer.js';
import { Segmenter, VadPool } from './segmenter.js';

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
  serve(sttModel === undefined ? undefined : await loadHearing(sttModel));
  reply({ type: 'ready' });
} catch (error) {
  const damaged = error instanceof TandemError;
  reply({
    type: 'failed-to-load',
    code: damaged ? 'LOCAL_SPEECH_DAMAGED' : 'LOCAL_SPEECH_MISSING',
    what: damaged ? error.message : 'The embedded speech engine cannot be loaded.',
  });
}

interface Hearing {
  recognizer: Recognizer;
  vads: VadPool;
}

async function loadHearing(sttModel: string): Promise<Hearing> {
  const sherpa: Sherpa = loadSherpa();
  const files = await findModels(sttModel);
  return { recognizer: new Recognizer(sherpa, files), vads: new VadPool(sherpa, files.voiceActivity) };
}

interface Stream {
  vad: SherpaVad;
  segmenter: Segmenter;
}

/** Answers the engine's requests. Without `hearing`, audio is ignored, because the engine sends none to such a thread. */
function serve(hearing: Hearing | undefined): void {
  const streams = new Map<number, Stream>();
  /** Work that waits for its turn, because detecting speech comes before transcribing it. */
  const waiting: (() => void)[] = [];
  let scheduled = false;
  const later = (work: () => void): void => {
    waiting.push(work);
    if (scheduled) return;
    scheduled = true;
    setImmediate(function next() {
      waiting.shift()?.();
      scheduled = waiting.length > 0;
      if (scheduled) setImmediate(next);
    });
  };

  const openStream = (stream: number): void => {
    if (hearing === undefined) return;
    const { recognizer, vads } = hearing;
    const vad = vads.take();
    const segmenter = new Segmenter(vad, {
      onSpeechStarted: () => reply({ type: 'speech-started', stream }),
      onUtterance: (mulaw) => {
        reply({ type: 'speech-stopped', stream });
        later(() => {
          if (streams.has(stream)) reply({ type: 'stream-text', stream, text: recognizer.transcribe(mulaw) });
        });
      },
    });
    streams.set(stream, { vad, segmenter });
  };

  port?.on('message', (request: WorkerRequest) => {
    switch (request.type) {
      case 'open-stream':
        openStream(request.stream);
        return;
      case 'stream-audio':
        streams.get(request.stream)?.segmenter.push(request.mulaw);
        return;
      case 'close-stream': {
        const stream = streams.get(request.stream);
        streams.delete(request.stream);
        if (stream !== undefined) hearing?.vads.giveBack(stream.vad);
        return;
      }
      case 'close':
        process.exit();
        break;
      case 'transcribe':
        later(() =>
          answer(request.id, () => {
            reply({ type: 'text', id: request.id, text: hearing?.recognizer.transcribe(request.mulaw) ?? '' });
          }),
        );
        return;
      case 'synthesize':
        synthesize(request).then(
          (mulaw) => reply({ type: 'audio', id: request.id, mulaw }),
          () => reply({ type: 'failed', id: request.id, what: 'The synthesiser failed.' }),
        );
        return;
    }
  });
}

/** Returns mu-law at 8 kHz. Callers are heard between two pieces of a long text. */
async function synthesize({ rate, text, voice }: WorkerRequest & { type: 'synthesize' }): Promise<Uint8Array> {
  const spoken: Uint8Array[] = [];
  for (const piece of piecesOf(text)) {
    if (spoken.length > 0) await nextTurn();
    spoken.push(pcmToMulaw(halve(await speak(piece, voice, rate))));
  }
  return spoken.length === 1 ? (spoken[0] as Uint8Array) : new Uint8Array(Buffer.concat(spoken));
}

function answer(id: number, work: () => void): void {
  try {
    work();
  } catch {
    reply({ type: 'failed', id, what: 'The recogniser failed.' });
  }
}
