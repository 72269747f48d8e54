import { createRequire } from 'node:module';
import { mulawToFloat } from '../audio/g711.js';
import { Upsampler } from '../audio/resample.js';
import type { ModelFiles } from './models.js';

/** The part of sherpa-onnx-node that is used here. The package has no types for it. */
export interface Sherpa {
  OfflineRecognizer: new (config: unknown) => {
    createStream(): { acceptWaveform(audio: { sampleRate: number; samples: Float32Array }): void };
    decode(stream: unknown): void;
    getResult(stream: unknown): { text: string };
  };
  OfflineTts: {
    createAsync(config: unknown): Promise<{
      generateAsync(request: {
        text: string;
        sid: number;
        speed: number;
        enableExternalBuffer: boolean;
      }): Promise<{ samples: Float32Array; sampleRate: number }>;
    }>;
  };
  Vad: new (config: unknown, bufferSeconds: number) => SherpaVad;
}

export interface SherpaVad {
  acceptWaveform(samples: Float32Array): void;
  isDetected(): boolean;
  clear(): void;
  reset(): void;
}

/** @throws Error if the optional package is not installed */
export function loadSherpa(): Sherpa {
  return createRequire(import.meta.url)('sherpa-onnx-node') as Sherpa;
}

const RATE_HZ = 16_000;
/** The loudness that Moonshine recognises best, as the peak of samples from -1 to 1. */
const TARGET_PEAK = 0.7;
/** Silence on each side. More makes Moonshine miss one-word utterances. */
const PAD_SAMPLES = 0.05 * RATE_HZ;

/** Recognises utterances of telephone audio with Moonshine, by greedy decoding. Blocks while it decodes. */
export class Recognizer {
  private readonly model: InstanceType<Sherpa['OfflineRecognizer']>;

  constructor(sherpa: Sherpa, files: ModelFiles) {
    this.model = new sherpa.OfflineRecognizer({
      featConfig: { sampleRate: RATE_HZ, featureDim: 80 },
      modelConfig: {
        moonshine: { encoder: files.encoder, mergedDecoder: files.decoder },
        tokens: files.tokens,
        numThreads: 1,
        provider: 'cpu',
        debug: 0,
      },
    });
  }

  /** Returns the text of an utterance, or `''` if nothing was understood. `mulaw` must be cut closely around the speech. */
  transcribe(mulaw: Uint8Array): string {
    const samples = mulawToFloat(mulaw);
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    if (peak === 0) return '';
    const scaled = samples.map((sample) => (sample * TARGET_PEAK) / peak);
    const wide = new Upsampler().push(scaled);
    const padded = new Float32Array(wide.length + 2 * PAD_SAMPLES);
    padded.set(wide, PAD_SAMPLES);
    const stream = this.model.createStream();
    stream.acceptWaveform({ sampleRate: RATE_HZ, samples: padded });
    this.model.decode(stream);
    return this.model.getResult(stream).text.trim();
  }
}
