import { systemClock } from '../src/base/clock.js';
import { readConfig } from '../src/config/config.js';
import { createLogger } from '../src/telemetry/log.js';
import { startGateway } from '../src/app/start-gateway.js';
import { createLocalProvider } from '../src/voice/local/provider.js';
import { type Note, TimedProvider } from './timed-provider.js';

/** What the process of `speech-gateway.js` sends: its port, then which call has which session, and when each speaks. */
export type SpeechReport = { port: number } | { callSid: string; session: number } | Note;

// This process is a gateway with the embedded voice.
const tell = (report: SpeechReport): void => void process.send?.(report);
const config = readConfig({
  PORT: '0',
  LOG_LEVEL: 'error',
  VOICE_PROVIDER: 'local',
  USE_LOCAL_DYNAMODB: 'true',
  PUBLIC_HOST: 'bench.example.com',
});
const log = createLogger({ level: 'error' });
const provider = new TimedProvider(createLocalProvider({ ...config.local, log, clock: systemClock }), tell);
const running = await startGateway(config, { providers: [provider] });
// A call opens its session before it emits `started`.
running.gateway.watch((event) => {
  if (event.type === 'started') tell({ callSid: event.callSid, session: provider.opened });
});
process.once('disconnect', () => process.exit(1));
tell({ port: running.gateway.port });
