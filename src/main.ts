import { readConfig } from './config/config.js';
import { isTandemError } from './base/errors.js';
import { drainAfterFaultSeconds, faultLimitMs } from './app/drain.js';
import { once, stopOnFault } from './process/faults.js';
import { startWatchdog } from './process/watchdog.js';
import { type RunningGateway, startGateway } from './app/start-gateway.js';
import { stopOnSignal } from './process/signals.js';
import { FAULT_MESSAGE, createLogger } from './telemetry/log.js';

/** Reads the environment, starts the gateway and stops it on a signal or after a fault. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { drainSeconds } = config;
  const log = createLogger({ level: config.logLevel });
  let running: RunningGateway | undefined;
  let drainLimitSeconds = drainSeconds;
  const stop = once(async () => {
    await running?.gateway.drain(drainLimitSeconds);
    await running?.close();
  });
  stopOnFault({
    count: () => running?.metrics.processorErrors.inc({ processor: 'process' }),
    report: (error, origin) => log.fatal({ err: error, origin }, FAULT_MESSAGE),
    stop: () => {
      drainLimitSeconds = drainAfterFaultSeconds(drainSeconds);
      return stop();
    },
    limitMs: faultLimitMs(drainSeconds),
  });
  running = await startGateway(config, { env: process.env });
  startWatchdog(config.maxStallMs);
  printWelcome(running);
  const { gateway } = running;
  stopOnSignal({ activeCalls: () => gateway.activeCalls, drainSeconds, stop });
}

function printWelcome({ gateway, config, isEmbedded }: RunningGateway): void {
  const lines = [
    `Tandem listens on http://${config.host}:${gateway.port} (Twilio knows it as ${gateway.publicHost}).`,
    ...config.warnings.map((warning) => `Warning: ${warning}`),
  ];
  if (isEmbedded) {
    lines.push(
      'Everything runs in this process, and no account is needed. In another terminal, call it:',
      `  npm run call -- --gateway http://127.0.0.1:${gateway.port} --say "What are your opening hours?" --say "I want to speak to a human agent"`,
      'Stop with Ctrl-C.',
    );
  }
  console.error(lines.join('\n'));
}

main().catch((error: unknown) => {
  console.error(isTandemError(error) ? error.message : error);
  process.exit(1);
});
