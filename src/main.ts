import { readConfig } from './config.js';
import { isTandemError } from './errors.js';
import { type RunningGateway, startGateway } from './start.js';

/** Environment in, gateway up, signals. Nothing else lives here. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const running = await startGateway(config, { env: process.env });
  printWelcome(running);
  stopOnSignal(running);
}

function printWelcome({ gateway, config, isEmbedded }: RunningGateway): void {
  const lines = [
    `Tandem listens on http://${config.host}:${gateway.port} (Twilio knows it as ${gateway.publicHost}).`,
    ...config.warnings.map((warning) => `Warning: ${warning}`),
  ];
  if (isEmbedded) {
    lines.push(
      'Everything is embedded: no account is needed. In another terminal, call it:',
      `  npm run call -- --gateway http://127.0.0.1:${gateway.port} --say "What are your opening hours?" --say "I want to speak to a human agent"`,
      'Stop with Ctrl-C.',
    );
  }
  console.error(lines.join('\n'));
}

function stopOnSignal(running: RunningGateway): void {
  let isStopping = false;
  const stop = async (): Promise<void> => {
    const calls = running.gateway.activeCalls;
    if (calls > 0) {
      console.error(
        `Stopping: ${calls} call(s) in progress may finish (up to ${running.config.drainSeconds} s). Press Ctrl-C again to stop at once.`,
      );
    }
    await running.gateway.drain(running.config.drainSeconds);
    await running.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      void stop();
    });
  }
}

main().catch((error: unknown) => {
  console.error(isTandemError(error) ? error.message : error);
  process.exit(1);
});
