import { readConfig } from '../src/config/config.js';
import { startGateway } from '../src/app/start-gateway.js';
import { OperatorConsole } from '../src/console/operator-console.js';
import type { VoiceProvider } from '../src/voice/session.js';
import { startBareRelay } from './support/bare-relay.js';
import { EchoProvider } from './echo-provider.js';
import { LoopDelay } from './loop-delay.js';
import type { Counted, Held, Question } from './questions.js';
import { SocketProvider } from './socket-provider.js';
import { Stopwatch } from './stopwatch.js';
import { TurnsProvider } from './turns-provider.js';

/**
 * The measured process, `server.js VARIANT MODEL_URL AUTH_TOKENS`: a bare relay or a gateway. Its model is at MODEL_URL, or inside
 * the process: an echo if that is empty, and one that talks by the clock if it is `turns`. With AUTH_TOKENS it checks signatures and watches its event loop. It sends its
 * port, then answers questions about itself.
 */
const [, , variant = 'pipeline', modelArgument = '', authTokens = ''] = process.argv;
const modelUrl = modelArgument === '' ? undefined : modelArgument;
const loopDelay = authTokens === '' ? undefined : new LoopDelay();
const stopwatch = new Stopwatch();
stopwatch.install();
const port = variant === 'relay' ? await startBareRelay(modelUrl) : await startBenchGateway(variant !== 'direct');
process.send?.({ port });

// An orderly exit writes the profile if one was requested.
process.once('SIGINT', () => process.exit(0));
process.once('disconnect', () => process.exit(1));

let since = process.cpuUsage();
process.on('message', (question: Question) => {
  switch (question) {
    case 'start-counting':
      stopwatch.reset();
      loopDelay?.reset();
      since = process.cpuUsage();
      process.send?.({});
      return;
    case 'counted': {
      const { user, system } = process.cpuUsage(since);
      process.send?.({
        cpuMs: (user + system) / 1000,
        loopDelayMs: loopDelay?.delays,
        ...stopwatch.times,
      } satisfies Counted);
      return;
    }
    case 'held': {
      globalThis.gc?.();
      const { external, heapUsed, rss } = process.memoryUsage();
      process.send?.({ residentBytes: rss, aliveBytes: heapUsed + external } satisfies Held);
      return;
    }
  }
});

async function startBenchGateway(pipeline: boolean): Promise<number> {
  if (variant === 'no-console') {
    OperatorConsole.prototype.onCallEvent = () => undefined;
    OperatorConsole.prototype.onCallLine = () => undefined;
  }
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: authTokens === '' ? 'error' : 'info',
    MAX_LOOP_DELAY_MS: '0',
    USE_PIPECAT: String(pipeline),
    USE_LOCAL_DYNAMODB: 'true',
    PUBLIC_HOST: 'bench.example.com',
    ...(authTokens === ''
      ? {}
      : { TWILIO_AUTH_TOKEN: authTokens, HOST: '127.0.0.1', HANDOVER_TOKEN_PEPPER: 'bench-pepper-0123456789' }),
  });
  const running = await startGateway(config, { providers: [providerAt(modelUrl)] });
  return running.gateway.port;
}

function providerAt(url: string | undefined): VoiceProvider {
  if (url === undefined) return new EchoProvider();
  return url === 'turns' ? new TurnsProvider() : new SocketProvider(url);
}
