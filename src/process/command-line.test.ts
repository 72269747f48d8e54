import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  UsageError,
  asNpmScript,
  choiceOption,
  defineCommand,
  numberOption,
  readInput,
  usageOf,
} from './command-line.js';

const command = defineCommand({
  name: 'call',
  does: 'Places a call.',
  options: {
    say: { type: 'string', value: '"text"', multiple: true, about: 'what the caller says' },
    limit: { type: 'string', value: 'seconds', default: '300', about: 'hangs up after this time' },
    record: { type: 'string', value: 'file', about: 'writes a WAV' },
    json: { type: 'boolean', about: 'prints JSON' },
  },
  examples: ['', 'TOKEN=1 --say hello', '--json'],
  notes: 'Exit code: 0.',
  run: () => Promise.resolve(0),
});
const counting = defineCommand({
  ...command,
  name: 'cluster',
  operands: { shown: '[N]', about: 'how many' },
});

function refusal(args: readonly string[]): string {
  try {
    readInput(command, args);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return assert.fail(`${args.join(' ')} was taken`);
}

test('options of a command have their defaults, and keep the order in which they were given', () => {
  assert.deepEqual(readInput(command, [])?.values, { say: [], limit: '300', record: undefined, json: false });
  const input = readInput(command, ['--say', 'a', '--limit=5', '--json', '--say', '', '--record=-x']) ?? assert.fail();
  assert.deepEqual(input.values, { say: ['a', ''], limit: '5', record: '-x', json: true });
  assert.deepEqual(
    input.inOrder.map(({ name, value }) => `${name} ${value}`),
    ['say a', 'limit 5', 'say ', 'record -x'],
  );
});

test('a wrong command line is refused with one sentence that says where the options are listed', () => {
  for (const [args, beginning] of [
    [['--shout', 'x'], '--shout is not an option of this command'],
    [['-x'], '-x is not an option of this command'],
    [['--constructor'], '--constructor is not an option of this command'],
    [['hello'], 'The command cannot use "hello"'],
    [['--say'], '--say needs a value, --say "text"'],
    [['--say', '--json'], '--say needs a value, --say "text"'],
    [['--json=yes'], '--json takes no value'],
  ] as const) {
    const message = refusal(args);
    assert.ok(message.startsWith(beginning), message);
    assert.match(message, /: "npm run call -- --help" lists the options\.$/);
  }
});

test('a command that takes words gets them, and only such a command', () => {
  assert.deepEqual(readInput(counting, ['4', '--json'])?.operands, ['4']);
  assert.deepEqual(readInput(command, ['--say', 'a'])?.operands, []);
});

test('--help and -h ask for the usage text, whatever else is given before', () => {
  assert.equal(readInput(command, ['--say', 'a', '--help']), undefined);
  assert.equal(readInput(counting, ['4', '-h']), undefined);
});

test('a usage text has the usage, every option with its default, the examples as they are typed, and the notes', () => {
  const text = usageOf(counting);
  assert.match(text, /^Places a call\.\n\nUsage: npm run cluster -- \[N\] \[options\]\n/);
  assert.match(text, /\n {2}\[N\] +how many\n/);
  assert.match(text, /\n {2}--limit seconds +hangs up after this time \(default 300\)\n/);
  assert.match(text, /\n {2}--help, -h +prints this text\n/);
  assert.match(
    text,
    /\nExamples:\n {2}npm run cluster\n {2}TOKEN=1 npm run cluster -- --say hello\n {2}npm run --silent cluster -- --json\n/,
  );
  assert.match(text, /\nExit code: 0\.$/);
});

test('no line of a usage text is longer than a terminal is wide', () => {
  const wordy = 'many words that go on and on '.repeat(12).trim();
  const text = usageOf(
    defineCommand({
      name: 'call',
      does: wordy,
      options: { 'a-very-long-name': { type: 'string', value: 'one|or|the|other|value', about: wordy } },
      examples: [''],
      run: () => Promise.resolve(0),
    }),
  );
  assert.deepEqual(
    text.split('\n').filter((line) => line.length > 110),
    [],
  );
  assert.equal(text.replace(/\s+/g, ' ').split(wordy).length, 3);
});

test('commands are shown as npm scripts, and npm is silent where JSON is read', () => {
  assert.equal(asNpmScript('start'), 'npm start');
  assert.equal(asNpmScript('call', '--say x'), 'npm run call -- --say x');
  assert.equal(asNpmScript('doctor', '--json'), 'npm run --silent doctor -- --json');
});

test('a number and a choice outside of what an option takes are refused with what it takes', () => {
  assert.equal(numberOption('calls', '7', { least: 1, most: 9, whole: true }), 7);
  for (const text of ['', ' ', 'x', '0', '10', '1.5', 'Infinity'])
    assert.throws(() => numberOption('calls', text, { least: 1, most: 9, whole: true }), {
      message: `--calls ${text} is not a whole number from 1 to 9.`,
    });
  assert.throws(() => numberOption('port', '-1'), { message: '--port -1 is not a number of at least 0.' });
  assert.equal(choiceOption('mode', 'b', ['a', 'b']), 'b');
  assert.throws(() => choiceOption('mode', 'c', ['a', 'b']), { message: '--mode c is none of a, b.' });
});
