/** Zero crossings of the filter on each side. */
const REACH = 10;
/** Steps of the table between two zero crossings. */
const STEPS = 512;

/** Half of a sinc under a Hann window, from its middle to its end. */
const KERNEL = Float32Array.from({ length: REACH * STEPS + 2 }, (_, index) => {
  const x = index / STEPS;
  if (x >= REACH) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / REACH));
});

/** Changes the sample rate of a stream, between any two rates, without a step from block to block. */
export class Resampler {
  private readonly step: number;
  /** Samples of the input between two zero crossings of the filter: its band is that of the lower rate. */
  private readonly width: number;
  private readonly reach: number;
  private held: Float32Array;
  /** Where the next sample of the output is, in samples of `held`. */
  private at: number;

  constructor(fromHz: number, toHz: number) {
    this.step = fromHz / toHz;
    this.width = Math.max(1, this.step);
    this.reach = Math.ceil(REACH * this.width);
    this.held = new Float32Array(this.reach);
    this.at = this.reach;
  }

  /** Returns the samples of the output that are complete now. */
  push(samples: Float32Array): Float32Array {
    const all = new Float32Array(this.held.length + samples.length);
    all.set(this.held);
    all.set(samples, this.held.length);
    const count = Math.max(0, Math.ceil((all.length - this.reach - this.at) / this.step));
    const output = new Float32Array(count);
    for (let index = 0; index < count; index++) output[index] = this.sampleAt(all, this.at + index * this.step);
    this.at += count * this.step;
    const dropped = Math.max(0, Math.floor(this.at) - this.reach);
    this.held = all.slice(dropped);
    this.at -= dropped;
    return output;
  }

  private sampleAt(samples: Float32Array, at: number): number {
    let sum = 0;
    const last = Math.min(samples.length - 1, Math.floor(at + this.reach));
    for (let index = Math.max(0, Math.ceil(at - this.reach)); index <= last; index++) {
      const step = Math.round((Math.abs(index - at) / this.width) * STEPS);
      sum += (samples[index] ?? 0) * (KERNEL[step] ?? 0);
    }
    return sum / this.width;
  }
}
