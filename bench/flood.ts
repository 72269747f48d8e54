import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveLastCore } from './support/cores.js';
import { MeasuredProcess } from './measured-process.js';
import type { Counted } from './questions.js';
import { SimulatedCalls } from './simulated-calls.js';
import { type Flooded, type Nuisance, REQUESTS } from './strangers.js';

// The section `flood`: what callers notice of requests that Twilio did not send.

const CALLS = 20;
const WARM_UP_MS = 8000;
const QUIET_MS = 5000;
/** One request at a time shows what one costs. Sixty-four at a time keep the gateway busy. */
const CONNECTIONS = [1, 64];
const FLOOD_MS = 5000;
/** Time for what is on the way to arrive. */
const SETTLE_MS = 500;
/** Two, as during a rotation. A wrong signature is compared with one of each, for each form of the URL. */
const AUTH_TOKENS = ['bench-auth-token-in-use', 'bench-auth-token-before'];

/** Measures the event-loop delay and the audio of live calls under the worst requests of strangers. */
export async function flood(): Promise<void> {
  const useAllCores = leaveLastCore();
  const measured = await MeasuredProcess.start('pipeline', undefined, AUTH_TOKENS);
  const calls = new SimulatedCalls(measured.port, { rings: true, authToken: AUTH_TOKENS[1] });
  try {
    await calls.open(CALLS);
    await sleep(WARM_UP_MS);
    calls.reset();
    console.log(`${CALLS} live calls whose every frame comes back. Each flood lasts ${FLOOD_MS / 1000} s.`);
    console.log(
      '| strangers send | at a time | answers | requests/s | CPU ms a request | loop delay p50 ms | p99 | worst | worst in CPU time | frame with the way p50 ms | p99 |',
    );
    console.log('|---|---|---|---|---|---|---|---|---|---|---|');
    await measured.startCounting();
    await sleep(QUIET_MS);
    const quiet = await measured.counted();
    console.log(row('nothing', ['', '', '', ''], quiet));
    const quietCpuMs = quiet.cpuMs / QUIET_MS;
    for (const nuisance of Object.keys(REQUESTS) as Nuisance[]) {
      for (const connections of CONNECTIONS) {
        await measured.startCounting();
        const { answers, requests } = await flooded(measured.port, nuisance, connections);
        const counted = await measured.counted();
        const cpuMs = (counted.cpuMs - quietCpuMs * FLOOD_MS) / requests;
        const statuses = Object.entries(answers).map(([status, count]) => `${status}: ${count}`);
        const cells = [
          String(connections),
          statuses.join(', '),
          ((requests / FLOOD_MS) * 1000).toFixed(0),
          cpuMs.toFixed(2),
        ];
        console.log(row(nuisance, cells, counted));
      }
    }
    calls.pause();
    await sleep(SETTLE_MS);
    const { lost, received, sent } = calls;
    console.log(`Frames sent ${sent}, lost ${Math.max(0, sent - received)}. Calls lost ${lost} of ${CALLS}.`);
  } finally {
    calls.close();
    await measured.stop();
    useAllCores();
  }
}

async function flooded(port: number, nuisance: Nuisance, connections: number): Promise<Flooded> {
  const stranger = fork(new URL('./stranger.js', import.meta.url), [String(port), nuisance, String(connections)]);
  await sleep(FLOOD_MS);
  const report = once(stranger, 'message') as Promise<[Flooded]>;
  stranger.send('stop');
  const [result] = await report;
  return result;
}

function row(what: string, cells: readonly string[], { loopDelayMs, onTheWayMs }: Counted): string {
  const delays =
    loopDelayMs === undefined ? [] : [loopDelayMs.p50, loopDelayMs.p99, loopDelayMs.worst, loopDelayMs.worstCpu];
  const times = [...delays, onTheWayMs.p50, onTheWayMs.p99].map((ms) => ms.toFixed(1));
  return `| ${[what, ...cells, ...times].join(' | ')} |`;
}
