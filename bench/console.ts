import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { consolePage } from './console-page.js';
import { leaveLastCore } from './support/cores.js';
import { MeasuredProcess, type Variant } from './measured-process.js';
import { median } from './support/quantile.js';
import { SimulatedCalls } from './simulated-calls.js';
import { Subject } from './subject.js';

// The section `console`: what the operator's console costs a gateway, while nobody watches and while somebody does.

/** Live calls that are watched. BENCH_CALLS sets another number, for a try on a busy machine. */
const CALLS = Number(process.env['BENCH_CALLS'] ?? 500);
/** Calls of each process while nobody watches, with audio. */
const UNWATCHED_CALLS = Math.min(17, CALLS);
/** The process that starts first needs a tenth more CPU, for an unknown reason. Here each variant has each place once. */
const TOGETHER: readonly (readonly Variant[])[] = [
  ['pipeline', 'no-console', 'no-console', 'pipeline'],
  ['no-console', 'pipeline', 'pipeline', 'no-console'],
];
const TOGETHER_ROUNDS = 8;
const ROUNDS = 7;
const SECONDS = 4;
const WARM_UP_MS = 15_000;
/** Time for a snapshot to be sent and read. */
const SETTLE_MS = 1000;
const FRAME_MS = 200;

/** Who watches: pages with the list, and pages with one opened call. */
const AUDIENCES = [
  { name: 'nobody', lists: 0, opened: 0 },
  { name: 'one page with the list', lists: 1, opened: 0 },
  { name: 'one page with an opened call', lists: 0, opened: 1 },
  { name: 'twenty pages with the list', lists: 20, opened: 0 },
] as const;

/** Measures the CPU that the console costs, relative to a gateway whose console is told nothing, and what its page costs a browser. */
export async function operatorConsole(): Promise<void> {
  const useAllCores = leaveLastCore();
  try {
    console.log(
      `Nobody watches. CPU of four processes with ${UNWATCHED_CALLS} calls each, at the same time on one core, ${TOGETHER_ROUNDS} rounds of ${SECONDS} s. "no-console" is the gateway whose console is told nothing:`,
    );
    for (const order of TOGETHER) console.log(await unwatched(order));
    console.log(
      `\n${CALLS} live calls, each with a turn of both sides every 6 s and without work for each frame. Medians of ${ROUNDS} rounds of ${SECONDS} s:`,
    );
    await watched();
    useAllCores();
    console.log('');
    await consolePage();
  } finally {
    useAllCores();
  }
}

async function unwatched(order: readonly Variant[]): Promise<string> {
  const subjects: Subject[] = [];
  for (const variant of order) subjects.push(await Subject.start(variant, 'replies'));
  const rounds = await Subject.cpuTogether(subjects, {
    calls: UNWATCHED_CALLS,
    rounds: TOGETHER_ROUNDS,
    seconds: SECONDS,
  });
  for (const subject of subjects) await subject.stop();
  const of = (variant: Variant): number => {
    const places = order.flatMap((name, place) => (name === variant ? [place] : []));
    return median(rounds.flatMap((round) => places.map((place) => round[place] ?? Number.NaN)));
  };
  const [without, as] = [of('no-console'), of('pipeline')];
  const places = order.map((_, place) => median(rounds.map((round) => round[place] ?? Number.NaN)).toFixed(3));
  return `with it ${as.toFixed(3)} ms per call-second, without ${without.toFixed(3)}, ratio ${(as / without).toFixed(3)} (each process: ${places.join(', ')})`;
}

async function watched(): Promise<void> {
  const measured = await MeasuredProcess.start('pipeline', 'turns');
  const load = new SimulatedCalls(measured.port, { rings: true, frameMs: FRAME_MS });
  const rows = AUDIENCES.map((audience) => ({ ...audience, cores: [] as number[], batches: 0, bytes: 0 }));
  try {
    await load.open(CALLS);
    await sleep(WARM_UP_MS);
    for (let round = 0; round < ROUNDS; round++)
      for (const row of rows) {
        const audience = await Audience.open(measured.port, row);
        await sleep(SETTLE_MS);
        audience.reset();
        await measured.startCounting();
        await sleep(SECONDS * 1000);
        const { cpuMs } = await measured.counted();
        row.cores.push(cpuMs / SECONDS / 1000);
        row.batches += audience.messages / SECONDS / ROUNDS;
        row.bytes += audience.bytes / SECONDS / ROUNDS;
        audience.close();
      }
    if (load.lost > 0)
      throw new Error(`The measured process closed ${load.lost} calls, so the measurement is invalid.`);
  } finally {
    load.close();
    await measured.stop();
  }
  console.log('| watches | CPU, % of a core | of that the console | each round | messages/s to all | kB/s to all |');
  console.log('|---|---|---|---|---|---|');
  const unwatchedCores = rows[0]?.cores ?? [];
  for (const { batches, bytes, cores, name } of rows) {
    const extra = cores.map((core, round) => core - (unwatchedCores[round] ?? Number.NaN));
    const cells = [
      name,
      percent(median(cores)),
      percent(median(extra)),
      extra.map(percent).join(', '),
      batches.toFixed(1),
      (bytes / 1000).toFixed(0),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

const percent = (share: number): string => (100 * share).toFixed(2);

/** Pages that watch and draw nothing. */
class Audience {
  messages = 0;
  bytes = 0;
  private readonly sockets: WebSocket[] = [];

  static async open(port: number, { lists, opened }: { lists: number; opened: number }): Promise<Audience> {
    const audience = new Audience();
    const base = `127.0.0.1:${port}`;
    for (let page = 0; page < lists; page++) await audience.connect(base, '');
    for (let page = 0; page < opened; page++) {
      const { calls } = (await (await fetch(`http://${base}/console/api/calls`)).json()) as {
        calls: { callSid: string }[];
      };
      await audience.connect(base, `?call=${calls[page]?.callSid ?? ''}`);
    }
    return audience;
  }

  reset(): void {
    this.messages = 0;
    this.bytes = 0;
  }

  close(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  private async connect(base: string, query: string): Promise<void> {
    const socket = new WebSocket(`ws://${base}/console/api/events${query}`, { origin: `http://${base}` });
    this.sockets.push(socket);
    socket.on('message', (data: Buffer) => {
      this.messages++;
      this.bytes += data.length;
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
  }
}
