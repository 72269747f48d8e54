import { Session } from 'node:inspector/promises';
import { PerformanceObserver } from 'node:perf_hooks';
import { readConfig } from '../../src/config/config.js';
import { startBareRelay } from '../bare-relay.js';
import { PUBLIC_HOST } from './carrier.js';
import { AUTH_TOKEN, type Counted, type SubjectQuestion } from './subject.js';

/**
 * The subject, `subject-process.js KIND MODEL_URL`: the bare relay, the gateway as it runs in production, or the transport of OpenAI's
 * Agents SDK. It sends its port, then answers questions about itself.
 */
const [, , kind = '', modelUrl = ''] = process.argv;

const pausesMs: number[] = [];
const collections = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) pausesMs.push(duration);
});
collections.observe({ entryTypes: ['gc'] });

process.send?.({ port: await startSubject() });
process.once('disconnect', () => process.exit(1));

const inspector = new Session();
inspector.connect();

let since = process.cpuUsage();
process.on('message', (question: SubjectQuestion) => {
  switch (question) {
    case 'start-counting':
      pausesMs.length = 0;
      since = process.cpuUsage();
      process.send?.({});
      return;
    case 'counted': {
      const { user, system } = process.cpuUsage(since);
      process.send?.({ cpuMs: (user + system) / 1000, systemMs: system / 1000, pausesMs } satisfies Counted);
      return;
    }
    case 'held':
      globalThis.gc?.();
      process.send?.({ residentBytes: process.memoryUsage.rss() });
      return;
    case 'start-profile':
      void startProfile().then(() => process.send?.({}));
      return;
    case 'profile':
      void inspector.post('Profiler.stop').then(({ profile }) => process.send?.(profile));
      return;
  }
});

async function startProfile(): Promise<void> {
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.setSamplingInterval', { interval: 200 });
  await inspector.post('Profiler.start');
}

async function startSubject(): Promise<number> {
  switch (kind) {
    case 'relay':
      return startBareRelay(modelUrl);
    case 'agents': {
      const { startAgents } = await import('./agents.js');
      return startAgents(modelUrl);
    }
    default:
      return startGatewayOf(kind === 'pipeline');
  }
}

async function startGatewayOf(pipeline: boolean): Promise<number> {
  const { startGateway } = await import('../../src/app/start-gateway.js');
  const config = readConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    PUBLIC_HOST,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    HANDOVER_TOKEN_PEPPER: 'bench-pepper-0123456789',
    USE_LOCAL_DYNAMODB: 'true',
    USE_PIPECAT: String(pipeline),
    VOICE_PROVIDER: 'openai',
    OPENAI_API_KEY: 'sk-bench',
    OPENAI_BASE_URL: `${modelUrl.replace(/^ws/, 'http')}/v1`,
    MAX_CONCURRENT_CALLS: '2000',
    // A busy machine would send callers to a human, and the benchmark would have none.
    MAX_LOOP_DELAY_MS: '0',
  });
  const { gateway } = await startGateway(config);
  return gateway.port;
}
