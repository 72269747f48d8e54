import { readConfig } from './config/config.js';
import { type Shown, defineCommand, isEntry, runCommand } from './base/command-line.js';
import { startWatchdog } from './process/watchdog.js';
import { type RunningGateway, startGateway } from './app/start-gateway.js';
import { stopOnSignal } from './process/signals.js';

/** Reads the environment, starts the gateway and stops it on a signal. */
async function main(shown: Shown): Promise<undefined> {
  const config = readConfig(process.env);
  const running = await startGateway(config, { env: process.env });
  startWatchdog(config.maxStallMs);
  printWelcome(running, shown);
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

function printWelcome({ gateway, config, isEmbedded }: RunningGateway, shown: Shown): void {
  const lines = [
    `Tandem listens on http://${config.host}:${gateway.port} (Twilio knows it as ${gateway.publicHost}).`,
    ...config.warnings.map((warning) => `Warning: ${warning}`),
  ];
  if (isEmbedded) {
    lines.push(
      'Everything runs in this process, and no account is needed. In another terminal, call it:',
      `  ${shown('call', `--gateway http://127.0.0.1:${gateway.port} --say "What are your opening hours?" --say "I want to speak to a human agent"`)}`,
      'Stop with Ctrl-C.',
    );
  }
  console.error(lines.join('\n'));
}

export const command = defineCommand({
  name: 'start',
  does: 'Starts the gateway. Without any settings everything runs in this process, and no account is needed.',
  options: {},
  examples: ['', 'PORT=8001 LOG_LEVEL=warn'],
  notes: `The settings are variables of the environment. .env.example describes each.
The log goes to standard output, one JSON object a line.
SIGTERM and Ctrl-C let the calls in progress finish, for DRAIN_SECONDS at most. A second one stops at once.`,
  run: ({ shown }) => main(shown),
});

if (isEntry(import.meta.url)) void runCommand(command);
