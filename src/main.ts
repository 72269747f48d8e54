import { readConfig } from './config/config.js';
import { isTandemError } from './base/errors.js';
import { startWatchdog } from './process/watchdog.js';
import { type RunningGateway, startGateway } from './app/start-gateway.js';
import { consoleAddress } from './console/address.js';
import { stopOnSignal } from './process/signals.js';

/** Reads the environment, starts the gateway and stops it on a signal. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const running = await startGateway(config, {
    env: process.env,
    stop: () => process.kill(process.pid, 'SIGTERM'),
    openPhones: async (parts) => {
      const { Phones } = await import('../sim/handset/phones.js');
      return new Phones(parts);
    },
  });
  startWatchdog(config.maxStallMs);
  printWelcome(running);
  const { gateway } = running;
  stopOnSignal({
    activeCalls: () => gateway.activeCalls,
    drainSeconds: config.drainSeconds,
    stop: async () => {
      await gateway.drain(config.drainSeconds);
      await running.close();
    },
  });
}

function printWelcome({ gateway, config, isEmbedded }: RunningGateway): void {
  const lines = [
    `Tandem listens on http://${config.host}:${gateway.port} (Twilio knows it as ${gateway.publicHost}).`,
    `The console is at ${consoleAddress(config, gateway)}.`,
    ...config.warnings.map((warning) => `Warning: ${warning}`),
  ];
  if (isEmbedded) {
    lines.push(
      'Everything runs in this process, and no account is needed. In another terminal, call it:',
      `  npm run call -- --gateway http://127.0.0.1:${gateway.port} --say "What are your opening hours?" --say "I want to speak to a human agent"`,
      `Or call it from a browser, at ${consoleAddress(config, gateway)}/phone, and answer at ${consoleAddress(config, gateway)}/agent.`,
      'Stop with Ctrl-C.',
    );
  }
  console.error(lines.join('\n'));
}

main().catch((error: unknown) => {
  console.error(isTandemError(error) ? error.message : error);
  process.exit(1);
});
