import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from './base/clock.js';
import { Primary } from './cluster/primary.js';
import { shareOf } from './cluster/shares.js';
import { runWorker } from './cluster/worker.js';
import { type Config, readConfig } from './config/config.js';
import { consoleAddress } from './console/address.js';
import { isTandemError } from './base/errors.js';
import { createLogger } from './telemetry/log.js';
import { STOP_SIGNALS, stopOnSignal } from './process/signals.js';

const MAX_WORKERS = 64;

/** `cluster.js [N]` runs N gateways behind one port; without N, one for each core. Each worker runs this same file. */
async function main(): Promise<void> {
  if (!cluster.isPrimary) {
    // A terminal or a process manager signals the whole group. Workers ignore that, because the primary stops them.
    for (const signal of [...STOP_SIGNALS, 'SIGHUP'] as const) process.on(signal, () => undefined);
    await runWorker(process, process.env, () => process.exit(0));
    return;
  }
  const workers = Number(process.argv[2] ?? availableParallelism());
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
    console.error(`Usage: npm run cluster -- N (1 to ${MAX_WORKERS}; without N: one for each core)`);
    process.exit(2);
  }
  const config = readConfig(process.env);
  shareOf(config, workers - 1, workers);
  // Workers accept connections themselves. If the primary handed them out, one that it gave to a worker at the moment
  // of its death would hang until Twilio gives up. The uneven distribution does not matter, because the primary evens
  // out the calls.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(import.meta.url), args: [], serialization: 'advanced' });
  const primary = new Primary({
    config,
    workers,
    log: createLogger({ level: config.logLevel }),
    clock: systemClock,
    fork: () => cluster.fork().process,
    onStopAsked: () => process.kill(process.pid, 'SIGTERM'),
    onGivenUp: () => {
      console.error('No worker keeps running. See the log for the reason.');
      process.exit(1);
    },
  });
  stopOnSignal({
    activeCalls: () => primary.activeCalls,
    drainSeconds: config.drainSeconds,
    stop: () => primary.stop(),
  });
  // Keeps this process alive while every worker waits to be restarted.
  setInterval(() => undefined, 60_000);
  process.on('SIGHUP', () => void primary.restart());
  const port = await primary.start();
  if (port === undefined) process.exit(1);
  printWelcome(config, workers, port);
}

function printWelcome(config: Config, workers: number, port: number): void {
  const lines = [
    `${workers} workers listen on http://${config.host}:${port} (Twilio knows them as ${config.publicHost ?? `localhost:${port}`}).`,
    `The console is at ${consoleAddress(config, { port, publicHost: config.publicHost ?? `localhost:${port}` })}.`,
    ...config.warnings.map((warning) => `Warning: ${warning}`),
  ];
  if (config.voiceProviders.includes('local')) {
    lines.push('Warning: each worker loads its own speech engine of about 300 MB.');
  }
  console.error(lines.join('\n'));
}

main().catch((error: unknown) => {
  console.error(isTandemError(error) ? error.message : error);
  process.exit(1);
});
