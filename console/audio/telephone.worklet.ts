import { mulawToFloat, pcmToMulaw } from '../../src/audio/g711.js';
import { JitterBuffer } from './jitter-buffer.js';
import { meterLevel } from './level.js';
import { Resampler } from './resampler.js';

// Runs in the browser's audio thread. A context keeps its own rate, because some browsers take no microphone at another one.

const LINE_HZ = 8000;
const FRAME_SAMPLES = 160;

/** Sends what its input hears to the page: every 20 ms a frame of 160 bytes of mu-law. Without an input it is silence. */
class Capture extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(sampleRate, LINE_HZ);
  private readonly frame = new Float32Array(FRAME_SAMPLES);
  private filled = 0;

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const block = inputs[0]?.[0] ?? new Float32Array(outputs[0]?.[0]?.length ?? 128);
    for (const sample of this.resampler.push(block)) {
      this.frame[this.filled++] = sample;
      if (this.filled === FRAME_SAMPLES) this.send();
    }
    return true;
  }

  private send(): void {
    this.filled = 0;
    const pcm = Int16Array.from(this.frame, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767));
    const mulaw = new Uint8Array(pcmToMulaw(pcm));
    this.port.postMessage({ mulaw: mulaw.buffer, level: meterLevel(this.frame) }, [mulaw.buffer]);
  }
}

/** Plays the frames that the page sends, and tells it how loud they are. */
class Playback extends AudioWorkletProcessor {
  private readonly resampler = new Resampler(LINE_HZ, sampleRate);
  private readonly frames = new JitterBuffer<Float32Array>();
  private readonly silence = new Float32Array(FRAME_SAMPLES);
  private ready = new Float32Array(0);

  constructor() {
    super();
    this.port.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) =>
      this.frames.put(mulawToFloat(new Uint8Array(data)), currentTime * 1000),
    );
    this.port.start();
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]?.[0];
    if (output === undefined) return true;
    while (this.ready.length < output.length) {
      const frame = this.frames.take(currentTime * 1000);
      this.port.postMessage(frame === undefined ? 0 : meterLevel(frame));
      this.append(this.resampler.push(frame ?? this.silence));
    }
    output.set(this.ready.subarray(0, output.length));
    this.ready = this.ready.slice(output.length);
    return true;
  }

  private append(samples: Float32Array): void {
    const all = new Float32Array(this.ready.length + samples.length);
    all.set(this.ready);
    all.set(samples, this.ready.length);
    this.ready = all;
  }
}

registerProcessor('telephone-capture', Capture);
registerProcessor('telephone-playback', Playback);
