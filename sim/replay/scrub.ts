import { UsageError, defineCommand, isEntry, runCommand } from '../../src/process/command-line.js';
import { NotATape, parseTape, writeTape } from '../../src/tape/format.js';
import { readTape } from './main.js';
import { isSameFile, writeWhole } from './whole-file.js';
import { CannotScrub, scrubTape } from './scrub-tape.js';

export const command = defineCommand({
  name: 'scrub',
  does: 'Takes the people out of a recorded call: voices become tones, words, names and numbers are masked. What is left replays as before and can become a test.',
  operands: { shown: 'IN OUT', about: 'the tape, and the file for the scrubbed one, which must be another' },
  options: {},
  examples: ['tapes/CA0123.jsonl test/tapes/asks-twice.jsonl'],
  notes: `The words of the lists with which the gateway finds a request for a human, anger and topics stay, because they decide
what it does. Look at the result before you pass it on: the times stay, too.

Exit code: 0 written, 1 it could not be scrubbed, 2 IN is not a whole tape, or the command line is wrong.`,
  isOnItsOwn: true,
  run: async ({ operands }) => {
    const [input, output, ...more] = operands;
    if (input === undefined || output === undefined || more.length > 0)
      throw new UsageError('Name the tape and the file for the scrubbed one.');
    if (await isSameFile(input, output))
      throw new UsageError('The scrubbed tape would replace the tape. Name another file.');
    try {
      const scrubbed = await scrubTape(parseTape(await readTape(input)));
      await writeWhole(output, writeTape(scrubbed));
      return 0;
    } catch (error) {
      if (error instanceof CannotScrub) {
        console.error(error.message);
        return 1;
      }
      if (!(error instanceof NotATape)) throw error;
      console.error(`${input} is not a whole tape: ${error.message}.`);
      return 2;
    }
  },
});

if (isEntry(import.meta.url)) void runCommand(command);
