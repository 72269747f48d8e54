import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pcmToMulaw } from '../../src/audio/g711.js';
import { readTelephoneWav } from '../../src/audio/wav.js';
import type { CallerAct } from './caller.js';

const DEFAULT_SAY = 'What are your opening hours?';
const DEFAULT_LIMIT_SECONDS = '300';

export const USAGE = `Places one simulated call against a running gateway, as Twilio would.

  npm run call -- [--say "text" | --wav file | --interrupt "text" | --press keys]…   in the order of the call

  --say text        the caller says this after the assistant has finished
  --wav file        the caller plays a recording then, a WAV of any rate, PCM or mu-law
  --interrupt text  the caller interrupts the assistant's next answer with this
  --press keys      the caller presses keys: 0-9 * #
                    (without any of these: --say "${DEFAULT_SAY}")
  --gateway url     the gateway's address, http or https; default http://127.0.0.1:8000
  --public-host h   the host that Twilio signs for; default: the one of its /health, else that of --gateway
  --voice-url url   the incoming-call webhook; default https://<public host>/twilio/voice
  --from, --to n    the two phone numbers
  --limit seconds   hangs up after this time; default ${DEFAULT_LIMIT_SECONDS}
  --record file     writes what the caller hears as a WAV
  --verbose         tells every step of the simulated Connect's flow
  --json            writes one JSON object and nothing else to standard output (use npm run --silent call)

TWILIO_AUTH_TOKEN signs the requests; it must be the gateway's. TWILIO_ACCOUNT_SID names the account.
HANDOVER_TOKEN_PEPPER, with the gateway's value, lets the simulated agent see the handover's context.
NODE_EXTRA_CA_CERTS names the authority of a certificate that is not publicly trusted.

Exit code: 0 the call ended normally, 1 it did not (refused, failed, or over the limit), 2 it could not be placed.`;

/** A mistake that the user can correct. Its message tells how. */
export class UsageError extends Error {}

export interface CallOptions {
  gateway: URL;
  publicHost: string | undefined;
  voiceUrl: string | undefined;
  from: string;
  to: string;
  limitMs: number;
  record: string | undefined;
  json: boolean;
  /** Whether every step of the simulated Connect's flow is told. */
  verbose: boolean;
  /** The caller's acts, as written on the command line. */
  acts: readonly { kind: 'say' | 'wav' | 'interrupt' | 'press'; value: string }[];
}

/** Parses the options. `undefined` if only help is requested. @throws UsageError */
export function readCallOptions(args: readonly string[]): CallOptions | undefined {
  const { tokens, values } = parse(args);
  if (values.help === true) return undefined;
  const { gateway = 'http://127.0.0.1:8000', limit = DEFAULT_LIMIT_SECONDS } = values;
  if (!URL.canParse(gateway) || !/^https?:$/.test(new URL(gateway).protocol))
    throw new UsageError(`--gateway ${gateway} is not a URL that begins with http:// or https://.`);
  const voiceUrl = values['voice-url'];
  if (voiceUrl !== undefined && (!URL.canParse(voiceUrl) || new URL(voiceUrl).protocol !== 'https:'))
    throw new UsageError(`--voice-url ${voiceUrl} is not a URL that begins with https://; Twilio signs for that.`);
  if (!(Number(limit) > 0)) throw new UsageError(`--limit ${limit} is not a number of seconds.`);
  const acts = tokens.flatMap((token) => (token.kind === 'option' ? actOf(token.name, token.value) : []));
  return {
    gateway: new URL(gateway),
    publicHost: values['public-host'],
    voiceUrl,
    from: values.from ?? '+12025550123',
    to: values.to ?? '+12065550199',
    limitMs: Number(limit) * 1000,
    record: values.record,
    json: values.json === true,
    verbose: values.verbose === true,
    acts: acts.length > 0 ? acts : [{ kind: 'say', value: DEFAULT_SAY }],
  };
}

function actOf(name: string, value: string | undefined): CallOptions['acts'] {
  if (value === undefined) return [];
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

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      tokens: true,
      options: {
        say: { type: 'string', multiple: true },
        wav: { type: 'string', multiple: true },
        interrupt: { type: 'string', multiple: true },
        press: { type: 'string', multiple: true },
        gateway: { type: 'string' },
        'public-host': { type: 'string' },
        'voice-url': { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        limit: { type: 'string' },
        record: { type: 'string' },
        json: { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // npm consumes options that stand before its own "--".
    const hint = code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' ? ' Options go after "npm run call --".' : '';
    throw new UsageError(`${message}${hint}\n\n${USAGE}`);
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
