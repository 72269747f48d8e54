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
import { quantile } from './quantile.js';
import { type HeardLine, type Outcome, hold } from './short-sounds.js';

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

interface Heard {
  sound: LabelledSound;
  /** By ear: the voice activity of the embedded engine, and loudness. */
  lines: Record<'silero' | 'loudness', HeardLine>;
  /** What the embedded engine understood of the line, an entry for each utterance. */
  texts: string[];
}

export async function backchannels(): Promise<void> {
  if (!hasRecordings)
    console.log('The package asterisk-core-sounds-en-wav is missing, so no recorded person is in the set.');
  const heard = await listen(await labelledSounds());
  for (const label of LABELS) {
    const own = heard.filter(({ sound }) => sound.label === label);
    const person = own.filter(({ sound }) => sound.source === 'person').length;
    console.log(`${label}: ${own.length} sounds, ${person} of them of a recorded person`);
  }
  for (const ear of ['silero', 'loudness'] as const) printLengths(ear, heard);
  printWords(heard);
}

function printLengths(ear: 'silero' | 'loudness', heard: readonly Heard[]): void {
  console.log(
    `\n${ear}: sounds shorter than … ms hold the answer; the line is quiet for ${QUIET_MS} ms before it goes on`,
  );
  console.log(
    'shorter    cut: backchannel  noise  | interruption never cut (person) | cut after its first sound p50 / p95 | an answer held for p50 / p95',
  );
  for (const shorterThanMs of SHORTER_THAN_MS) {
    const outcomes = heard.map(({ lines, sound }) => ({ sound, ...hold(lines[ear], shorterThanMs, QUIET_MS) }));
    const of = (label: SoundLabel, source?: string): (Outcome & { sound: LabelledSound })[] =>
      outcomes.filter(({ sound }) => sound.label === label && (source === undefined || sound.source === source));
    const cut = (label: SoundLabel): string => percent(of(label), ({ cutMs }) => cutMs !== undefined);
    const missed = percent(of('interruption'), ({ cutMs }) => cutMs === undefined);
    const missedOfPerson = percent(of('interruption', 'person'), ({ cutMs }) => cutMs === undefined);
    const delays = of('interruption').flatMap(({ cutMs }) => (cutMs === undefined ? [] : [cutMs - FIRST_SOUND_MS]));
    const holds = of('backchannel').flatMap(({ heldMs }) => heldMs);
    console.log(
      `${String(shorterThanMs).padStart(7)}    ${cut('backchannel').padStart(16)} ${cut('noise').padStart(6)}  | ${missed.padStart(22)} (${missedOfPerson}) | ${spread(delays).padStart(36)} | ${spread(holds)}`,
    );
  }
}

function printWords(heard: readonly Heard[]): void {
  console.log('\nwords: what the embedded recogniser writes decides, once the utterance is over');
  for (const label of LABELS) {
    const own = heard.filter(({ sound }) => sound.label === label);
    const noticed = own.filter(({ texts }) => texts.length > 0);
    const isListener = ({ texts }: Heard): boolean => texts.every((text) => LISTENERS_WORDS.test(plain(text)));
    console.log(
      `${label.padEnd(13)} noticed ${percent(own, ({ texts }) => texts.length > 0)}, of these: nothing written ${percent(noticed, ({ texts }) => texts.every((text) => text === ''))}, a listener's words ${percent(noticed, isListener)}`,
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
