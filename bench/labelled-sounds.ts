import { existsSync, readFileSync } from 'node:fs';
import { TELEPHONE_RATE_HZ } from '../src/audio/chunk.js';
import { pcmToMulaw } from '../src/audio/g711.js';
import { halve } from '../src/audio/resample.js';
import { readTelephoneWav } from '../src/audio/wav.js';
import { type SpeechVoice, speak } from '../src/speech/flite.js';
import { NOISES, chanceOf, noise } from './made-noises.js';

/**
 * `backchannel`: a caller who listens and says so. `noise`: no words. `interruption`: a caller who wants the assistant to stop.
 */
export type SoundLabel = 'backchannel' | 'noise' | 'interruption';

export interface LabelledSound {
  label: SoundLabel;
  /** `person`: a recorded voice. `flite`: the embedded synthesiser. `code`: made by code. */
  source: 'person' | 'flite' | 'code';
  text: string;
  durationMs: number;
  /** One caller's line, mu-law at 8 kHz: quiet, the sound from {@link FIRST_SOUND_MS} on, quiet. */
  line: Uint8Array;
}

/** When the first sound of each line begins, in milliseconds of audio. */
export const FIRST_SOUND_MS = 1000;
const AFTER_MS = 1500;
const SAMPLES_A_MS = TELEPHONE_RATE_HZ / 1000;
/** Minimum amplitude that counts as sound at the edges of a recording. */
const AUDIBLE = 300;
/** Root mean square of the noise on a line: a quiet one, and one in a room with other people. */
const ROOMS = [10, 80];

/** Words of a listener. German ones are spelt as the English synthesiser reads them. */
const BACKCHANNELS = [
  'mm hmm',
  'uh huh',
  'hmm',
  'mm',
  'yeah',
  'yes',
  'okay',
  'right',
  'sure',
  'I see',
  'oh',
  'got it',
  'all right',
  'yeah yeah',
  'oh okay',
  'of course',
  'yah',
  'guh now',
  'um hum',
  'ah so',
  'yah yah',
];

/** What callers say who want the assistant to stop. The first ones are one word long, as many of them are. */
const INTERRUPTIONS = [
  'stop',
  'wait',
  'no',
  'what?',
  'agent',
  'operator',
  'help',
  'hello?',
  'sorry?',
  'pardon?',
  'hold on',
  'human',
  'nine',
  'hult',
  'excuse me',
  'no, wait',
  'stop, please',
  'hang on a second',
  'that is wrong',
  'not that one',
  'can you repeat that?',
  'I want to speak to a human agent',
  'no, I meant the other order',
  'what are your opening hours?',
  'that is not what I asked',
  'can we start again from the beginning?',
  'yes, but I have another question',
  'okay, and what does it cost?',
  'my order number is four seven one one',
];

const VOICES: readonly SpeechVoice[] = ['slt', 'rms', 'awb'];
const RATES = [1, 1.25];
const NOISE_SEEDS = [1, 2, 3, 4];

/** Of the Debian package asterisk-core-sounds-en-wav (Allison Smith, CC BY-SA). It is used here and shipped nowhere. */
const RECORDINGS = '/usr/share/asterisk/sounds/en_US_f_Allison';
/** `parts`: recordings that make the words, one after the other. `hum`: only the end of it, which is an [m]. */
const PERSON: readonly { label: SoundLabel; text: string; parts: readonly string[]; hum?: boolean }[] = [
  { label: 'backchannel', text: 'mm', parts: ['letters/m'], hum: true },
  { label: 'backchannel', text: 'mm-hm', parts: ['letters/m', 'letters/m'], hum: true },
  { label: 'backchannel', text: 'oh', parts: ['digits/oh'] },
  { label: 'backchannel', text: 'oh', parts: ['letters/o'] },
  { label: 'backchannel', text: 'okay', parts: ['letters/o', 'letters/k'] },
  { label: 'backchannel', text: 'I see', parts: ['letters/i', 'letters/c'] },
  { label: 'backchannel', text: 'oh, I see', parts: ['digits/oh', 'letters/i', 'letters/c'] },
  { label: 'backchannel', text: 'thank you', parts: ['auth-thankyou'] },
  { label: 'backchannel', text: 'thank you', parts: ['privacy-thankyou'] },
  ...[
    ['vm-no', 'no'],
    ['hello', 'hello'],
    ['letters/y', 'why'],
    ['digits/2', 'two'],
    ['digits/7', 'seven'],
    ['digits/0', 'zero'],
    ['sorry', 'sorry'],
    ['im-sorry', "I'm sorry"],
    ['goodbye', 'goodbye'],
    ['cancelled', 'cancelled'],
    ['please-try-again', 'please try again'],
    ['one-moment-please', 'one moment please'],
    ['do-not-disturb', 'do not disturb'],
    ['telephone-number', 'telephone number'],
    ['something-terribly-wrong', 'something is terribly wrong'],
    ['sorry-youre-having-problems', "sorry you're having problems"],
    ['check-number-dial-again', 'check the number and dial again'],
    ['cannot-complete-as-dialed', 'cannot be completed as dialled'],
    ['please-try-call-later', 'please try your call later'],
    ['info-about-last-call', 'information about your last call'],
    ['number-not-answering', 'that number is not answering'],
    ['pls-hold-while-try', 'please hold while I try'],
    ['vm-nobodyavail', 'nobody is available'],
    ['invalid', 'that is not valid'],
  ].map(([file = '', text = '']) => ({ label: 'interruption' as const, text, parts: [file] })),
];

export const hasRecordings = existsSync(RECORDINGS);

/** Makes the set: each sound on each kind of line. Without the recordings, what a person said is missing. */
export async function labelledSounds(): Promise<LabelledSound[]> {
  const sounds: (Omit<LabelledSound, 'line' | 'durationMs'> & { pcm: Int16Array })[] = [];
  for (const [label, texts] of [
    ['backchannel', BACKCHANNELS],
    ['interruption', INTERRUPTIONS],
  ] as const) {
    for (const text of texts) {
      for (const voice of VOICES) {
        for (const rate of RATES) {
          sounds.push({ label, source: 'flite', text, pcm: trimmed(halve(await speak(text, voice, rate))) });
        }
      }
    }
  }
  for (const text of NOISES) {
    for (const seed of NOISE_SEEDS) sounds.push({ label: 'noise', source: 'code', text, pcm: noise(text, seed) });
  }
  for (const { hum = false, label, parts, text } of hasRecordings ? PERSON : []) {
    sounds.push({ label, source: 'person', text, pcm: recorded(parts, hum) });
  }
  return sounds.flatMap(({ pcm, ...sound }, index) =>
    ROOMS.map((level) => ({ ...sound, durationMs: pcm.length / SAMPLES_A_MS, line: lineOf(pcm, level, index) })),
  );
}

function recorded(parts: readonly string[], hum: boolean): Int16Array {
  const pieces = parts.map((part) => {
    const pcm = trimmed(readTelephoneWav(readFileSync(`${RECORDINGS}/${part}.wav`)));
    return hum ? pcm.subarray(Math.floor(pcm.length * 0.55)) : pcm;
  });
  // A hummed "mm-hm" has a breath between its two halves.
  const gap = Array.from({ length: hum ? 70 * SAMPLES_A_MS : 0 }, () => 0);
  return Int16Array.from(pieces.flatMap((piece, index) => (index === 0 ? [...piece] : [...gap, ...piece])));
}

function trimmed(pcm: Int16Array): Int16Array {
  const isAudible = (sample: number): boolean => Math.abs(sample) >= AUDIBLE;
  return pcm.subarray(Math.max(0, pcm.findIndex(isAudible)), pcm.findLastIndex(isAudible) + 1);
}

function lineOf(pcm: Int16Array, noiseLevel: number, seed: number): Uint8Array {
  const chance = chanceOf(seed);
  const lead = FIRST_SOUND_MS * SAMPLES_A_MS;
  const whole = Int16Array.from({ length: lead + pcm.length + AFTER_MS * SAMPLES_A_MS }, (_, at) => {
    // Even noise from -1 to 1 has a root mean square of 1 / sqrt(3).
    const value = (pcm[at - lead] ?? 0) + chance() * noiseLevel * Math.sqrt(3);
    return Math.max(-32768, Math.min(32767, Math.round(value)));
  });
  return pcmToMulaw(whole);
}
