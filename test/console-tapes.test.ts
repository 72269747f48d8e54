import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CallEvent } from '../src/call/call-events.js';
import type { CallLists, CallWithEvents, SessionAnswer } from '../src/console/messages.js';
import { replayTape } from '../sim/replay/replay-tape.js';
import { scrubInProcess } from '../sim/replay/scrub-process.js';
import { firstDifference } from '../src/tape/compare.js';
import { parseTape } from '../src/tape/format.js';
import { type Answered, ask } from './support/asking.js';
import { watchEvents } from './support/console-watcher.js';
import { type Rig, startRig, until } from './support/rig.js';

const TOKEN = 'console-token-0123456789';
const WORDS = 'Where is the parcel of Maria Miller, number 4711081516?';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'console-tapes-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function withRig(
  env: Record<string, string>,
  body: (rig: Rig) => Promise<void>,
  scrubTape?: typeof scrubInProcess,
): Promise<void> {
  // So that a call lasts until it is hung up, on however busy a machine.
  const lasting = { IDLE_PROMPT_SECONDS: '0', MAX_CALL_SECONDS: '0' };
  const rig = await startRig({ env: { ...lasting, ...env }, scrubTape });
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

/** A call in which the caller has said something, and that still lasts. */
async function talking(rig: Rig): Promise<ReturnType<Rig['call']>> {
  const call = rig.call();
  const has = (is: (event: CallEvent) => boolean): boolean =>
    rig.events.some((event) => event.callSid === call.callSid && is(event));
  await until(() => has(({ type }) => type === 'stream-started'), 'the stream');
  rig.provider.last.speak('How can I help?', 600);
  rig.provider.last.callerSays(WORDS);
  await until(() => has((event) => event.type === 'turn' && event.turn.speaker === 'caller'), 'a turn');
  // Nobody is owed anything any more.
  rig.provider.last.speak('It comes tomorrow.', 600);
  return call;
}

/** Asks for a tape until the answer is as it should be. */
async function untilTape(ask: () => Promise<Answered>, is: (answered: Answered) => boolean): Promise<Answered> {
  for (let tries = 0; tries < 3000; tries++) {
    const answered = await ask();
    if (is(answered)) return answered;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return assert.fail('the tape did not come');
}

async function hungUp(rig: Rig, folder: string): Promise<string> {
  const call = await talking(rig);
  call.hangup();
  let text = '';
  for (let tries = 0; !text.includes('{"end":true'); tries++) {
    assert.ok(tries < 6000, 'the tape is not closed');
    await new Promise((resolve) => setTimeout(resolve, 10));
    text = await readFile(join(folder, `${call.callSid}.jsonl`), 'utf8').catch(() => '');
  }
  return call.callSid;
}

const tapeOf = (rig: Rig, callSid: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answered> =>
  ask(rig.base, `/console/api/calls/${callSid}/tape`, { method, headers });

test('where words may be shown the console gives out the tape of a call as it lies on the disk', async (t) => {
  const folder = await folderOf(t);
  await withRig({ TAPE_DIR: folder, CONSOLE_TRANSCRIPTS: 'true' }, async (rig) => {
    const session = (await ask(rig.base, '/console/api/session')).json() as unknown as SessionAnswer;
    assert.equal(session.tapes, true);
    const watcher = await watchEvents(rig.base);
    const callSid = await hungUp(rig, folder);
    const answered = await tapeOf(rig, callSid);
    assert.deepEqual(
      [answered.status, answered.headers['content-type'], answered.headers['content-disposition']],
      [200, 'application/x-ndjson', `attachment; filename="${callSid}.jsonl"`],
    );
    assert.equal(answered.headers['cache-control'], 'no-store');
    assert.match(String(answered.headers['content-security-policy']), /^default-src 'none'/);
    assert.equal(answered.text, await readFile(join(folder, `${callSid}.jsonl`), 'utf8'));
    assert.equal(parseTape(answered.text).head.callSid, callSid);
    const head = await tapeOf(rig, callSid, {}, 'HEAD');
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(Number(head.headers['content-length']), Buffer.byteLength(answered.text));
    const { call } = (await ask(rig.base, `/console/api/calls/${callSid}`)).json() as unknown as CallWithEvents;
    const { recent } = (await ask(rig.base, '/console/api/calls')).json() as unknown as CallLists;
    assert.deepEqual([call.tape, recent[0]?.tape], [true, true]);
    assert.ok(watcher.of('batch').some(({ calls }) => calls.some(({ tape }) => tape)));
    watcher.close();
    assert.equal(rig.log().split('"console tape"').length - 1, 1, 'who has had a tape is in the log');
  });
});

test('the tape of a call that lasts is given out as far as it goes', async (t) => {
  const folder = await folderOf(t);
  await withRig({ TAPE_DIR: folder, CONSOLE_TRANSCRIPTS: 'true' }, async (rig) => {
    const call = await talking(rig);
    const soFar = await untilTape(
      () => tapeOf(rig, call.callSid),
      ({ text }) => text.includes('Maria Miller'),
    );
    assert.equal(soFar.status, 200);
    assert.ok(soFar.text.startsWith('{"tape":1,') && !soFar.text.includes('{"end":true'));
    call.hangup();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
  });
});

test('the tape of a call that is over is given out without its people, as npm run scrub makes it', async (t) => {
  const folder = await folderOf(t);
  await withRig(
    { TAPE_DIR: folder, CONSOLE_TRANSCRIPTS: 'true' },
    async (rig) => {
      const call = await talking(rig);
      await untilTape(
        () => tapeOf(rig, call.callSid),
        ({ status }) => status === 200,
      );
      const soon = await ask(rig.base, `/console/api/calls/${call.callSid}/tape?scrubbed=true`);
      assert.equal(soon.status, 409, 'a call that lasts has no whole tape');
      call.hangup();
      await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
      const callSid = await hungUp(rig, folder);
      const answered = await ask(rig.base, `/console/api/calls/${callSid}/tape?scrubbed=true`);
      assert.deepEqual(
        [answered.status, answered.headers['content-disposition']],
        [200, `attachment; filename="${callSid}.scrubbed.jsonl"`],
      );
      for (const secret of ['Maria', 'Miller', '4711081516', '5550123', callSid])
        assert.ok(!answered.text.includes(secret), secret);
      const tape = parseTape(answered.text);
      assert.equal(tape.head.scrubbed, true);
      assert.equal(firstDifference(tape, (await replayTape(tape, { direct: false })).tape), undefined);
    },
    scrubInProcess,
  );
});

test('where no words may be shown no tape leaves the gateway, neither with a token nor to this machine', async (t) => {
  for (const env of [{}, { CONSOLE_TOKEN: TOKEN }, { CONSOLE_TRANSCRIPTS: 'false' }]) {
    const folder = await folderOf(t);
    const body = async (rig: Rig): Promise<void> => {
      const callSid = await hungUp(rig, folder);
      assert.match(await readFile(join(folder, `${callSid}.jsonl`), 'utf8'), /Maria Miller/);
      const headers = { authorization: `Bearer ${TOKEN}` };
      const answers = await Promise.all([
        tapeOf(rig, callSid, headers),
        tapeOf(rig, callSid, { ...headers, range: 'bytes=0-100000' }),
        ask(rig.base, `/console/api/calls/${callSid}/tape?scrubbed=true`, { headers }),
        ask(rig.base, `/console/api/calls/${callSid}`, { headers }),
        ask(rig.base, '/console/api/calls', { headers }),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [404, 404, 404, 200, 200],
      );
      for (const { text } of answers)
        for (const secret of ['Maria', 'parcel', '4711081516', '5550123', '"payload"'])
          assert.ok(!text.includes(secret));
      // That there is one may be known.
      const { call } = (answers[3] ?? assert.fail()).json() as unknown as CallWithEvents;
      assert.equal(call.tape, true);
    };
    await withRig({ TAPE_DIR: folder, ...env }, body, scrubInProcess);
  }
});

test('the tape is behind the guard of the console, and its path leads to nothing else', async (t) => {
  const folder = await folderOf(t);
  await writeFile(join(folder, 'secrets.jsonl'), '{"secret":"of somebody"}\n');
  await withRig({ TAPE_DIR: folder, CONSOLE_TRANSCRIPTS: 'true', CONSOLE_TOKEN: TOKEN }, async (rig) => {
    const callSid = await hungUp(rig, folder);
    const headers = { authorization: `Bearer ${TOKEN}` };
    const status = async (more: Record<string, string>, method = 'GET'): Promise<number> =>
      (await tapeOf(rig, callSid, more, method)).status;
    assert.equal(await status({}), 401);
    assert.equal(await status({ authorization: `Bearer ${TOKEN}x` }), 401);
    assert.equal(await status({ ...headers, host: 'evil.example' }), 403);
    assert.equal(await status({ ...headers, 'sec-fetch-site': 'same-site' }), 403);
    assert.equal(await status({ ...headers, origin: 'http://127.0.0.1:1' }), 403);
    assert.equal(await status({ ...headers, 'content-type': 'application/json' }, 'POST'), 405);
    assert.equal((await ask(rig.base, `/console/api/calls/${callSid}/tape?token=${TOKEN}`)).status, 401);
    assert.equal(await status(headers), 200);
    for (const sid of [
      'CAunknown',
      'secrets',
      `..%2f${callSid}`,
      `../${callSid}`,
      '..',
      '%2e%2e%2fsecrets',
      'secrets%00',
      `${callSid}.jsonl`,
      '',
    ]) {
      const answered = await tapeOf(rig, sid, headers);
      assert.ok(answered.status === 404, `${sid} answered ${answered.status}`);
      assert.ok(!answered.text.includes('of somebody'));
    }
  });
});

test('four readers who take nothing do not hold the gateway up, and a fifth is told to wait', async (t) => {
  const folder = await folderOf(t);
  await withRig({ TAPE_DIR: folder, CONSOLE_TRANSCRIPTS: 'true' }, async (rig) => {
    const callSid = 'CAlong';
    const head = JSON.stringify({ tape: 1, notice: '', callSid, version: '1', settings: {} });
    // More than the buffers of a connection take.
    const line = `{"t":0,"leg":"carrier","dir":"in","m":{"x":"${'x'.repeat(1_000_000)}"}}\n`;
    await writeFile(join(folder, `${callSid}.jsonl`), `${head}\n${line.repeat(30)}`);
    const { port } = new URL(rig.base);
    const readers = Array.from({ length: 4 }, () => {
      const asked = httpRequest({ port, path: `/console/api/calls/${callSid}/tape`, agent: false });
      asked.on('error', () => undefined);
      const answered = new Promise<number | undefined>((resolve) =>
        asked.on('response', (response) => resolve(response.statusCode)),
      );
      asked.end();
      return { asked, answered };
    });
    assert.deepEqual(await Promise.all(readers.map(({ answered }) => answered)), [200, 200, 200, 200]);
    const fifth = await tapeOf(rig, callSid);
    assert.deepEqual([fifth.status, fifth.headers['retry-after']], [503, '30']);
    const [first] = readers;
    first?.asked.destroy();
    const again = await untilTape(
      () => tapeOf(rig, callSid, {}, 'HEAD'),
      ({ status }) => status !== 503,
    );
    assert.equal(again.status, 200);
    // A stopping gateway does not wait for them.
  });
});

test('without TAPE_DIR there is no tape', async () => {
  await withRig({ CONSOLE_TRANSCRIPTS: 'true' }, async (rig) => {
    const call = await talking(rig);
    const session = (await ask(rig.base, '/console/api/session')).json() as unknown as SessionAnswer;
    const { calls } = (await ask(rig.base, '/console/api/calls')).json() as unknown as CallLists;
    assert.deepEqual([session.tapes, calls[0]?.tape], [false, false]);
    assert.equal((await tapeOf(rig, call.callSid)).status, 404);
    assert.deepEqual(await readdir('.').then((names) => names.filter((name) => name.endsWith('.jsonl'))), []);
    call.hangup();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
  });
});
