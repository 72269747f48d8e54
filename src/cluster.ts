import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from './base/clock.js';
import { Primary } from './cluster/primary.js';
import { shareOf } from './cluster/shares.js';
import { runWorker } from './cluster/worker.js';
import { drainAfterFaultSeconds, faultLimitMs } from './app/drain.js';
import { type Config, readConfig } from './config/config.js';
import { hostInUrl } from './base/host-in-url.js';
import { consoleAddress } from './console/address.js';
import { UsageError, defineCommand, isEntry, runCommand } from './process/command-line.js';
import { loadDotEnv } from './process/dot-env.js';
import { stopOnFault } from './process/faults.js';
import { HANGUP_SIGNALS, STOP_SIGNALS, stopOnSignal } from './process/signals.js';
import { FAULT_MESSAGE, createLogger, standardOutput } from './telemetry/log.js';
import { Notices } from './telemetry/notices.js';

const MAX_WORKERS = 64;

/** Runs several gateways behind one port. Each worker runs this same file. */
async function main(workers: number, notices: Notices): Promise<void> {
  if (!cluster.isPrimary) {
    // A terminal or a process manager signals the whole group. Workers ignore that, because the primary stops them.
    for (const signal of [...STOP_SIGNALS, ...HANGUP_SIGNALS]) process.on(signal, () => undefined);
    await runWorker(process, process.env, {
      // 0, unless a fault has set another code.
      exit: () => process.exit(),
      warn: (sentence) => notices.warn(sentence),
      openFaults: async (parts) => {
        const { Faults } = await import('../sim/faults/faults.js');
        return new Faults(parts);
      },
      scrubTape: async (...tape) => {
        const { scrubInProcess } = await import('../sim/replay/scrub-process.js');
        return scrubInProcess(...tape);
      },
    });
    return;
  }
  // Workers inherit the environment of this process, with what the file has given.
  notices.settingsFile(loadDotEnv(process.env, process.cwd()));
  const config = readConfig(process.env);
  shareOf(config, workers - 1, workers);
  // Workers accept connections themselves. If the primary handed them out, one that it gave to a worker at the moment
  // of its death would hang until Twilio gives up. The uneven distribution does not matter, because the primary evens
  // out the calls.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: fileURLToPath(import.meta.url), args: [], serialization: 'advanced' });
  const log = createLogger({ level: config.logLevel });
  const output = standardOutput();
  const primary = new Primary({
    config,
    workers,
    log,
    clock: systemClock,
    fork: () => cluster.fork().process,
    openPhones: async (parts) => {
      const { Phones } = await import('../sim/handset/phones.js');
      return new Phones(parts);
    },
    write: (line) => output.write(`${line}\n`),
    onStopAsked: () => process.kill(process.pid, 'SIGTERM'),
    onGivenUp: () => {
      notices.say('fatal', 'no worker keeps running', 'No worker keeps running. See the log for the reason.');
      process.exit(1);
    },
  });
  stopOnFault({
    count: () => undefined,
    report: (error, origin) => log.fatal({ err: error, origin }, FAULT_MESSAGE),
    stop: () => primary.stop(drainAfterFaultSeconds(config.drainSeconds)),
    limitMs: faultLimitMs(config.drainSeconds),
  });
  stopOnSignal({
    signals: STOP_SIGNALS,
    isUnderNpm: process.env['npm_lifecycle_event'] !== undefined,
    activeCalls: () => primary.activeCalls,
    drainSeconds: config.drainSeconds,
    say: (msg, sentence) => notices.say('info', msg, sentence),
    stop: () => primary.stop(config.drainSeconds),
  });
  // Keeps this process alive while every worker waits to be restarted.
  setInterval(() => undefined, 60_000);
  process.on('SIGHUP', () => void primary.restart());
  const port = await primary.start();
  if (port === undefined) process.exit(1);
  welcome(config, workers, port, notices);
}

function welcome(config: Config, workers: number, port: number, notices: Notices): void {
  const url = `http://${hostInUrl(config.host)}:${port}`;
  const publicHost = config.publicHost ?? `localhost:${port}`;
  notices.say(
    'info',
    'the cluster is ready',
    `${workers} workers listen on ${url} (Twilio knows them as ${publicHost}).`,
    { url, public_host: publicHost, workers },
  );
  const console = consoleAddress(config, { port, publicHost });
  notices.say('info', 'the console is ready', `The console is at ${console}.`, { url: console });
  for (const warning of config.warnings) notices.warn(warning);
  if (config.isCarrierSimulated && config.handover.embedded)
    notices.hint(`Call it from a browser, at ${console}/phone, and answer at ${console}/agent.`);
  if (config.voiceProviders.includes('local')) notices.warn('Each worker loads its own speech engine of about 300 MB.');
}

/** @throws UsageError */
function numberOfWorkers([text, ...more]: readonly string[]): number {
  const workers = Number(text ?? availableParallelism());
  if (more.length > 0 || !Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS)
    throw new UsageError(`The number of workers is one whole number from 1 to ${MAX_WORKERS}.`);
  return workers;
}

export const command = defineCommand({
  name: 'cluster',
  does: 'Runs several gateways behind one port, each in a process of its own, so that one machine uses all its cores.',
  operands: { shown: '[N]', about: `number of gateways, 1 to ${MAX_WORKERS} (without it: one for each core)` },
  options: {},
  examples: ['', '4'],
  notes: `The settings are those of the command start. A call outlives the process that has it.
SIGTERM and Ctrl-C let the calls in progress finish. SIGHUP replaces the processes one by one.`,
  isOnItsOwn: true,
  run: async ({ operands }) => {
    const workers = numberOfWorkers(operands);
    const notices = new Notices(process.stderr);
    try {
      await main(workers, notices);
      return undefined;
    } catch (error) {
      notices.failed(error);
      return 1;
    }
  },
});

if (isEntry(import.meta.url)) void runCommand(command);
