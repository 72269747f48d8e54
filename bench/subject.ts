import { MeasuredProcess, type Variant } from './measured-process.js';
import { type ModelManner, ModelServer } from './model-server.js';
import { quantile } from './support/quantile.js';
import { SimulatedCalls } from './simulated-calls.js';
import type { InsideTimes } from './stopwatch.js';

// A measured process with its model and its load.

/** A model over a socket, in one of its manners, or an echo inside the measured process. */
export type ModelKind = ModelManner | 'inside';

export interface Measurement extends InsideTimes {
  variant: Variant;
  calls: number;
  cpuMsPerCallSecond: number;
  /** Share of the messages with audio that arrived at the other end. */
  arrived: number;
  /** How late the load sent its frames, p99. */
  loadLateMs: number;
}

export interface MemoryPerCall {
  /** Resident memory, including memory that the process has reserved and does not use now. */
  residentKb: number;
  /** Objects and buffers alive after a collection. */
  aliveKb: number;
}

/** Time for new calls to fill their queues and settle. */
const SETTLE_MS = 800;
/** Time for the JIT compiler and the heap to settle. After 4 s they have not. */
const WARM_UP_MS = 15_000;
/** The same for several processes that share one core. */
const WARM_UP_TOGETHER_MS = 60_000;

/** A relay or a gateway with its model, measured repeatedly. The first measurement is colder than the next ones. */
export class Subject {
  readonly variant: Variant;
  private readonly process: MeasuredProcess;
  private readonly model: ModelServer | undefined;

  private constructor(variant: Variant, process: MeasuredProcess, model: ModelServer | undefined) {
    this.variant = variant;
    this.process = process;
    this.model = model;
  }

  static async start(variant: Variant, kind: ModelKind): Promise<Subject> {
    const model = kind === 'inside' ? undefined : await ModelServer.start(kind);
    return new Subject(variant, await MeasuredProcess.start(variant, model?.url), model);
  }

  async stop(): Promise<void> {
    await this.process.stop();
    this.model?.close();
  }

  async warmUp(calls: number): Promise<void> {
    await this.whileTalking(calls, () => wait(WARM_UP_MS));
  }

  /** Measures `calls` calls for `seconds`. */
  measure(calls: number, seconds: number): Promise<Measurement> {
    return this.whileTalking(calls, async (load) => {
      await wait(SETTLE_MS);
      load.reset();
      this.model?.reset();
      await this.process.startCounting();
      await wait(seconds * 1000);
      const { cpuMs, handlingMs, onTheWayMs } = await this.process.counted();
      demandAll(load);
      const [heard, spoken] = [this.model?.heard ?? 0, this.model?.spoken ?? 0];
      return {
        variant: this.variant,
        calls,
        handlingMs,
        onTheWayMs,
        cpuMsPerCallSecond: cpuMs / calls / seconds,
        arrived: (load.received + heard) / (load.sent + spoken),
        loadLateMs: quantile(load.latenessMs, 0.99),
      };
    });
  }

  /**
   * Measures the CPU of several subjects that hold `calls` calls each at the same time on one core, so that disturbances of the
   * machine meet all alike. Resolves with milliseconds for each call-second, for each round and subject.
   */
  static async cpuTogether(
    subjects: readonly Subject[],
    { calls, rounds, seconds }: { calls: number; rounds: number; seconds: number },
  ): Promise<number[][]> {
    const loads = subjects.map((subject) => subject.load());
    try {
      for (const load of loads) await load.open(calls);
      await wait(WARM_UP_TOGETHER_MS);
      const counted: number[][] = [];
      for (let round = 0; round < rounds; round++) {
        await Promise.all(subjects.map((subject) => subject.process.startCounting()));
        await wait(seconds * 1000);
        const answers = await Promise.all(subjects.map((subject) => subject.process.counted()));
        loads.forEach(demandAll);
        counted.push(answers.map(({ cpuMs }) => cpuMs / calls / seconds));
      }
      return counted;
    } finally {
      for (const load of loads) load.close();
    }
  }

  /** Measures the memory of each additional call, between `few` and `many` calls. */
  memory(few: number, many: number): Promise<MemoryPerCall> {
    return this.whileTalking(few, async (load) => {
      await wait(WARM_UP_MS);
      const before = await this.process.held();
      await load.open(many);
      await wait(WARM_UP_MS);
      const after = await this.process.held();
      demandAll(load);
      const kb = (bytes: number): number => bytes / (many - few) / 1024;
      return {
        residentKb: kb(after.residentBytes - before.residentBytes),
        aliveKb: kb(after.aliveBytes - before.aliveBytes),
      };
    });
  }

  private load(): SimulatedCalls {
    return new SimulatedCalls(this.process.port, { rings: this.variant !== 'relay' });
  }

  private async whileTalking<T>(calls: number, work: (load: SimulatedCalls) => Promise<T>): Promise<T> {
    const load = this.load();
    try {
      await load.open(calls);
      return await work(load);
    } finally {
      load.close();
    }
  }
}

/** Fails if calls were lost, because a benchmark of fewer calls than it reports is invalid. */
function demandAll({ lost }: SimulatedCalls): void {
  if (lost > 0) throw new Error(`The measured process closed ${lost} of the calls, so the measurement is invalid.`);
}

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
