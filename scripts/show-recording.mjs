// Makes what the documents show of a recording of `npm run demo -- --record demo.wav`:
//   node scripts/show-recording.mjs demo.wav docs/demo [SECOND=NOTE]…   writes docs/demo.wav and docs/demo.svg
// The WAV is mu-law, as on the telephone, so half as large. In it, pauses in which both sides are silent are shortened.
import { readFileSync, writeFileSync } from 'node:fs';
import { pcmToMulaw } from '../dist/src/audio/g711.js';

const HEADER_BYTES = 44;
const RATE_HZ = 8000;
const FRAME = 160;
/** Maximum amplitude of a frame that counts as silent. */
const SILENT = 300;
/** A pause of more than 1.5 s becomes one of 0.6 s. */
const [LONG_PAUSE_FRAMES, SHORT_PAUSE_FRAMES] = [75, 30];

const [input, output, ...notes] = process.argv.slice(2);
if (input === undefined || output === undefined) {
  console.error('node scripts/show-recording.mjs RECORDING.wav OUTPUT [SECOND=NOTE]…   (OUTPUT without an ending)');
  process.exit(2);
}
const [caller, assistant] = shortened(readStereo(readFileSync(input)));
writeFileSync(`${output}.wav`, mulawWav([caller, assistant]));
writeFileSync(`${output}.svg`, waveform([caller, assistant]));
console.log(`${output}.wav and ${output}.svg: ${(caller.length / RATE_HZ).toFixed(1)} s`);

function readStereo(file) {
  if (file.readUInt16LE(22) !== 2 || file.readUInt32LE(24) !== RATE_HZ || file.readUInt16LE(34) !== 16) {
    throw new Error('The recording is not stereo with 16 bits at 8 kHz.');
  }
  const samples = new Int16Array(file.buffer.slice(file.byteOffset + HEADER_BYTES, file.byteOffset + file.length));
  return [0, 1].map((channel) => samples.filter((_, index) => index % 2 === channel));
}

/** Cuts only pauses that are long, so that those before an answer stay as they are. */
function shortened(channels) {
  const kept = channels.map(() => []);
  let pause = [];
  const keep = (frames) => frames.forEach((frame, channel) => kept[channel].push(...frame));
  const endPause = () => {
    for (const frames of pause.length > LONG_PAUSE_FRAMES ? pause.slice(0, SHORT_PAUSE_FRAMES) : pause) keep(frames);
    pause = [];
  };
  for (let at = 0; at < channels[0].length; at += FRAME) {
    const frames = channels.map((channel) => channel.subarray(at, at + FRAME));
    if (frames.every((frame) => frame.every((sample) => Math.abs(sample) < SILENT))) pause.push(frames);
    else {
      endPause();
      keep(frames);
    }
  }
  return kept.map((samples) => Int16Array.from(samples));
}

/** A WAV file of format 7, G.711 mu-law (RFC 2361). */
function mulawWav(channels) {
  const encoded = channels.map(pcmToMulaw);
  const data = Buffer.alloc(encoded[0].length * 2);
  encoded.forEach((bytes, channel) => bytes.forEach((byte, index) => data.writeUInt8(byte, 2 * index + channel)));
  const header = Buffer.alloc(58);
  header.write('RIFF', 0);
  header.writeUInt32LE(50 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(7, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(RATE_HZ, 24);
  header.writeUInt32LE(RATE_HZ * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(8, 34);
  header.write('fact', 38);
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(encoded[0].length, 46);
  header.write('data', 50);
  header.writeUInt32LE(data.length, 54);
  return Buffer.concat([header, data]);
}

function waveform(channels) {
  const [width, left, lane, top] = [880, 76, 70, 8];
  const columns = width - left - 18;
  const height = top + 2 * lane + 46;
  const seconds = channels[0].length / RATE_HZ;
  const x = (second) => (left + (second / seconds) * columns).toFixed(1);
  const bars = (samples, middle) => {
    const step = samples.length / columns;
    const path = [];
    for (let column = 0; column < columns; column++) {
      let peak = 0;
      for (let at = Math.floor(column * step); at < (column + 1) * step; at++) {
        peak = Math.max(peak, Math.abs(samples[at] ?? 0));
      }
      const half = Math.max(0.5, (Math.min(1, peak / 24_000) * (lane - 8)) / 2);
      path.push(`M${left + column} ${(middle - half).toFixed(1)}V${(middle + half).toFixed(1)}`);
    }
    return path.join('');
  };
  const said = notes.map((note) => note.split('='));
  const ticks = Array.from({ length: Math.floor(seconds / 5) + 1 }, (_, index) => index * 5);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">
<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>
<g fill="#444c56"><text x="12" y="${top + lane / 2 + 4}">caller</text><text x="12" y="${top + lane * 1.5 + 4}">answers</text></g>
<path d="${bars(channels[0], top + lane / 2)}" stroke="#1f6feb"/>
<path d="${bars(channels[1], top + lane * 1.5)}" stroke="#1a7f37"/>
<g fill="#24292f" font-size="11">${said.map(([second, note]) => `<text x="${x(Number(second))}" y="${height - 28}">${note}</text>`).join('')}</g>
<g fill="#6e7781" font-size="11" text-anchor="middle">${ticks.map((tick) => `<text x="${x(tick)}" y="${height - 8}">${tick} s</text>`).join('')}</g>
</svg>
`;
}
