import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Message, type Tape, type TapeLine, parseTape, writeTape } from '../../../src/tape/format.js';
import type { Page } from './browser.js';

/** Returns the path of one of the tapes in test/tapes. */
export function tapeNamed(name: string): string {
  return fileURLToPath(new URL(`../../../../test/tapes/${name}.jsonl`, import.meta.url));
}

/** Files that a test makes up, in a folder of their own. */
export class MadeFiles {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<MadeFiles> {
    return new MadeFiles(await mkdtemp(join(tmpdir(), 'tape-files-')));
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** When the caller interrupts. */
const INTERRUPTED_MS = 10_240;
const SID = `CA${'4f2c91a0'.repeat(4)}`;

/** A call as a tape has it, with words: the caller interrupts, the model fails, and a human is asked for. */
export function toldTape(change: (lines: TapeLine[]) => TapeLine[] = (lines) => lines): string {
  const { head } = parseTape(readFileSync(tapeNamed('openai-handover'), 'utf8'));
  const { scrubbed: _, ...rest } = head;
  const settings = { ...head.settings, startedAtMs: Date.UTC(2026, 10, 30, 9, 41) };
  const lines = change(story());
  const tape: Tape = {
    head: { ...rest, callSid: SID, settings },
    lines,
    end: { end: true, t: (lines.at(-1)?.t ?? 0) + 300 },
  };
  return writeTape(tape);
}

/** Returns the same call as the code of another day would treat it: the answer is heard longer, and nobody is asked for. */
export function toldOtherwise(): string {
  return toldTape((lines) =>
    lines
      .filter(({ t }) => t < 24_000)
      .map((line) => {
        const text = JSON.stringify(line.m)
          .replace('on Monday"', 'on Monday morning"')
          .replaceAll('3100', '3900')
          .replace('2910', '3710');
        const t = line.t === INTERRUPTED_MS ? line.t + 800 : line.t;
        return { ...line, t, m: JSON.parse(text) as Message };
      })
      .concat([
        line(24_600, { note: { type: 'state', state: 'ended' } }),
        line(24_600, { type: 'ended', outcome: 'caller_hung_up' }),
      ]),
  ).replace('"version"', '"replay":{"direct":false},"version"');
}

const line = (t: number, m: Message, leg: TapeLine['leg'] = 'decision'): TapeLine => ({ t, leg, m });

function story(): TapeLine[] {
  const lines: TapeLine[] = [];
  const note = (t: number, m: Message): void => void lines.push(line(t, { note: m }));
  const turn = (t: number, speaker: string, itemId: string, text: string, interrupted = false): void =>
    void lines.push(line(t, { speaker, text, itemId, interrupted }, 'transcript'));
  /** A piece of the assistant's speech ends. */
  const spoke = (t: number, itemId: string, sentMs: number, heardMs = sentMs): void => {
    lines.push(line(t, { itemId, heardMs, sentMs }, 'heard'));
    note(t, { type: 'model-speech', itemId, sentMs, heardMs, beganAgoMs: heardMs, firstMarkAgoMs: heardMs - 190 });
  };
  const answered = (t: number, itemId: string, provider: string, waitedMs: number): void =>
    note(t, { type: 'answered', itemId, provider, waitedMs, modelMs: waitedMs - 14 });
  note(0, { type: 'started', provider: 'openai', turns: 0 });
  lines.push(line(0, { type: 'started', from: '+12025550123', to: '+12065550199' }));
  note(0, { type: 'state', state: 'ringing' });
  note(180, { type: 'state', state: 'talking' });
  lines.push(line(180, { type: 'stream-started', streamSid: `MZ${'0'.repeat(32)}` }));
  turn(600, 'assistant', 'i1', 'Hello, thank you for calling. How can I help you today?');
  spoke(4300, 'i1', 3600);
  note(6500, { type: 'caller-speech', ms: 1500 });
  turn(6700, 'caller', 'c1', 'Where is my order?');
  note(6800, { type: 'tool', name: 'find_order' });
  answered(7140, 'i2', 'openai', 640);
  turn(7200, 'assistant', 'i2', 'Your order left our warehouse on Monday morning and should be with you by Thursday.');
  note(INTERRUPTED_MS, { type: 'barge-in' });
  spoke(INTERRUPTED_MS, 'i2', 6200, 3100);
  turn(INTERRUPTED_MS, 'assistant', 'i2', 'Your order left our warehouse on Monday', true);
  note(12_140, { type: 'caller-speech', ms: 1900 });
  turn(12_350, 'caller', 'c2', 'Monday? I need it tomorrow.');
  note(14_000, { type: 'seam', seam: 'failover', from: 'openai', to: 'nova', silenceMs: 1400 });
  answered(14_000, 'i3', 'nova', 1860);
  turn(14_100, 'assistant', 'i3', 'I understand. I can change it to express delivery for four dollars.');
  spoke(18_900, 'i3', 4900);
  note(21_600, { type: 'caller-speech', ms: 1800 });
  turn(21_800, 'caller', 'c3', 'Let me talk to a human, please.');
  lines.push(line(21_850, { type: 'escalated', escalation: { trigger: 'phrase', reason: 'requested_human' } }));
  note(21_850, { type: 'state', state: 'leaving' });
  lines.push(line(21_900, { type: 'handover-prepared', handoverId: '01M8PT1T3YQQMEEAZV1HJ3RN21' }));
  turn(22_200, 'assistant', 'i4', 'Of course. I am connecting you with a colleague now.');
  spoke(25_300, 'i4', 3100);
  note(25_400, { type: 'state', state: 'dialling' });
  lines.push(line(25_400, { type: 'dialling', number: '+12065550100' }));
  note(27_300, { type: 'token-played', digits: 10 });
  lines.push(line(31_400, { type: 'dial-ended', outcome: 'bridged' }));
  note(31_400, { type: 'state', state: 'ended' });
  lines.push(line(31_400, { type: 'ended', outcome: 'handed_over' }));
  return lines;
}

/** Drops files on the page, as somebody does who drags them there. */
export async function dropFiles(page: Page, ...files: readonly { name: string; text: string }[]): Promise<void> {
  const data = await page.evaluateHandle((dropped) => {
    const transfer = new DataTransfer();
    for (const { name, text } of dropped) transfer.items.add(new File([text], name, { lastModified: 1 }));
    return transfer;
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.locator('body').dispatchEvent(type, { dataTransfer: data });
}
