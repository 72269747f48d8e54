import { leaveLastCore } from './cores.js';
import { MeasuredProcess, type Variant } from './measured-process.js';
import { type ModelManner, ModelServer } from './model-server.js';
import { quantile } from './quantile.js';
import { SimulatedCalls } from './simulated-calls.js';
import type { InsideTimes } from './stopwatch.js';

/** Where the model is: over a socket, in one of its manners, or an echo inside the measured process. */
export type ModelKind = ModelManner | 'inside';

export interface Measurement extends InsideTimes {
  variant: Variant;
  calls: number;
  cpuMsPerCallSecond: number;
  /** Growth for each call beyond the first ten; undefined with too few calls to divide by. */
  rssKbPerCall: number | undefined;
  objectKbPerCall: number | undefined;
  /** Share of the messages with audio that arrived at the other end. */
  arrived: number;
  /** How late the load sent its frames: p99. */
  loadLateMs: number;
}

/** These are there before memory is looked at: what a process grows by once is not a call's. */
const FIRST_CALLS = 10;
const WARM_UP_MS = 1500;

/** Holds `calls` simulated calls for `seconds` against a process of its own. */
export async function measure(options: {
  variant: Variant;
  calls: number;
  seconds: number;
  model: ModelKind;
}): Promise<Measurement> {
  const { calls, model: kind, seconds, variant } = options;
  const useAllCores = leaveLastCore();
  const model = kind === 'inside' ? undefined : await ModelServer.start(kind);
  const process = await MeasuredProcess.start(variant, model?.url);
  const load = new SimulatedCalls(process.port, { rings: variant !== 'relay' });
  try {
    const dividesMemory = calls >= 5 * FIRST_CALLS;
    if (dividesMemory) {
      await load.open(FIRST_CALLS);
      await wait(WARM_UP_MS / 2);
    }
    const few = await process.held();
    await load.open(calls);
    await wait(WARM_UP_MS);
    load.reset();
    model?.reset();
    await process.startCounting();
    await wait(seconds * 1000);
    const { cpuMs, handlingMs, onTheWayMs } = await process.counted();
    const { latenessMs } = load;
    const arrived =
      model === undefined ? load.received / load.sent : (load.received + model.heard) / (load.sent + model.spoken);
    const many = await process.held();
    const kbPerCall = (growthBytes: number): number | undefined =>
      dividesMemory ? growthBytes / (calls - FIRST_CALLS) / 1024 : undefined;
    return {
      variant,
      calls,
      handlingMs,
      onTheWayMs,
      cpuMsPerCallSecond: cpuMs / calls / seconds,
      rssKbPerCall: kbPerCall(many.rssBytes - few.rssBytes),
      objectKbPerCall: kbPerCall(many.objectBytes - few.objectBytes),
      arrived,
      loadLateMs: quantile(latenessMs, 0.99),
    };
  } finally {
    load.close();
    await process.stop();
    model?.close();
    useAllCores();
  }
}

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
