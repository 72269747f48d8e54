// Prints how loud the embedded voices are, and recorded prompts of a person where the Debian package
// asterisk-core-sounds-en-wav is installed. dBFS of the active speech, as telephone audio. Needs a build.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mulawToPcm, pcmToMulaw } from '../dist/src/audio/g711.js';
import { rms } from '../dist/src/audio/level.js';
import { readTelephoneWav } from '../dist/src/audio/wav.js';
import { openSpeechEngine } from '../dist/src/speech/engine.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const SENTENCES = [
  'Hello, thank you for calling. How can I help you today?',
  'We are open Monday to Friday, from nine in the morning until six in the evening.',
  'I am connecting you with a colleague now. One moment, please.',
  'What is your order number?',
];
const FRAME = 160;
/** A frame is active if it is at most this far below the loudest one. */
const RANGE_DB = 30;

function activeLevel(recordings) {
  const frames = recordings.flatMap((pcm) =>
    Array.from({ length: Math.floor(pcm.length / FRAME) }, (_, index) =>
      rms(pcm.subarray(index * FRAME, (index + 1) * FRAME)),
    ),
  );
  const least = Math.max(...frames) / 10 ** (RANGE_DB / 20);
  const active = frames.filter((level) => level >= least);
  const power = active.reduce((sum, level) => sum + level * level, 0) / active.length;
  return 10 * Math.log10(power / 32768 ** 2);
}

const engine = await openSpeechEngine();
for (const voice of ['slt', 'rms', 'awb']) {
  const spoken = [];
  for (const sentence of SENTENCES) spoken.push(mulawToPcm(await engine.synthesize(sentence, { voice })));
  console.log(`${voice.padEnd(8)} ${activeLevel(spoken).toFixed(1)} dBFS`);
}
await engine.close();
if (existsSync(SOUNDS)) {
  const files = readdirSync(SOUNDS).filter((file) => /^(?:vm|conf|agent|queue|demo)-.*\.wav$/.test(file));
  const spoken = files.map((file) => mulawToPcm(pcmToMulaw(readTelephoneWav(readFileSync(`${SOUNDS}/${file}`)))));
  console.log(`person   ${activeLevel(spoken).toFixed(1)} dBFS, ${files.length} prompts`);
}
