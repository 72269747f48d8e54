import { MULAW_BYTES_PER_MS } from '../src/audio/chunk.js';
import { findModels } from '../src/speech/models.js';
import { Recognizer, loadSherpa } from '../src/speech/recognizer.js';
import { Segmenter, VadPool } from '../src/speech/segmenter.js';
import { SpeechDetector } from '../src/voice/speech-detector.js';
import {
  FIRST_SOUND_MS,
  type LabelledSound,
  type SoundLabel,
  hasRecordings,
  labelledSounds,
} from './labelled-sounds.js';
import { quantile } from './support/quantile.js';
import { type HeardLine, hold } from './short-sounds.js';

// The section `backchannels`: whether the length of a sound tells a caller who listens from one who interrupts.

/** The settings that are tried: sounds that are shorter only hold the answer. 0 is the gateway as it is. */
const SHORTER_THAN_MS = [0, 200, 300, 400, 500, 700, 1000];
/** Quiet after which a held answer goes on. It bridges the stop within a word and the breath in "mm-hm". */
const QUIET_MS = 200;
const SILERO_STEP_MS = 32;
const LOUDNESS_STEP_MS = 20;
/** Steps with voice in a row after which both ears say that the caller speaks: 96 and 60 ms. */
const START_STEPS = 3;
const LABELS: readonly SoundLabel[] = ['backchannel', 'noise', 'interruption'];

/** What a recogniser writes of a caller who only listens. */
const LISTENERS_WORDS =
  /^(?:(?:m+|mm+-?h+m+|h+m+|u+h+|u+m+|a+h+|o+h+|huh|uh-huh|yeah|yes|yep|yup|ya|ja|okay|ok|right|all|alright|sure|i|see|got|it|of|course|genau|so)(?: |$))+$/;

const EARS = ['silero', 'loudness'] as const;
type Ear = (typeof EARS)[number];

interface Heard {
  sound: LabelledSound;
  /** By ear: the voice activity of the embedded engine, and loudness. */
  lines: Record<Ear, HeardLine>;
  /** What the embedded engine understood of the line, an entry for each utterance. */
  texts: string[];
}

/** Plays the labelled set to both ears and prints, for each setting, which sounds would cut an answer, and when. */
export async function backchannels(): Promise<void> {
  if (!hasRecordings)
    console.log('The Debian package asterisk-core-sounds-en-wav is missing, so no person is in the set.');
  const heard = await listen(await labelledSounds());
  for (const label of LABELS) {
    const own = heard.filter(({ sound }) => sound.label === label);
    const person = own.filter(({ sound }) => isOfPerson(sound)).length;
    const lengths = own.map(({ sound }) => sound.durationMs);
    const [p5, p50, p95] = [0.05, 0.5, 0.95].map((share) => quantile(lengths, share).toFixed(0));
    console.log(
      `${label.padEnd(14)}${own.length} sounds, ${person} of them of a person; they last ${p5} / ${p50} / ${p95} ms (p5 / p50 / p95)`,
    );
  }
  for (const ear of EARS) printLengths(ear, heard);
  printWords(heard);
}

function printLengths(ear: Ear, heard: readonly Heard[]): void {
  console.log(`\n${ear}: a sound shorter than … ms only holds the answer, which goes on after ${QUIET_MS} ms of quiet`);
  console.log(
    `${'shorter'.padEnd(9)}${'cut by backchannel, of a person, noise'.padEnd(40)}${'never cut by interruption: 1–2 words, more, a person'.padEnd(56)}${'first sound → cut, p50 / p95'.padEnd(32)}held for, p50 / p95`,
  );
  for (const shorterThanMs of SHORTER_THAN_MS) {
    const outcomes = heard.map((one) => ({ ...one, ...hold(one.lines[ear], shorterThanMs, QUIET_MS) }));
    const cut = (is: (sound: LabelledSound) => boolean): string =>
      percent(
        outcomes.filter(({ sound }) => is(sound)),
        ({ cutMs }) => cutMs !== undefined,
      );
    const isListener = ({ label }: LabelledSound): boolean => label === 'backchannel';
    const cuts = [
      isListener,
      (sound: LabelledSound) => isListener(sound) && isOfPerson(sound),
      ({ label }: LabelledSound) => label === 'noise',
    ].map(cut);
    const interruptions = outcomes.filter(({ sound }) => sound.label === 'interruption');
    const missed = (is: (sound: LabelledSound) => boolean): string =>
      percent(
        interruptions.filter(({ sound }) => is(sound)),
        ({ cutMs }) => cutMs === undefined,
      );
    const shares = [isShort, (sound: LabelledSound) => !isShort(sound), isOfPerson].map(missed);
    const delays = interruptions.flatMap(({ cutMs }) => (cutMs === undefined ? [] : [cutMs - FIRST_SOUND_MS]));
    const holds = outcomes.flatMap(({ heldMs, sound }) => (sound.label === 'backchannel' ? heldMs : []));
    console.log(
      `${String(shorterThanMs).padEnd(9)}${cuts.join(', ').padEnd(40)}${shares.join(', ').padEnd(56)}${spread(delays).padEnd(32)}${spread(holds)}`,
    );
  }
}

function isOfPerson({ source }: LabelledSound): boolean {
  return source === 'person';
}

function isShort({ text }: LabelledSound): boolean {
  return text.split(' ').length <= 2;
}

function printWords(heard: readonly Heard[]): void {
  console.log('\nwords: what the embedded recogniser has written of each, once the caller was quiet for 550 ms');
  for (const label of LABELS) {
    const own = heard.filter(({ sound }) => sound.label === label);
    const isListener = ({ texts }: Heard): boolean =>
      texts.length > 0 && texts.every((text) => LISTENERS_WORDS.test(plain(text)));
    const isEmpty = ({ texts }: Heard): boolean => texts.length > 0 && texts.every((text) => text === '');
    console.log(
      `${label.padEnd(14)}not noticed ${percent(own, ({ texts }) => texts.length === 0)}, nothing ${percent(own, isEmpty)}, a listener's words ${percent(own, isListener)}`,
    );
  }
}

async function listen(sounds: readonly LabelledSound[]): Promise<Heard[]> {
  const sherpa = loadSherpa();
  const files = await findModels('tiny');
  const vads = new VadPool(sherpa, files.voiceActivity);
  const recognizer = new Recognizer(sherpa, files);
  return sounds.map((sound) => {
    const vad = vads.take();
    const voiced: boolean[] = [];
    const texts: string[] = [];
    const segmenter = new Segmenter(
      {
        acceptWaveform: (samples) => vad.acceptWaveform(samples),
        isDetected: () => {
          const isVoiced = vad.isDetected();
          voiced.push(isVoiced);
          return isVoiced;
        },
        clear: () => vad.clear(),
        reset: () => vad.reset(),
      },
      { onSpeechStarted: () => undefined, onUtterance: (mulaw) => texts.push(recognizer.transcribe(mulaw)) },
    );
    segmenter.push(sound.line);
    vads.giveBack(vad);
    return {
      sound,
      lines: { silero: { stepMs: SILERO_STEP_MS, startSteps: START_STEPS, voiced }, loudness: loudness(sound.line) },
      texts,
    };
  });
}

/** The ear notices speech after three steps with voice, which it does not show before. */
function loudness(line: Uint8Array): HeardLine {
  const voiced: boolean[] = [];
  const ear = new SpeechDetector({
    onStarted: () => voiced.fill(true, 1 - START_STEPS),
    onStopped: () => undefined,
  });
  const stepBytes = LOUDNESS_STEP_MS * MULAW_BYTES_PER_MS;
  for (let at = 0; at + stepBytes <= line.length; at += stepBytes) {
    ear.pushMulaw(line.subarray(at, at + stepBytes));
    voiced.push(ear.isSpeaking && ear.quietMs === 0);
  }
  return { stepMs: LOUDNESS_STEP_MS, startSteps: START_STEPS, voiced };
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z' -]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function percent<T>(all: readonly T[], is: (one: T) => boolean): string {
  return all.length === 0 ? '–' : `${((100 * all.filter(is).length) / all.length).toFixed(0)} %`;
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return '–';
  return `${quantile(values, 0.5).toFixed(0)} / ${quantile(values, 0.95).toFixed(0)} (n ${values.length})`;
}
