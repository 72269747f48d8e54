import { open } from 'node:fs/promises';
import { systemClock } from '../src/base/clock.js';
import { settingOf } from '../src/base/environment.js';
import { isTandemError } from '../src/base/errors.js';
import { useDotEnv } from '../src/process/dot-env.js';
import { openSpeechEngine } from '../src/speech/engine.js';
import { USAGE, UsageError, readActs, readCallOptions, readRecordings } from './caller/call-options.js';
import { readHealth } from './caller/gateway-health.js';
import { placeCall } from './caller/place-call.js';

/** The pepper of a gateway in local mode; see src/handover/token.ts. */
const LOCAL_MODE_PEPPER = 'tandem-local-mode-only';

async function main(): Promise<number> {
  const options = readCallOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  useDotEnv(process.env);
  const recordings = await readRecordings(options);
  if (options.record !== undefined) await checkWritable(options.record);
  const health = await readHealth(options.gateway);
  const engine = await openSpeechEngine();
  // Between two connections a call consists of timers only, which do not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const acts = await readActs(options, recordings, (text) => engine.synthesize(text, { voice: 'rms' }));
    const report = await placeCall(options, acts, {
      health,
      engine,
      clock: systemClock,
      authToken: settingOf(process.env, 'TWILIO_AUTH_TOKEN')?.split(',')[0]?.trim() || undefined,
      accountSid: settingOf(process.env, 'TWILIO_ACCOUNT_SID') ?? `AC${'0'.repeat(32)}`,
      pepper: settingOf(process.env, 'HANDOVER_TOKEN_PEPPER') ?? LOCAL_MODE_PEPPER,
      write: (line) => {
        if (!options.json) console.log(line);
      },
      // The first Ctrl-C hangs up, the second exits at once.
      onCall: (call) => process.once('SIGINT', () => call.hangup()),
    });
    if (report.hint !== undefined) console.error(`Hint: ${report.hint}`);
    if (options.json) console.log(report.toJson());
    return report.exitCode;
  } finally {
    await engine.close();
    clearInterval(alive);
  }
}

async function checkWritable(path: string): Promise<void> {
  try {
    await (await open(path, 'a')).close();
  } catch (error) {
    throw new UsageError(`--record ${path} cannot be written: ${(error as Error).message}`);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof UsageError || isTandemError(error);
    console.error(known ? error.message : error);
    process.exit(known ? 2 : 1);
  },
);
