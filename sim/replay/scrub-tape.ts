import { firstDifference } from '../../src/tape/compare.js';
import { channelOf } from '../../src/tape/compare.js';
import {
  type Tape,
  type TapeHead,
  type TapeLine,
  type TapeSettings,
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
const HOST = 'gateway.example.com';

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
  const { tape: today } = await replayTape({ ...withoutIds, head, lines }, { direct: false });
  const scrubbed = { head, lines: withResults(lines, today.lines), end: withoutIds.end };
  const { tape: again } = await replayTape(scrubbed, { direct: false });
  const difference = firstDifference(scrubbed, again);
  if (difference !== undefined)
    throw new Error(`The scrubbed tape does not replay equal: ${JSON.stringify(difference)}`);
  return scrubbed;
}

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
    assistant: { ...assistant, prompt: scrubber.prompt(assistant.prompt) },
    ownPhrases: { asks: words(ownPhrases.asks), never: words(ownPhrases.never) },
    tools: tools.map((tool) => scrubber.tool(tool)),
  };
  return { ...head, notice: NOTICE, settings: scrubbed, scrubbed: true };
}

/** The address of a service of the operator's own says who they are. */
function withoutHost(value: string): string {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return value;
  const url = new URL(value);
  return PUBLIC_SERVICES.has(url.host) ? value : value.replace(url.host, 'service.example.com');
}

/** Puts today's results in the place of the recorded ones: the same lines at the same times, as far as there are as many. */
function withResults(lines: readonly TapeLine[], today: readonly TapeLine[]): TapeLine[] {
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
    if (result !== undefined) placed.push({ ...result, t: line.t });
  }
  // What the gateway does besides, now that it hears tones and reads masks.
  const more = [...results.values()].flat();
  return [...placed, ...more].sort((a, b) => a.t - b.t);
}

function isResult({ dir }: TapeLine): boolean {
  return dir !== 'in';
}

function placeOf({ leg, dir, m }: TapeLine): string {
  return dir === undefined ? leg : channelOf(leg, m);
}
