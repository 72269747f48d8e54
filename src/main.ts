import { type Shown, defineCommand, isEntry, runCommand } from './process/command-line.js';
import { readConfig } from './config/config.js';
import { drainAfterFaultSeconds, faultLimitMs } from './app/drain.js';
import { loadDotEnv } from './process/dot-env.js';
import { once, stopOnFault } from './process/faults.js';
import { startWatchdog } from './process/watchdog.js';
import { type RunningGateway, startGateway } from './app/start-gateway.js';
import { consoleAddress } from './console/address.js';
import { HANGUP_SIGNALS, STOP_SIGNALS, stopOnSignal } from './process/signals.js';
import { systemClock } from './base/clock.js';
import { TaskProtection } from './process/task-protection.js';
import { FAULT_MESSAGE, createLogger } from './telemetry/log.js';
import { Notices } from './telemetry/notices.js';
import { hostInUrl } from './base/host-in-url.js';

/** Reads the environment, starts the gateway and stops it on a signal or after a fault. */
async function main(notices: Notices, shown: Shown): Promise<void> {
  notices.settingsFile(loadDotEnv(process.env, process.cwd()));
  const config = readConfig(process.env);
  const { drainSeconds } = config;
  const log = createLogger({ level: config.logLevel });
  let running: RunningGateway | undefined;
  const close = once(async () => running?.close());
  const stop = async (limitSeconds: number): Promise<void> => {
    await running?.gateway.drain(limitSeconds);
    await close();
  };
  stopOnFault({
    count: () => running?.metrics.processorErrors.inc({ processor: 'process' }),
    report: (error, origin) => log.fatal({ err: error, origin }, FAULT_MESSAGE),
    stop: () => stop(drainAfterFaultSeconds(drainSeconds)),
    limitMs: faultLimitMs(drainSeconds),
  });
  running = await startGateway(config, {
    env: process.env,
    stop: () => process.kill(process.pid, 'SIGTERM'),
    openPhones: async (parts) => {
      const { Phones } = await import('../sim/handset/phones.js');
      return new Phones(parts);
    },
    openFaults: async (parts) => {
      const { Faults } = await import('../sim/faults/faults.js');
      return new Faults(parts);
    },
    scrubTape: async (...tape) => {
      const { scrubInProcess } = await import('../sim/replay/scrub-process.js');
      return scrubInProcess(...tape);
    },
  });
  startWatchdog(config.maxStallMs, (sentence) => notices.warn(sentence));
  welcome(running, notices, shown);
  const { gateway } = running;
  const agentUrl = process.env['ECS_AGENT_URI'];
  if (agentUrl !== undefined) {
    new TaskProtection({
      agentUrl,
      clock: systemClock,
      activeCalls: () => gateway.activeCalls,
      onFailure: (reason) => log.warn({ reason }, "ECS's agent does not protect the task; scale-in may end its calls"),
    }).start();
  }
  stopOnSignal({
    signals: [...STOP_SIGNALS, ...HANGUP_SIGNALS],
    isUnderNpm: process.env['npm_lifecycle_event'] !== undefined,
    activeCalls: () => gateway.activeCalls,
    drainSeconds,
    say: (msg, sentence) => notices.say('info', msg, sentence),
    stop: () => stop(drainSeconds),
  });
}

function welcome({ gateway, config, isEmbedded }: RunningGateway, notices: Notices, shown: Shown): void {
  const { port, publicHost } = gateway;
  const url = `http://${hostInUrl(config.host)}:${port}`;
  notices.say('info', 'the gateway is ready', `Tandem listens on ${url} (Twilio knows it as ${publicHost}).`, {
    url,
    public_host: publicHost,
  });
  const console = consoleAddress(config, gateway);
  notices.say('info', 'the console is ready', `The console is at ${console}.`, { url: console });
  for (const warning of config.warnings) notices.warn(warning);
  if (!isEmbedded) return;
  notices.hint(
    'Everything runs in this process, and no account is needed. In another terminal, call it:',
    `  ${shown('call', `--gateway http://127.0.0.1:${port} --say "What are your opening hours?" --say "I want to speak to a human agent"`)}`,
    `Or call it from a browser, at ${console}/phone, and answer at ${console}/agent.`,
    'Stop with Ctrl-C.',
  );
}

export const command = defineCommand({
  name: 'start',
  does: 'Starts the gateway. Without any settings everything runs in this process, and no account is needed.',
  options: {},
  examples: ['', 'PORT=8001 LOG_LEVEL=warn'],
  notes: `The settings are variables of the environment, or lines of a file .env. .env.example describes each.
The log goes to standard output, one JSON object a line.
SIGTERM and Ctrl-C let the calls in progress finish, for DRAIN_SECONDS at most. A second one stops at once.`,
  isOnItsOwn: true,
  run: async ({ shown }) => {
    const notices = new Notices(process.stderr);
    try {
      await main(notices, shown);
      return undefined;
    } catch (error) {
      notices.failed(error);
      return 1;
    }
  },
});

if (isEntry(import.meta.url)) void runCommand(command);
