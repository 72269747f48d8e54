/** Taps on each side of the low-pass's centre. The stop band is about 60 dB down. */
const HALF_TAPS = 31;

/** Returns a windowed-sinc low-pass with its cut-off at `cutoff` of the sampling rate, scaled to unit gain. */
function lowPass(cutoff: number): Float32Array {
  const taps = new Float32Array(2 * HALF_TAPS + 1);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const x = i - HALF_TAPS;
    const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
    const window =
      0.42 + 0.5 * Math.cos((Math.PI * x) / (HALF_TAPS + 1)) + 0.08 * Math.cos((2 * Math.PI * x) / (HALF_TAPS + 1));
    taps[i] = sinc * window;
    sum += taps[i] as number;
  }
  return taps.map((tap) => tap / sum);
}

/** Cut off just under a quarter of 16 kHz, because 8 kHz audio holds nothing above 4 kHz. */
const HALF_BAND = lowPass(0.245);

/**
 * Converts 8 kHz to a multiple of it, by default 16 kHz, in pieces of any length. It keeps the filter's state, so the size
 * of the pieces does not change the output. The output lags by the filter's delay, about 2 ms.
 */
export class Upsampler {
  private readonly past = new Float32Array(HALF_TAPS + 1);
  private readonly factor: number;
  private readonly taps: Float32Array;

  constructor(factor = 2) {
    this.factor = factor;
    this.taps = factor === 2 ? HALF_BAND : lowPass(0.49 / factor);
  }

  /** Returns `factor` samples for each input sample. */
  push(samples: Float32Array): Float32Array {
    const memory = this.past.length;
    const input = new Float32Array(memory + samples.length);
    input.set(this.past);
    input.set(samples, memory);
    const { factor, taps } = this;
    const output = new Float32Array(samples.length * factor);
    for (let n = 0; n < samples.length; n++) {
      const newest = memory + n;
      for (let phase = 0; phase < factor; phase++) {
        let sum = 0;
        for (let tap = phase, back = 0; tap < taps.length; tap += factor, back++) {
          sum += (taps[tap] as number) * (input[newest - back] as number);
        }
        output[factor * n + phase] = factor * sum;
      }
    }
    this.past.set(input.subarray(input.length - memory));
    return output;
  }
}

/** The reverse of {@link Upsampler}, with one sample for `factor` input samples. Lags as much. */
export class Downsampler {
  private readonly factor: number;
  private readonly taps: Float32Array;
  /** Input that the next output sample still needs. */
  private past = new Int16Array(2 * HALF_TAPS);

  constructor(factor: number) {
    this.factor = factor;
    // The cut-off is below half the new rate, because the filter is not steep. A telephone line ends at 3.4 kHz anyway.
    this.taps = lowPass(0.44 / factor);
  }

  push(pcm: Int16Array): Int16Array {
    const { factor, taps } = this;
    const input = new Int16Array(this.past.length + pcm.length);
    input.set(this.past);
    input.set(pcm, this.past.length);
    const count = Math.max(0, Math.floor((input.length - taps.length + factor) / factor));
    const output = new Int16Array(count);
    for (let n = 0; n < count; n++) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap++) sum += (taps[tap] as number) * (input[n * factor + tap] as number);
      output[n] = Math.max(-32768, Math.min(32767, Math.round(sum)));
    }
    this.past = input.slice(count * factor);
    return output;
  }
}

/** Converts a whole recording from 16 kHz to 8 kHz, without delay. */
export function halve(pcm: Int16Array): Int16Array {
  const output = new Int16Array(pcm.length >> 1);
  for (let n = 0; n < output.length; n++) {
    let sum = 0;
    for (let tap = 0; tap < HALF_BAND.length; tap++) {
      sum += (HALF_BAND[tap] as number) * (pcm[2 * n + tap - HALF_TAPS] ?? 0);
    }
    output[n] = Math.max(-32768, Math.min(32767, Math.round(sum)));
  }
  return output;
}

/** Converts a whole recording from any rate to `toHz`. For files, not for the audio path. */
export function resample(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return pcm;
  const ratio = fromHz / toHz;
  // To a lower rate, the filter is longer by the ratio of the rates.
  const stretch = Math.max(1, ratio);
  const reach = Math.ceil(HALF_TAPS * stretch);
  const cutoff = 0.48 / stretch;
  const output = new Int16Array(Math.floor(pcm.length / ratio));
  for (let n = 0; n < output.length; n++) {
    const centre = n * ratio;
    const nearest = Math.round(centre);
    let sum = 0;
    let weight = 0;
    for (let i = nearest - reach; i <= nearest + reach; i++) {
      const x = i - centre;
      const sinc = x === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * x) / (Math.PI * x);
      const tap = sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (reach + 1)));
      sum += tap * (pcm[i] ?? 0);
      weight += tap;
    }
    output[n] = Math.max(-32768, Math.min(32767, Math.round(sum / weight)));
  }
  return output;
}
