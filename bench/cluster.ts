import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveLastCore } from './support/cores.js';
import { quantile } from './support/quantile.js';
import { SimulatedCalls } from './simulated-calls.js';

// The section `cluster`: what several workers on one machine cost.

const SECONDS = 5;
const SETTLE_MS = 1000;
const WARM_UP_MS = 3000;
const CALLS = [40, 80];
/** Linux counts a process's time in hundredths of a second. */
const TICK_MS = 10;

/**
 * Measures the CPU of a cluster with one worker and with two, by number of calls. The model is an echo inside the gateway. The
 * load is one process on a core that it shares only with the second worker, so on two cores this shows what several workers
 * cost, not what they gain.
 */
export async function cluster(): Promise<void> {
  const free = leaveLastCore();
  try {
    console.log('workers  calls  CPU a call  busiest worker  primary  audio back  load late, p99');
    for (const workers of [1, 2, 1, 2]) await measure(workers);
  } finally {
    free();
  }
}

async function measure(workers: number): Promise<void> {
  const main = new URL('../src/cluster.js', import.meta.url).pathname;
  const env = {
    ENV_FILE: 'none',
    PORT: '0',
    LOG_LEVEL: 'info',
    PUBLIC_HOST: 'bench.example.com',
    EXTENSIONS: new URL('./echo-voice.js', import.meta.url).pathname,
    VOICE_PROVIDER: 'echo',
    MAX_LOOP_DELAY_MS: '0',
  };
  const child = spawn(process.execPath, [main, String(workers)], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const pids: number[] = [];
  const port = await new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const { msg, pid, port } = JSON.parse(line) as { msg: string; pid: number; port: number };
      if (msg === 'a worker listens') pids.push(pid);
      else if (msg === 'all workers listen') resolve(port);
    });
  });
  const load = new SimulatedCalls(port, { rings: true });
  try {
    await load.open(CALLS[0] ?? 1);
    await sleep(WARM_UP_MS);
    for (const calls of CALLS) {
      await load.open(calls);
      await sleep(SETTLE_MS);
      load.reset();
      const all = [child.pid ?? 0, ...pids];
      const before = all.map(cpuMs);
      await sleep(SECONDS * 1000);
      const [primary = 0, ...each] = all.map((pid, index) => cpuMs(pid) - (before[index] ?? 0));
      const sum = each.reduce((a, b) => a + b, 0);
      const percent = (ms: number): string => `${((ms / SECONDS / 1000) * 100).toFixed(0)} %`;
      const cells = [
        workers,
        calls,
        `${(sum / calls / SECONDS).toFixed(2)} ms/s`,
        percent(Math.max(...each)),
        percent(primary),
        `${((load.received / load.sent) * 100).toFixed(1)} %`,
        `${quantile(load.latenessMs, 0.99).toFixed(1)} ms`,
      ];
      console.log(cells.join('  '));
    }
  } finally {
    load.close();
    child.kill('SIGKILL');
    if (child.exitCode === null) await once(child, 'exit');
  }
}

/** Returns the user and system time of a process so far. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
