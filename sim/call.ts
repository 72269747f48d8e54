import { type Input, UsageError, defineCommand, isEntry, runCommand } from '../src/process/command-line.js';
import { systemClock } from '../src/base/clock.js';
import { settingOf } from '../src/base/environment.js';
import { isTandemError } from '../src/base/errors.js';
import { painter } from '../src/base/terminal.js';
import { type SpeechEngine, openSpeechEngine } from '../src/speech/engine.js';
import { CALL_OPTIONS, DEFAULT_SAY, readActs, readCallOptions, readRecordings } from './caller/call-options.js';
import { checkWritable } from './caller/check-writable.js';
import { readHealth } from './caller/gateway-health.js';
import { placeCall } from './caller/place-call.js';

/** The pepper of a gateway in local mode; see src/handover/token.ts. */
const LOCAL_MODE_PEPPER = 'tandem-local-mode-only';

async function main(input: Input<typeof CALL_OPTIONS>): Promise<number> {
  const options = readCallOptions(input);
  const recordings = await readRecordings(options);
  if (options.record !== undefined) await checkWritable('record', options.record);
  const health = await readHealth(options.gateway, input.shown);
  const engine = await openEngine();
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
      paint: painter(process.stdout, process.env),
      // The first Ctrl-C hangs up, the second exits at once.
      onCall: (call) => process.once('SIGINT', () => call.hangup()),
    });
    if (report.hint !== undefined) console.error(`Hint: ${report.hint}`);
    if (options.json) console.log(report.toJson());
    return report.exitCode;
  } finally {
    await engine.close();
  }
}

/** @throws UsageError, because without an engine no call can be placed */
async function openEngine(): Promise<SpeechEngine> {
  try {
    return await openSpeechEngine();
  } catch (error) {
    throw isTandemError(error) ? new UsageError(error.message) : error;
  }
}

export const command = defineCommand({
  name: 'call',
  does: `Places one simulated call against a running gateway, as Twilio would. --say, --wav, --interrupt and --press can be repeated and happen in the order given. Without any of them the caller asks “${DEFAULT_SAY}”`,
  options: CALL_OPTIONS,
  examples: [
    '--say "What are your opening hours?" --say "I want to speak to a human agent"',
    '--say "Where is my order?" --interrupt "Never mind" --press 0 --record heard.wav',
    '--wav docs/question.wav --gateway http://127.0.0.1:8000 --json',
  ],
  notes: `TWILIO_AUTH_TOKEN signs the requests; it must be the gateway's. TWILIO_ACCOUNT_SID names the account.
HANDOVER_TOKEN_PEPPER, with the gateway's value, lets the simulated agent see the handover's context.
NODE_EXTRA_CA_CERTS names the authority of a certificate that is not publicly trusted.

Exit code: 0 the call went as the caller meant it to, 1 it did not (refused, failed, unanswered, cut short, or over
the limit; a hint says which), 2 it could not be placed.`,
  run: main,
});

if (isEntry(import.meta.url)) void runCommand(command);
