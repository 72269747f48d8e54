import { mulawRms } from '../src/audio/level.js';
import { openSpeechEngine } from '../src/speech/engine.js';
import { Carrier } from '../sim/twilio/carrier.js';
import { spreadOf } from './support/quantile.js';
import { PARTS, SpeechProcess } from './speech-process.js';
import { type SpokenCall, speak } from './spoken-call.js';

// The section `speech`: how long a caller of the embedded voice waits.

const QUESTIONS = [
  'What are your opening hours?',
  'Where can I find you?',
  'Can I return something that I bought?',
  'How much is the delivery?',
];
const ONE_AFTER_ANOTHER = 6;
const AT_ONCE = 4;
const TIMES_AT_ONCE = 2;
const FRAME_BYTES = 160;
/** Minimum loudness of a frame with speech. The synthesiser adds silence at the end, which a person does not. */
const SPEECH_LEVEL = 250;

/** Measures how long a caller of the embedded voice waits, and for what. */
export async function speech(): Promise<void> {
  const questions = await synthesized(QUESTIONS);
  const gateway = await SpeechProcess.start();
  const carrier = new Carrier({
    accountSid: `AC${'0'.repeat(32)}`,
    resolve: () => `http://127.0.0.1:${gateway.port}`,
  });
  let asked = 0;
  const placeCall = (): Promise<SpokenCall> => {
    const question = questions[asked++ % questions.length] as Uint8Array;
    const call = carrier.placeCall({
      from: '+12025550123',
      to: '+12065550199',
      voiceUrl: 'https://bench.example.com/twilio/voice',
    });
    return speak(call, question);
  };
  try {
    // The first call of a process runs cold and is not counted.
    await placeCall();
    const single: SpokenCall[] = [];
    for (let i = 0; i < ONE_AFTER_ANOTHER; i++) single.push(await placeCall());
    const crowd: SpokenCall[] = [];
    for (let i = 0; i < TIMES_AT_ONCE; i++) {
      crowd.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => placeCall()))));
    }
    console.log('How long a caller waits, in ms, p50 / p95, up to the next 20 ms frame at the carrier:');
    console.log(HEADING);
    console.log(row('one after another', single, gateway));
    console.log(row(`${AT_ONCE} at once`, crowd, gateway));
  } finally {
    carrier.close();
    await gateway.stop();
  }
}

const HEADING =
  '| calls | n | start of the stream → greeting | end of speech → answer | of which detector silence | recognition | reply and synthesis | way out |\n' +
  '|---|---|---|---|---|---|---|---|';

function row(label: string, calls: readonly SpokenCall[], gateway: SpeechProcess): string {
  const parts = calls.map((call) => gateway.partsOf(call)).filter((one) => one !== undefined);
  const cells = [
    calls.map(({ greetedMs, streamStartedMs }) => greetedMs - streamStartedMs),
    calls.map(({ answeredMs, askedMs }) => answeredMs - askedMs),
    ...PARTS.map((name) => parts.map((part) => part[name])),
  ].map((samples) => {
    const { p50, p95 } = spreadOf(samples);
    return `${p50.toFixed(0)} / ${p95.toFixed(0)}`;
  });
  return `| ${[label, calls.length, ...cells].join(' | ')} |`;
}

/** Resolves with the questions as mu-law that ends with the last sound. */
async function synthesized(texts: readonly string[]): Promise<Uint8Array[]> {
  const engine = await openSpeechEngine();
  const spoken: Uint8Array[] = [];
  for (const text of texts) spoken.push(withoutQuietEnd(await engine.synthesize(text, { voice: 'rms' })));
  await engine.close();
  return spoken;
}

function withoutQuietEnd(mulaw: Uint8Array): Uint8Array {
  let end = mulaw.length - (mulaw.length % FRAME_BYTES);
  while (end > FRAME_BYTES && mulawRms(mulaw.subarray(end - FRAME_BYTES, end)) < SPEECH_LEVEL) end -= FRAME_BYTES;
  return mulaw.subarray(0, end);
}
