import type { Page } from './browser.js';

/** Loudness of a tone, in decibels, above which it is heard. Beside it in the spectrum stands noise at some -100. */
const HEARD_DB = -55;
const LIMIT_MS = 30_000;

declare global {
  interface Window {
    loudspeaker?: AnalyserNode;
  }
}

/** Runs in the page, before its own script: listens to what reaches the loudspeaker. */
export function tapLoudspeaker(): void {
  const taps = new WeakMap<BaseAudioContext, AnalyserNode>();
  // The prototype's own method is called on the node that is connected.
  // oxlint-disable-next-line typescript/unbound-method
  const connect = AudioNode.prototype.connect as (this: AudioNode, to: AudioNode) => AudioNode;
  AudioNode.prototype.connect = function (this: AudioNode, to: AudioNode): AudioNode {
    if (to instanceof AudioDestinationNode) {
      const tap = taps.get(this.context) ?? new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
      taps.set(this.context, tap);
      window.loudspeaker = tap;
      connect.call(this, tap);
    }
    return connect.call(this, to);
  } as AudioNode['connect'];
}

/** Waits until the page plays a tone of this frequency. */
export async function heardTone(page: Page, hz: number): Promise<void> {
  await page.waitForFunction(
    ({ heardDb, hz }) => {
      const tap = window.loudspeaker;
      if (tap === undefined) return false;
      const bins = new Float32Array(tap.frequencyBinCount);
      tap.getFloatFrequencyData(bins);
      const at = Math.round((hz / (tap.context.sampleRate / 2)) * bins.length);
      const loudest = bins.reduce((best, level, bin) => (level > (bins[best] ?? 0) ? bin : best), 0);
      return Math.abs(loudest - at) <= 2 && (bins[loudest] ?? heardDb) > heardDb;
    },
    { hz, heardDb: HEARD_DB },
    { timeout: LIMIT_MS, polling: 50 },
  );
}
