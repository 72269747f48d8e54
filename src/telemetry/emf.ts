import type { Clock, Timer } from '../base/clock.js';
import type { Figures } from './figures.js';

// Metrics in CloudWatch's embedded metric format: CloudWatch Logs makes metrics of lines of this form (AWS: CloudWatch, embedded
// metric format specification).

/** The only dimension. With more, each combination would be a metric of its own, and alarms would have to know them all. */
const SERVICE = 'tandem';

export interface EmfWriterOptions {
  namespace: string;
  everyMs: number;
  clock: Clock;
  /** Returns the figures of each process by name. A process that does not answer is left out. */
  read: () => Promise<ReadonlyMap<string, Figures>>;
  write: (line: string) => void;
}

/** Writes one line for all processes of the group at regular times, and one for the rest at the end. */
export class EmfWriter {
  private readonly options: EmfWriterOptions;
  private last: ReadonlyMap<string, Figures> = new Map();
  private timer: Timer | undefined;
  private isClosed = false;

  constructor(options: EmfWriterOptions) {
    this.options = options;
  }

  start(): void {
    const { clock, everyMs } = this.options;
    this.timer = clock.setTimer(everyMs, () => {
      void this.report().finally(() => {
        if (!this.isClosed) this.start();
      });
    });
  }

  /** Writes what has happened since the last line. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.timer?.cancel();
    await this.report();
  }

  private async report(): Promise<void> {
    const { clock, namespace, read, write } = this.options;
    try {
      const now = await read();
      if (now.size === 0) return;
      const line = emfLine(
        namespace,
        clock.epochMs(),
        [...now].map(([name, figures]) => since(this.last.get(name), figures)),
      );
      // A process that has not answered keeps its last figures, so that the next answer does not count all again.
      this.last = new Map([...this.last, ...now]);
      write(line);
    } catch {
      // A line of metrics that cannot be written costs that line.
    }
  }
}

/** Returns what has happened between two readings of a process. */
function since(before: Figures | undefined, now: Figures): Figures {
  if (before === undefined || before.run !== now.run) return now;
  return {
    ...now,
    callsEnded: now.callsEnded - before.callsEnded,
    callsRefused: now.callsRefused - before.callsRefused,
    handoversStarted: now.handoversStarted - before.handoversStarted,
    handoversFailed: now.handoversFailed - before.handoversFailed,
    connectionFailures: now.connectionFailures - before.connectionFailures,
    turns: now.turns.map((count, index) => count - (before.turns[index] ?? 0)),
    turnsSumMs: now.turnsSumMs - before.turnsSumMs,
  };
}

/** Returns the line for what some processes did, without its end. */
export function emfLine(namespace: string, epochMs: number, processes: readonly Figures[]): string {
  const sum = (of: (figures: Figures) => number): number =>
    processes.reduce((total, figures) => total + of(figures), 0);
  const greatest = (of: (figures: Figures) => number): number => Math.max(...processes.map(of));
  const turns = turnLatency(processes);
  const values: [name: string, unit: string, value: unknown][] = [
    ['ActiveSessions', 'Count', sum(({ activeSessions }) => activeSessions)],
    ['CallsEnded', 'Count', sum(({ callsEnded }) => callsEnded)],
    ['CallsRefused', 'Count', sum(({ callsRefused }) => callsRefused)],
    ['HandoversStarted', 'Count', sum(({ handoversStarted }) => handoversStarted)],
    ['HandoversFailed', 'Count', sum(({ handoversFailed }) => handoversFailed)],
    ['VoiceProviderConnectionFailures', 'Count', sum(({ connectionFailures }) => connectionFailures)],
    ['LoopLagMs', 'Milliseconds', greatest(({ loopLagMs }) => loopLagMs)],
    ['JournalDown', 'Count', greatest(({ isJournalDown }) => (isJournalDown ? 1 : 0))],
    ...(turns === undefined ? [] : [['TurnLatencyMs', 'Milliseconds', turns] as [string, string, unknown]]),
  ];
  return JSON.stringify({
    _aws: {
      Timestamp: epochMs,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['Service']],
          Metrics: values.map(([Name, Unit]) => ({ Name, Unit })),
        },
      ],
    },
    Service: SERVICE,
    ...Object.fromEntries(values.map(([name, , value]) => [name, value])),
  });
}

/** Returns the turns of all processes as a histogram. A turn counts with the middle of its bucket. `undefined` without turns. */
function turnLatency(processes: readonly Figures[]): Record<string, unknown> | undefined {
  const boundsMs = processes[0]?.turnBoundsMs ?? [];
  const counts = [...boundsMs, Infinity].map((_, index) =>
    processes.reduce((total, { turns }) => total + (turns[index] ?? 0), 0),
  );
  const used = counts.flatMap((count, index) =>
    count > 0
      ? [{ count, valueMs: ((boundsMs[index - 1] ?? 0) + (boundsMs[index] ?? boundsMs[index - 1] ?? 0)) / 2 }]
      : [],
  );
  if (used.length === 0) return undefined;
  const valuesMs = used.map(({ valueMs }) => valueMs);
  return {
    Values: valuesMs,
    Counts: used.map(({ count }) => count),
    Min: Math.min(...valuesMs),
    Max: Math.max(...valuesMs),
    Count: used.reduce((total, { count }) => total + count, 0),
    Sum: Math.round(processes.reduce((total, { turnsSumMs }) => total + turnsSumMs, 0)),
  };
}
