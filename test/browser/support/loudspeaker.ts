import type { Page } from './browser.js';

const RATE_HZ = 8000;
/** Loudness of the loudest frequency, in decibels, below which a loudspeaker is silent. */
const SILENT_DB = -75;
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

/** Returns what the page's loudspeaker plays in the next `ms`, as 16-bit samples at 8 kHz. */
export async function recordLoudspeaker(page: Page, ms: number): Promise<Int16Array> {
  const samples = await page.evaluate(
    async ({ ms, rateHz }) => {
      const tap = window.loudspeaker;
      if (tap === undefined) throw new Error('The page has not opened its sound.');
      const to = new MediaStreamAudioDestinationNode(tap.context as AudioContext);
      tap.connect(to);
      const recorder = new MediaRecorder(to.stream);
      const parts: Blob[] = [];
      recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
      const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
      recorder.start();
      await new Promise((resolve) => setTimeout(resolve, ms));
      recorder.stop();
      await stopped;
      tap.disconnect(to);
      // What a context decodes gets its rate.
      const reader = new OfflineAudioContext(1, 1, rateHz);
      const recorded = await reader.decodeAudioData(await new Blob(parts).arrayBuffer());
      return Array.from(recorded.getChannelData(0), (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32_767));
    },
    { ms, rateHz: RATE_HZ },
  );
  return Int16Array.from(samples);
}

/** Waits until the page's loudspeaker has played nothing for a second. */
export async function fallsSilent(page: Page): Promise<void> {
  await page.waitForFunction(
    (silentDb) => {
      const tap = window.loudspeaker;
      if (tap === undefined) return false;
      const bins = new Float32Array(tap.frequencyBinCount);
      tap.getFloatFrequencyData(bins);
      const quiet = tap as AnalyserNode & { quietSinceMs?: number };
      if (bins.some((level) => level > silentDb)) delete quiet.quietSinceMs;
      else quiet.quietSinceMs ??= performance.now();
      return quiet.quietSinceMs !== undefined && performance.now() - quiet.quietSinceMs > 1000;
    },
    SILENT_DB,
    { timeout: LIMIT_MS, polling: 30 },
  );
}
