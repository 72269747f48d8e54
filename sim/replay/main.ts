import { readFile } from 'node:fs/promises';
import { defineCommand, isEntry, runCommand, UsageError } from '../../src/process/command-line.js';
import { type Difference, firstDifference } from '../../src/tape/compare.js';
import { NotATape, parseTape, writeTape } from '../../src/tape/format.js';
import { replayTape } from './replay-tape.js';
import { isSameFile, writeWhole } from './whole-file.js';

/** The result for one tape. */
interface Verdict {
  file: string;
  equal: boolean;
  callMs: number;
  replayMs: number;
  difference?: Difference;
}

const EXIT = { equal: 0, different: 1, noTape: 2 } as const;

async function verdictOf(file: string, direct: boolean, out: string | undefined): Promise<Verdict> {
  const tape = parseTape(await readTape(file));
  const run = await replayTape(tape, { direct });
  if (out !== undefined) await writeWhole(out, writeTape(run.tape));
  const difference = firstDifference(tape, run.tape);
  const { callMs, replayMs } = run;
  return {
    file,
    equal: difference === undefined,
    callMs: Math.round(callMs),
    replayMs,
    ...(difference === undefined ? {} : { difference }),
  };
}

/** @throws NotATape if there is no such file */
export async function readTape(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new NotATape(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

/** One line. A tape that was changed by hand can be whole and still make no sense. */
function problemOf(file: string, error: unknown): string {
  if (error instanceof NotATape) return `${file} is not a whole tape: ${error.message}.`;
  const [what = ''] = (error instanceof Error ? error.message : '').split('\n');
  return `${file} is not a whole tape: it cannot be replayed (${what}).`;
}

function sentence({ callMs, difference, equal, file, replayMs }: Verdict): string {
  const speed = Math.round(callMs / replayMs);
  const times = `${(callMs / 1000).toFixed(1)} s in ${(replayMs / 1000).toFixed(2)} s, ${speed} times as fast`;
  if (equal || difference === undefined) return `${file}: equal (${times})`;
  const { atMs, channel, expected, got, kind } = difference;
  return [
    `${file}: different (${times})`,
    `  first at ${(atMs / 1000).toFixed(3)} s: ${kind}${channel === kind ? '' : `, ${channel}`}`,
    `  expected ${JSON.stringify(expected)}`,
    `  got      ${JSON.stringify(got)}`,
  ].join('\n');
}

export const command = defineCommand({
  name: 'replay',
  does: 'Replays recorded calls against the code of today, without the network and much faster than they were, and compares what the gateway does with what it did.',
  operands: { shown: 'FILE…', about: 'tapes, as TAPE_DIR keeps them; see docs/operate/tapes.md' },
  options: {
    json: { type: 'boolean', about: 'prints one JSON object a line for each tape' },
    direct: { type: 'boolean', about: 'replays through the direct bridge, as with USE_PIPECAT=false' },
    out: { type: 'string', value: 'FILE', about: "writes the tape of today's run, to see both in the console" },
  },
  examples: ['test/tapes/*.jsonl', '--json --direct tapes/CA0123.jsonl', '--out today.jsonl tapes/CA0123.jsonl'],
  notes: `Settings and environment make no difference, because a tape has its own.

Exit code: 0 equal, 1 different, 2 a file is not a whole tape.`,
  isOnItsOwn: true,
  run: async ({ operands, values }) => {
    if (operands.length === 0) throw new UsageError('Name at least one tape.');
    const [tape = ''] = operands;
    if (values.out !== undefined) {
      if (operands.length > 1) throw new UsageError('With --out, name one tape.');
      if (await isSameFile(tape, values.out))
        throw new UsageError("Today's run would replace the tape. Name another file.");
    }
    let exit: number = EXIT.equal;
    for (const file of operands) {
      try {
        const verdict = await verdictOf(file, values.direct, values.out);
        console.log(values.json ? JSON.stringify(verdict) : sentence(verdict));
        if (!verdict.equal) exit = Math.max(exit, EXIT.different);
      } catch (error) {
        if (error instanceof UsageError) throw error;
        console.error(problemOf(file, error));
        exit = EXIT.noTape;
      }
    }
    return exit;
  },
});

if (isEntry(import.meta.url)) void runCommand(command);
