import { readConfig } from '../src/config/config.js';
import { startGateway } from '../src/app/start-gateway.js';
import type { VoiceProvider } from '../src/voice/session.js';
import { startBareRelay } from './bare-relay.js';
import { EchoProvider } from './echo-provider.js';
import { LoopDelay } from './loop-delay.js';
import type { Counted, Held, Question } from './questions.js';
import { SocketProvider } from './socket-provider.js';
import { Stopwatch } from './stopwatch.js';

/**
 * The measured process, `server.js VARIANT MODEL_URL AUTH_TOKENS`: a bare relay or a gateway. Its model is at MODEL_URL, or an
 * echo inside the process if that is empty. With AUTH_TOKENS it checks signatures and watches its event loop. It sends its
 * port, then answers questions about itself.
 */
const [, , variant = 'pipeline', modelArgument = '', authTokens = ''] = process.argv;
const modelUrl = modelArgument === '' ? undefined : modelArgument;
const loopDelay = authTokens === '' ? undefined : new LoopDelay();
const stopwatch = new Stopwatch();
stopwatch.install();
const port = variant === 'relay' ? await startBareRelay(modelUrl) : await startBenchGateway(variant === 'pipeline');
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
  const provider: VoiceProvider = modelUrl === undefined ? new EchoProvider() : new SocketProvider(modelUrl);
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
  const running = await startGateway(config, { providers: [provider] });
  return running.gateway.port;
}
