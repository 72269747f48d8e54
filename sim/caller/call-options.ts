import { readFile } from 'node:fs/promises';
import { pcmToMulaw } from '../../src/audio/g711.js';
import { readTelephoneWav } from '../../src/audio/wav.js';
import { type Input, UsageError } from '../../src/process/command-line.js';
import type { CallerAct } from './caller.js';

export const DEFAULT_SAY = 'What are your opening hours?';

/** The options of the command. */
export const CALL_OPTIONS = {
  say: {
    type: 'string',
    value: '"text"',
    multiple: true,
    about: 'the caller says this after the assistant has finished',
  },
  wav: {
    type: 'string',
    value: 'file',
    multiple: true,
    about: 'the caller plays a recording then, a WAV of any rate, PCM or mu-law',
  },
  interrupt: {
    type: 'string',
    value: '"text"',
    multiple: true,
    about: `the caller interrupts the assistant's next answer with this`,
  },
  press: { type: 'string', value: 'keys', multiple: true, about: 'the caller presses keys: 0-9 * #' },
  gateway: {
    type: 'string',
    value: 'url',
    default: 'http://127.0.0.1:8000',
    about: `the gateway's address, http or https`,
  },
  'public-host': {
    type: 'string',
    value: 'host',
    about: `the host that Twilio signs for (default: the one of the gateway's /health, else that of --gateway)`,
  },
  'voice-url': {
    type: 'string',
    value: 'url',
    about: 'the incoming-call webhook (default: https://<public host>/twilio/voice)',
  },
  from: { type: 'string', value: 'number', default: '+12025550123', about: `the caller's number` },
  to: { type: 'string', value: 'number', default: '+12065550199', about: 'the number called' },
  limit: { type: 'string', value: 'seconds', default: '300', about: 'hangs up after this time' },
  stay: {
    type: 'boolean',
    about: 'stays on the line when everything is done, until the other side or the limit ends the call',
  },
  record: { type: 'string', value: 'file', about: 'writes what the caller hears as a WAV' },
  verbose: { type: 'boolean', about: `tells every step of the simulated Connect's flow` },
  json: { type: 'boolean', about: 'writes one JSON object and nothing else to standard output' },
} as const;

export interface CallOptions {
  gateway: URL;
  publicHost: string | undefined;
  voiceUrl: string | undefined;
  from: string;
  to: string;
  limitMs: number;
  /** Whether the caller stays on the line when everything is done. */
  stay: boolean;
  record: string | undefined;
  json: boolean;
  /** Whether every step of the simulated Connect's flow is told. */
  verbose: boolean;
  /** The caller's acts, as written on the command line. */
  acts: readonly { kind: 'say' | 'wav' | 'interrupt' | 'press'; value: string }[];
}

/** Checks the options. @throws UsageError */
export function readCallOptions({ inOrder, values }: Input<typeof CALL_OPTIONS>): CallOptions {
  const { from, gateway, json, limit, record, stay, to, verbose } = values;
  if (!URL.canParse(gateway) || !/^https?:$/.test(new URL(gateway).protocol))
    throw new UsageError(`--gateway ${gateway} is not a URL that begins with http:// or https://.`);
  const voiceUrl = values['voice-url'];
  if (voiceUrl !== undefined && (!URL.canParse(voiceUrl) || new URL(voiceUrl).protocol !== 'https:'))
    throw new UsageError(`--voice-url ${voiceUrl} is not a URL that begins with https://; Twilio signs for that.`);
  if (!(Number(limit) > 0)) throw new UsageError(`--limit ${limit} is not a number of seconds.`);
  const acts = inOrder.flatMap(({ name, value }) => actOf(name, value));
  return {
    gateway: new URL(gateway),
    publicHost: values['public-host'],
    voiceUrl,
    from,
    to,
    limitMs: Number(limit) * 1000,
    stay,
    record,
    json,
    verbose,
    acts: acts.length > 0 ? acts : [{ kind: 'say', value: DEFAULT_SAY }],
  };
}

function actOf(name: string, value: string): CallOptions['acts'] {
  switch (name) {
    case 'press':
      if (!/^[0-9*#A-D]+$/.test(value)) throw new UsageError(`--press ${value}: keys are 0-9, * and #.`);
      return [{ kind: name, value }];
    case 'say':
    case 'wav':
    case 'interrupt':
      return [{ kind: name, value }];
    default:
      return [];
  }
}

/** Reads the recordings of the options, by file. @throws UsageError */
export async function readRecordings({ acts }: CallOptions): Promise<Map<string, Uint8Array>> {
  const recordings = new Map<string, Uint8Array>();
  for (const { kind, value } of acts) if (kind === 'wav') recordings.set(value, await readAudio(value));
  return recordings;
}

/** Returns the acts with their audio. `speak` synthesizes those that are not recordings. */
export async function readActs(
  { acts }: CallOptions,
  recordings: ReadonlyMap<string, Uint8Array>,
  speak: (text: string) => Promise<Uint8Array>,
): Promise<CallerAct[]> {
  const ready: CallerAct[] = [];
  for (const { kind, value } of acts) {
    if (kind === 'press') ready.push({ what: { digits: value }, when: 'after-reply' });
    else {
      const audio = kind === 'wav' ? recordings.get(value) : await speak(value);
      if (audio !== undefined)
        ready.push({ what: { audio, label: value }, when: kind === 'interrupt' ? 'interrupt' : 'after-reply' });
    }
  }
  return ready;
}

async function readAudio(path: string): Promise<Uint8Array> {
  try {
    return pcmToMulaw(readTelephoneWav(await readFile(path)));
  } catch (error) {
    throw new UsageError(`--wav ${path} cannot be used: ${(error as Error).message}`);
  }
}
