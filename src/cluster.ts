import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from './base/clock.js';
import { Primary } from './cluster/primary.js';
import { shareOf } from './cluster/shares.js';
import { runWorker } from './cluster/worker.js';
import { type Config, readConfig } from './config/config.js';
import { isTandemError } from './base/errors.js';
import { createLogger } from './telemetry/log.js';
import { STOP_SIGNALS, stopOnSignal } from './process/signals.js';

const MAX_WORKERS = 64;

/** `cluster.js [N]`: N gateways behind one port; without N as many as there are cores. The same file is each of them. */
async function main(): Promise<void> {
  if (!cluster.isPrimary) {
    // A terminal and a process manager signal the whole group; what is done about it the primary decides.
    for (const signal of [...STOP_SIGNALS, 'SIGHUP'] as const) process.on(signal, () => undefined);
    await runWorker(process, process.env, () => process.exit(0));
    return;
  }
  const workers = Number(process.argv[2] ?? availableParallelism());
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
    console.error(`Use: npm run cluster -- N (1 to ${MAX_WORKERS}; without N: one for each core)`);
    process.exit(2);
  }
  const config = readConfig(process.env);
  shareOf(config, workers - 1, workers);
  // Workers accept by themselves. Were the primary to hand connections out, one that it gave to a worker at the moment of
  // its death would hang until Twilio gives up. The uneven distribution does not matter: the primary evens the calls.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(import.meta.url), args: [], serialization: 'advanced' });
  const primary = new Primary({
    config,
    workers,
    log: createLogger({ level: config.logLevel }),
    clock: systemClock,
    fork: () => cluster.fork().process,
    onGivenUp: () => {
      console.error('No worker could be kept running; see the log.');
      process.exit(1);
    },
  });
  stopOnSignal({
    activeCalls: () => primary.activeCalls,
    drainSeconds: config.drainSeconds,
    stop: () => primary.stop(),
  });
  // While every worker waits to be started again, nothing else keeps this process.
  setInterval(() => undefined, 60_000);
  process.on('SIGHUP', () => void primary.restart());
  const port = await primary.start();
  if (port === undefined) process.exit(1);
  printWelcome(config, workers, port);
}

function printWelcome(config: Config, workers: number, port: number): void {
  const lines = [
    `${workers} workers listen on http://${config.host}:${port} (Twilio knows them as ${config.publicHost ?? `localhost:${port}`}).`,
    ...config.warnings.map((warning) => `Warning: ${warning}`),
  ];
  if (config.voiceProviders.includes('local')) {
    lines.push('Warning: each worker loads a speech engine of its own, about 300 MB.');
  }
  console.error(lines.join('\n'));
}

main().catch((error: unknown) => {
  console.error(isTandemError(error) ? error.message : error);
  process.exit(1);
});
