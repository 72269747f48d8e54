import { type Difference, channelOf, firstDifference } from '../../src/tape/compare.js';
import {
  type Tape,
  type TapeHead,
  type TapeLine,
  type TapeSettings,
  type TapedAssistant,
  isNote,
  parseTape,
  writeTape,
} from '../../src/tape/format.js';
import { Mask } from './mask.js';
import { publicWords } from './public-words.js';
import { replayTape } from './replay-tape.js';
import { LineScrubber } from './scrub-line.js';

const NOTICE =
  'This file is a telephone call without its people: voices are tones, and words, names and numbers are masked. When who called when is still known elsewhere, the times tell which call it was.';

/** Settings that say who runs the gateway. A replay does not need them. */
const DROPPED: ReadonlySet<string> = new Set(['OPENAI_ORGANIZATION', 'OPENAI_PROJECT', 'DYNAMODB_TABLE_NAME']);
const PUBLIC_SERVICES: ReadonlySet<string> = new Set(['api.openai.com', 'api.twilio.com', 'api.hubapi.com']);
const MAX_ROUNDS = 4;
const HOST = 'gateway.example.com';
/** How much later than today a busy machine may have done the same. */
const LATE_MS = 400;

/**
 * Returns the tape without what was said and by whom. What the gateway does with it is found anew by a replay, so the result
 * replays equal.
 */
export async function scrubTape(tape: Tape): Promise<Tape> {
  const mask = new Mask(publicWords());
  const { publicHost } = tape.head.settings;
  const withoutIds = parseTape(mask.ids(writeTape(tape)).replaceAll(publicHost, HOST));
  const scrubber = new LineScrubber(mask, withoutIds);
  const lines = withoutIds.lines.map((line) => scrubber.line(line));
  const head = headOf(withoutIds.head, mask, scrubber);
  let scrubbed: Tape = { head, lines, end: withoutIds.end };
  let difference: Difference | undefined;
  // More than once, if the gateway now asks for something that it did not ask for before.
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { tape: today } = await replayTape(scrubbed, { direct: false });
    difference = round === 0 ? undefined : firstDifference(scrubbed, today);
    if (round > 0 && difference === undefined) return scrubbed;
    scrubbed = { ...scrubbed, lines: withResults(scrubbed.lines, today.lines, scrubbed.end.t) };
  }
  throw new CannotScrub(
    `The call goes differently in every replay, first in its ${difference?.kind} at ${difference?.atMs} ms.`,
  );
}

/** The message is a sentence without what the tape holds. */
export class CannotScrub extends Error {}

function headOf(head: TapeHead, mask: Mask, scrubber: LineScrubber): TapeHead {
  const { settings } = head;
  const { assistant, ownPhrases, tools, variables } = settings;
  const words = (list: readonly string[]): string[] => list.map((text) => mask.text(text));
  const scrubbed: TapeSettings = {
    ...settings,
    variables: Object.fromEntries(
      Object.entries(variables)
        .filter(([name]) => !DROPPED.has(name))
        .map(([name, value]) => [name, withoutHost(value)]),
    ),
    assistant: { ...scrubber.assistant(assistant), ...withoutValues(assistant.known) },
    ownPhrases: { asks: words(ownPhrases.asks), never: words(ownPhrases.never) },
    tools: tools.map((tool) => scrubber.tool(tool)),
  };
  return { ...head, notice: NOTICE, settings: scrubbed, scrubbed: true };
}

/** What is left of what was known before the call: where it went. */
function withoutValues(known: TapedAssistant['known']): Pick<TapedAssistant, 'known'> {
  return known === undefined ? {} : { known: { ...known, variables: {} } };
}

/** The address of a service of the operator's own says who they are. */
function withoutHost(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return value;
  const url = new URL(value);
  return PUBLIC_SERVICES.has(url.host) ? value : value.replace(url.host, 'service.example.com');
}

/** Puts today's results in the place of the recorded ones: the same lines at the same times, as far as there are as many. */
function withResults(lines: readonly TapeLine[], today: readonly TapeLine[], endMs: number): TapeLine[] {
  const results = new Map<string, TapeLine[]>();
  for (const line of today.filter(isResult)) {
    const list = results.get(placeOf(line)) ?? [];
    list.push(line);
    results.set(placeOf(line), list);
  }
  const placed: TapeLine[] = [];
  for (const line of lines) {
    if (!isResult(line)) {
      placed.push(line);
      continue;
    }
    const result = results.get(placeOf(line))?.shift();
    if (result === undefined) {
      // The gateway that recorded it closed its sockets at the very end.
      if (isClosing(line) && line.t > endMs - LATE_MS) placed.push(line);
      continue;
    }
    // Its own time, if the call now goes otherwise.
    placed.push(Math.abs(result.t - line.t) <= LATE_MS ? { ...result, t: line.t } : result);
  }
  // What the gateway does besides, now that it hears tones and reads masks.
  const more = [...results.values()].flat();
  return [...placed, ...more].sort((a, b) => a.t - b.t);
}

function isClosing({ m }: TapeLine): boolean {
  return 'terminate' in m || 'close' in m;
}

function isResult({ dir }: TapeLine): boolean {
  return dir !== 'in';
}

function placeOf({ leg, dir, m }: TapeLine): string {
  if (isNote(m)) return 'note';
  return dir === undefined ? leg : channelOf(leg, m);
}
