import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { replayTape } from '../sim/replay/replay-tape.js';
import { scrubTape } from '../sim/replay/scrub-tape.js';
import { firstDifference } from '../src/tape/compare.js';
import { type Tape, type TapeLine, isNote, parseTape, writeTape, textOf } from '../src/tape/format.js';
import { Scene } from './support/handover-scene.js';
import { type Model, heardMore, speak, startModelRig } from './support/model-rig.js';
import { AUTH_TOKEN, type Rig, startRig, until } from './support/rig.js';
import { ScriptedProvider } from './support/scripted-provider.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tapes = `${root}test/tapes/`;

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tapes-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The text of the only tape in the folder, once it is whole. */
async function tapeIn(folder: string): Promise<string> {
  const [name = ''] = await readdir(folder);
  return readFile(join(folder, name), 'utf8');
}

/** Records a call in which the caller says a name, and then asks for a human. */
async function record(folder: string, model: Model): Promise<string> {
  const says = ['This is Maria Miller, where is my order 4711081516?', 'I want to speak to a human agent.'];
  const rig = await startModelRig({ model, says, env: { TAPE_DIR: folder } });
  try {
    const { call, hearing } = rig.place();
    await heardMore(hearing, 0, 'the greeting');
    const beforeMs = hearing.loudMs;
    await speak(call);
    await heardMore(hearing, beforeMs, 'the answer');
    await speak(call);
    await call.whenEnded();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
  } finally {
    await rig.close();
  }
  return tapeIn(folder);
}

for (const direct of [false, true]) {
  test(`the calls of test/tapes go as they went, ${direct ? 'through the direct bridge' : 'in the pipeline'}`, async () => {
    const names = await readdir(tapes);
    assert.ok(names.length >= 6);
    for (const name of names) {
      const tape = parseTape(await readFile(tapes + name, 'utf8'));
      assert.equal(tape.head.scrubbed, true, `${name} is not scrubbed`);
      const run = await replayTape(tape, { direct });
      assert.equal(firstDifference(tape, run.tape), undefined, name);
    }
  });
}

for (const model of ['openai', 'nova'] as const) {
  test(`a call with ${model} is recorded without secrets, replays equal, and scrubbed it still asks for a human`, async (t) => {
    const folder = join(await folderOf(t), 'new');
    const text = await record(folder, model);
    const [file = ''] = await readdir(folder);
    assert.match(file, /^CA[0-9a-f]{32}\.jsonl$/);
    const modes = await Promise.all([stat(folder), stat(join(folder, file))]);
    assert.deepEqual(
      modes.map(({ mode }) => mode & 0o777),
      [0o700, 0o600],
    );
    assert.match(text, /^\{"tape":1,"notice":"[^"]*personal data/);
    for (const secret of [AUTH_TOKEN, 'rig-pepper-0123456789', 'sk-simulated', /wwww\d/, /[0-9a-f]{64}/])
      assert.ok(typeof secret === 'string' ? !text.includes(secret) : !secret.test(text), String(secret));
    assert.match(text, /sendDigits|wwww\{token-1\}/);
    for (const type of ['started', 'state', 'caller-speech', 'model-speech', 'answered', 'token-played'])
      assert.match(text, new RegExp(`"m":\\{"note":\\{"type":"${type}"`));

    const tape = parseTape(text);
    for (const direct of [false, true])
      assert.equal(firstDifference(tape, (await replayTape(tape, { direct })).tape), undefined);

    const scrubbed = await scrubTape(tape);
    const form = ({ dir, leg, t: atMs }: TapeLine): string => `${atMs} ${leg} ${dir}`;
    assert.deepEqual(scrubbed.lines.map(form), tape.lines.map(form));
    const clean = writeTape(scrubbed);
    // The number is long, so that no time and no id has it by chance.
    for (const word of ['Maria', 'Miller', '4711081516', '2025550123', 'rig-pepper'])
      assert.ok(!clean.includes(word), word);
    assert.match(clean.split('\n', 1)[0] ?? '', /"scrubbed":true/);
    assert.ok(clean.includes('"trigger":"phrase"') && clean.includes('"outcome":"handed_over"'));
    const again = parseTape(clean);
    for (const direct of [false, true])
      assert.equal(firstDifference(again, (await replayTape(again, { direct })).tape), undefined);
  });
}

test('a replay tells what kind of thing differs first, and when', async () => {
  const tape = parseTape(await readFile(`${tapes}openai-handover.jsonl`, 'utf8'));
  const changed = (isIt: (line: TapeLine) => boolean, change: (json: string) => string): [Tape, number] => {
    const at = tape.lines.findIndex(isIt);
    const line = tape.lines[at] ?? assert.fail('no such line');
    const other = JSON.parse(change(JSON.stringify(line))) as TapeLine;
    return [{ ...tape, lines: tape.lines.with(at, other) }, line.t];
  };
  const { tape: today } = await replayTape(tape, { direct: false });
  for (const [kind, [other, atMs]] of [
    [
      'transcript',
      changed(
        ({ leg }) => leg === 'transcript',
        (json) => json.replace('Hello', 'Hallo'),
      ),
    ],
    [
      'heard',
      changed(
        ({ leg }) => leg === 'heard',
        (json) => json.replace(/"heardMs":\d+/, '"heardMs":1'),
      ),
    ],
    [
      'decision',
      changed(
        ({ m }) => m['type'] === 'escalated',
        (json) => json.replace('phrase', 'anger'),
      ),
    ],
    [
      'wire',
      changed(
        ({ m }) => 'twiml' in m && textOf(m['twiml']).includes('<Dial'),
        (json) => json.replace('<Dial', '<Ring'),
      ),
    ],
  ] as const) {
    const difference = firstDifference(other, today);
    assert.deepEqual([difference?.kind, difference?.atMs], [kind, atMs]);
  }
  // A caller who says something else is not handed over.
  const [other] = changed(
    ({ m }) => JSON.stringify(m).includes('transcription.completed'),
    (json) => json.replace('human agent', 'human being of mine, never'),
  );
  const { tape: otherwise } = await replayTape(other, { direct: false });
  assert.ok(firstDifference(tape, otherwise) !== undefined);
});

test('a folder of tapes that cannot be used is a warning, and costs neither the start nor a call', async (t) => {
  const folder = await folderOf(t);
  await writeFile(join(folder, 'file'), '');
  await mkdir(join(folder, 'shared'));
  await writeFile(join(folder, 'shared', 'something'), '');
  await chmod(join(folder, 'shared'), 0o755);
  for (const dir of ['file', 'shared']) {
    const rig = await startRig({ env: { TAPE_DIR: join(folder, dir) } });
    try {
      await callOnce(rig);
      assert.match(rig.log(), /calls are not recorded, because the folder of tapes cannot be used/);
    } finally {
      await rig.close();
    }
  }
  assert.equal((await stat(join(folder, 'shared'))).mode & 0o777, 0o755);
});

test('a tape that cannot be written is a warning of its call, which goes on', async (t) => {
  const folder = await folderOf(t);
  const rig = await startRig({ env: { TAPE_DIR: folder } });
  try {
    // The next call finds its file taken.
    await rm(folder, { recursive: true });
    await callOnce(rig);
    await until(() => rig.log().includes('the tape of a call cannot be written'), 'the warning');
    assert.match(rig.log(), /"call_sid":"CA\w+"[^\n]*the tape of a call cannot be written/);
  } finally {
    await rig.close();
  }
});

test('a call with a provider of an extension is recorded by its voice events and replays equal', async (t) => {
  const folder = await folderOf(t);
  const rig = await startRig({ env: { TAPE_DIR: folder } });
  try {
    await callOnce(rig);
  } finally {
    await rig.close();
  }
  const tape = parseTape(await tapeIn(folder));
  assert.ok(tape.lines.some(({ leg, m }) => leg === 'voice' && 'event' in m));
  for (const direct of [false, true])
    assert.equal(firstDifference(tape, (await replayTape(tape, { direct })).tape), undefined);
});

test('a call of which something was known replays equal without asking, and scrubbed it holds none of it', async (t) => {
  const folder = await folderOf(t);
  const module = join(folder, 'known.mjs');
  await writeFile(
    module,
    'export const beforeCall = () => ({ variables: { customer_name: "Zebulon", plan: "quartz" } });',
  );
  const tapeFolder = join(folder, 'tapes');
  const rig = await startRig({ env: { TAPE_DIR: tapeFolder, EXTENSIONS: module, CALL_CONTEXT_TIMEOUT_MS: '3000' } });
  try {
    const scene = await new Scene(rig).asksForHuman();
    await scene.ends('handed_over');
  } finally {
    await rig.close();
  }
  const tape = parseTape(await tapeIn(tapeFolder));
  assert.match(writeTape(tape), /Known before the call: plan quartz/);
  for (const direct of [false, true])
    assert.equal(firstDifference(tape, (await replayTape(tape, { direct })).tape), undefined);
  assert.doesNotMatch(writeTape(await scrubTape(tape)), /Zebulon|quartz/);
});

test('a call that was passed on, and then changed its language, replays equal, and scrubbed it says no names', async (t) => {
  const folder = await folderOf(t);
  const file = join(folder, 'assistants.json');
  const zebra = { prompt: './zebra.json', provider: 'second', fallback: [] };
  const prompt = { name: 'zebra', language: 'fr', languages: ['de'], instructions: 'You are the quartz desk.' };
  await writeFile(join(folder, 'zebra.json'), JSON.stringify(prompt));
  await writeFile(file, JSON.stringify({ '+12065550199': { passesTo: { zebra: 'quartz' } }, zebra }));
  const tapeFolder = join(folder, 'tapes');
  const second = new ScriptedProvider('second');
  const rig = await startRig({ fallbacks: [second], env: { TAPE_DIR: tapeFolder, ASSISTANTS_FILE: file } });
  const wants = (provider: ScriptedProvider, name: string, wish: unknown): void =>
    provider.last.emit({ type: 'tool-call', toolCallId: name, name, arguments: wish });
  try {
    const scene = new Scene(rig);
    await scene.talking();
    rig.provider.last.callerSays('My bill is too high.');
    wants(rig.provider, 'transfer_to_assistant', { name: 'zebra' });
    await until(() => scene.events('assistant').length === 1, 'the other assistant');
    wants(second, 'switch_language', { language: 'de' });
    await until(() => scene.events('assistant').length === 2, 'the other language');
    second.last.callerSays('Ich möchte mit einem Mitarbeiter sprechen.');
    await scene.ends('handed_over');
  } finally {
    await rig.close();
  }
  const tape = parseTape(await tapeIn(tapeFolder));
  assert.match(
    writeTape(tape),
    /"note":\{"type":"assistant","kind":"assistant","from":"default","to":"zebra","language":"fr"/,
  );
  for (const direct of [false, true])
    assert.equal(firstDifference(tape, (await replayTape(tape, { direct })).tape), undefined);
  assert.doesNotMatch(writeTape(await scrubTape(tape)), /zebra|quartz/);
});

test('the token of a handover that the stopping gateway begins is not on the tape, and the stop is replayed', async (t) => {
  const folder = await folderOf(t);
  const rig = await startRig({ env: { TAPE_DIR: folder } });
  try {
    const call = rig.call();
    await until(() => rig.events.some(({ type }) => type === 'stream-started'), 'the stream');
    rig.provider.last.speak('How can I help?', 400);
    rig.provider.last.callerSays('What are your opening hours?');
    await until(() => rig.events.some((event) => event.type === 'turn' && event.turn.speaker === 'caller'), 'a turn');
    void rig.running.gateway.drain(0, false);
    await until(() => rig.screens.length > 0, "the agent's screen");
    await call.whenEnded();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
  } finally {
    await rig.close();
  }
  const text = await tapeIn(folder);
  assert.match(text, /w{4}\{token-1\}/);
  assert.ok(!/w{4}\d/.test(text));
  const tape = parseTape(text);
  assert.equal(firstDifference(tape, (await replayTape(tape, { direct: false })).tape), undefined);
});

test('what the operator did with a call is replayed', async (t) => {
  const folder = await folderOf(t);
  const rig = await startRig({ env: { TAPE_DIR: folder } });
  try {
    const call = rig.call();
    await until(() => rig.events.some(({ type }) => type === 'stream-started'), 'the stream');
    rig.provider.last.speak('How can I help?', 400);
    const { gateway } = rig.running;
    assert.equal(gateway.operate(call.callSid, { action: 'escalate', reason: 'billing' }), 'accepted');
    await until(() => rig.screens.length > 0, "the agent's screen");
    await call.whenEnded();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
  } finally {
    await rig.close();
  }
  const tape = parseTape(await tapeIn(folder));
  assert.match(writeTape(tape), /"trigger":"operator"/);
  for (const direct of [false, true])
    assert.equal(firstDifference(tape, (await replayTape(tape, { direct })).tape), undefined);
});

test('without TAPE_DIR nothing is recorded', async () => {
  const rig = await startRig();
  try {
    await callOnce(rig);
    assert.equal(rig.running.config.tapes, undefined);
  } finally {
    await rig.close();
  }
});

/** What a tape notes of the call besides what went in and out, without the moments, which a busy machine shifts. */
function notesOf({ lines }: Tape): string[] {
  return lines.filter(({ m }) => isNote(m)).map(({ m }) => JSON.stringify((m['note'] as { type: string }).type));
}

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(program: 'main' | 'scrub', ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [`${root}dist/sim/replay/${program}.js`, ...args], { cwd: root });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (ran.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (ran.stderr += part.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ran, code })));
}

test('npm run replay answers with its exit code, and with JSON on request', async (t) => {
  const folder = await folderOf(t);
  const whole = `${tapes}openai-plain.jsonl`;
  const text = await readFile(whole, 'utf8');
  const different = join(folder, 'different.jsonl');
  await writeFile(
    different,
    text.replace('"leg":"transcript","m":{"speaker":"caller"', '"leg":"transcript","m":{"speaker":"nobody"'),
  );
  const cut = join(folder, 'cut.jsonl');
  await writeFile(cut, text.slice(0, text.length / 2));
  const [equal, other, half, none, both] = await Promise.all([
    run('main', '--json', whole),
    run('main', '--json', different),
    run('main', cut),
    run('main', join(folder, 'none.jsonl')),
    run('main', whole, different),
  ]);
  assert.equal(equal.code, 0, equal.stderr);
  const verdict = JSON.parse(equal.stdout) as Record<string, unknown>;
  assert.deepEqual(Object.keys(verdict), ['file', 'equal', 'callMs', 'replayMs']);
  assert.equal(verdict['equal'], true);
  assert.equal(other.code, 1);
  const { difference } = JSON.parse(other.stdout) as { difference: Record<string, unknown> };
  assert.equal(difference['kind'], 'transcript');
  for (const name of ['atMs', 'expected', 'got']) assert.ok(name in difference, name);
  for (const { code, stderr } of [half, none]) {
    assert.equal(code, 2);
    assert.match(stderr, /^[^\n]+ is not a whole tape: [^\n]+\.\n$/);
  }
  assert.equal(both.code, 1);
  assert.match(both.stdout, /plain\.jsonl: equal .*\n.*different\.jsonl: different/);
});

test("npm run replay writes the tape of today's run for its owner alone, and never onto its input", async (t) => {
  const folder = await folderOf(t);
  const input = `${tapes}openai-barge-in.jsonl`;
  const output = join(folder, 'today.jsonl');
  const [done, same, two] = await Promise.all([
    run('main', '--direct', '--out', output, input),
    run('main', '--out', `${tapes}../tapes/openai-barge-in.jsonl`, input),
    run('main', '--out', join(folder, 'never.jsonl'), input, input),
  ]);
  assert.deepEqual([done.code, same.code, two.code], [0, 2, 2], done.stderr);
  assert.match(same.stderr, /would replace the tape/);
  assert.equal((await stat(output)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['today.jsonl']);
  const [recorded, today] = [await readFile(input, 'utf8'), await readFile(output, 'utf8')].map(parseTape);
  assert.ok(recorded !== undefined && today !== undefined);
  assert.deepEqual(today.head, { ...recorded.head, replay: { direct: true } });
  assert.equal(firstDifference(recorded, today), undefined);
  assert.deepEqual(notesOf(today), notesOf(recorded));
});

test('npm run scrub never writes onto its input, and writes the result for its owner alone', async (t) => {
  const folder = await folderOf(t);
  const input = join(folder, 'in.jsonl');
  await writeFile(input, await readFile(`${tapes}openai-plain.jsonl`));
  const output = join(folder, 'out.jsonl');
  const [same, good, half] = await Promise.all([
    run('scrub', input, join(folder, '.', 'in.jsonl')),
    run('scrub', input, output),
    run('scrub', `${root}package.json`, join(folder, 'never.jsonl')),
  ]);
  assert.deepEqual([same.code, good.code, half.code], [2, 0, 2]);
  assert.match(same.stderr, /^The scrubbed tape would replace the tape\. Name another file\.\n$/);
  assert.match(half.stderr, /^[^\n]+ is not a whole tape: [^\n]+\.\n$/);
  assert.equal((await stat(output)).mode & 0o777, 0o600);
  assert.deepEqual((await readdir(folder)).sort(), ['in.jsonl', 'out.jsonl']);
});

/** A call in which the assistant greets and the caller hangs up. */
async function callOnce(rig: Rig): Promise<void> {
  const call = rig.call();
  await until(() => rig.events.some(({ type }) => type === 'stream-started'), 'the stream');
  rig.provider.last.speak('How can I help?', 600);
  rig.provider.last.callerSays('What are your opening hours?');
  await until(() => rig.events.some((event) => event.type === 'turn' && event.turn.speaker === 'caller'), 'a turn');
  call.hangup();
  await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
}
