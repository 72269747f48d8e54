import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { replayTape } from '../sim/replay/replay-tape.js';
import { firstDifference } from '../src/tape/compare.js';
import { parseTape } from '../src/tape/format.js';
import { isDigitalSilence } from '../src/audio/level.js';
import { counted } from './support/handover-rig.js';
import { withPair } from './support/gateway-pair.js';
import {
  ENTER,
  type RecordedOptions,
  type RecordedScene,
  SecretTaker,
  recordedScene,
  withRecorder,
} from './support/recorded-call.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { type Rig, until } from './support/rig.js';

const PIN = '739281';
const AGAIN = /^I did not get all the digits/;
/** What a caller who speaks sends for this long. */
const loud = (ms: number): Uint8Array => new Uint8Array(ms * 8).map((_, at) => (at % 16 < 8 ? 0x08 : 0x88));

interface Stage extends RecordedScene {
  rig: Rig;
  taker: SecretTaker;
  /** What the model was told, as JSON. */
  told: () => string;
  /** Calls the tool, and waits until the caller is asked. */
  asks: (given?: unknown) => Promise<void>;
}

/** Takes out what may hold any digits: ids, times, ports and durations. */
function withoutNumbers(json: string): string {
  return json.replace(/[0-9a-f]{16,}|"time":"[^"]*"|"(?:port|\w*ms)":[\d.]+/g, '');
}

/** Plays a call whose recording has begun. */
async function withSecrets(options: RecordedOptions, body: (stage: Stage) => Promise<void>): Promise<void> {
  const taker = new SecretTaker();
  await withRecorder({ onSecret: taker.onSecret, ...options }, async (rig) => {
    const played = await recordedScene(rig);
    if (options.env?.['CALL_RECORDING'] !== 'off') await played.is('in-progress');
    await body({
      ...played,
      rig,
      taker,
      told: () => JSON.stringify(rig.provider.last.toolResults),
      asks: async (given = { purpose: 'the PIN', length: PIN.length }) => {
        const before = rig.provider.last.said.length;
        await played.tool('collect_secret', given);
        await until(() => rig.provider.last.said.slice(before).includes(ENTER), 'the question');
      },
    });
  });
}

for (const pipeline of [true, false]) {
  const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';

  test(`typed digits go to the operator's function alone, and the model hears what it answers, ${mode}`, async () => {
    await withSecrets({ pipeline }, async ({ asks, rig, scene, taker, told, type }) => {
      await asks();
      const { last } = rig.provider;
      type(PIN);
      await until(() => last.toolResults.length === 1, 'the result');
      assert.deepEqual(last.toolResults, [{ status: 'collected', answer: 'accepted' }]);
      assert.deepEqual(taker.digits, [PIN]);
      const { callSid, purpose } = taker.taken[0] ?? {};
      assert.deepEqual([callSid, purpose], [scene.call.callSid, 'the PIN']);
      const frames = last.audio.length;
      await until(() => last.audio.length > frames + 200, 'the pause that ends a number');
      assert.deepEqual(last.texts, [], 'no keys as a text');
      for (const shown of [told(), JSON.stringify(rig.events), rig.log()])
        assert.doesNotMatch(withoutNumbers(shown), new RegExp(PIN));
      await counted(rig, 'gateway_secrets_total{outcome="collected"} 1');
    });
  });

  test(`the recording rests before the caller is asked, and goes on when the digits are there, ${mode}`, async () => {
    await withSecrets({ pipeline }, async ({ asks, is, type }) => {
      type('12');
      await asks();
      const recording = await is('paused');
      type(`${PIN}#`);
      await is('in-progress');
      assert.deepEqual(recording.changes, ['paused', 'in-progress']);
      assert.deepEqual(recording.keys, ['1', '2'], 'only what came before is in it');
    });
  });

  test(`the model hears silence while digits are typed, and the caller again afterwards, ${mode}`, async () => {
    await withSecrets({ pipeline }, async ({ asks, rig, scene, type }) => {
      await asks();
      const { last } = rig.provider;
      const from = last.audio.length;
      scene.call.speak(loud(600));
      await until(() => last.audio.length > from + 50, 'a second of the line');
      assert.ok(last.audio.slice(from).every(({ bytes }) => isDigitalSilence(bytes)));
      type(PIN);
      await until(() => last.toolResults.length === 1, 'the result');
      const then = last.audio.length;
      scene.call.speak(loud(600));
      await until(() => last.audio.slice(then).some(({ bytes }) => !isDigitalSilence(bytes)), 'the caller');
    });
  });

  test(`a key cuts the question, and keys behind the last digit reach no one, ${mode}`, async () => {
    await withSecrets({ pipeline }, async ({ asks, rig, scene, taker, type }) => {
      await asks();
      let cleared = 0;
      scene.call.on('cleared', () => cleared++);
      type(PIN);
      await until(() => rig.provider.last.toolResults.length === 1, 'the result');
      type('44#');
      // The carrier learns of it over its own connection, maybe after the result is there.
      await until(() => cleared > 0, 'the question is cut');
      rig.provider.last.speak('Thank you.', 3000);
      // Long enough for a number of keys to be over.
      await until(() => rig.provider.last.audio.length > 400, 'some seconds');
      assert.equal(cleared, 1, 'the question is cut once, and nothing else');
      assert.deepEqual(rig.provider.last.texts, []);
      assert.deepEqual(taker.digits, [PIN]);
    });
  });

  test(`an operator who fetches the caller for a human throws the digits away, ${mode}`, async () => {
    await withSecrets({ pipeline }, async ({ asks, rig, scene, taker, type }) => {
      await asks();
      type('7392');
      await scene.call.mediaStream?.settle();
      rig.running.gateway.operate(scene.call.callSid, { action: 'escalate', reason: 'requested_human' });
      type('81');
      await scene.ends('handed_over');
      assert.deepEqual(taker.digits, []);
      await counted(rig, 'gateway_secrets_total{outcome="left"} 1');
    });
  });
}

test('a caller may take digits back, and is asked again if they are too few', async () => {
  await withSecrets({}, async ({ asks, rig, taker, type }) => {
    await asks();
    type('99*1#');
    await until(() => AGAIN.test(rig.provider.last.said.at(-1) ?? ''), 'the second question');
    type(PIN);
    await until(() => taker.digits.length === 1, 'the digits');
    assert.deepEqual(taker.digits, [PIN]);
  });
});

test('a caller gives up with a star, or by typing nothing three times', async () => {
  await withSecrets({}, async ({ asks, rig, is, taker, type }) => {
    await asks();
    type('*');
    await until(() => rig.provider.last.toolResults.length === 1, 'the first result');
    assert.match(JSON.stringify(rig.provider.last.toolResults[0]), /gave_up/);
    await is('in-progress');
    await asks();
    await until(() => rig.provider.last.toolResults.length === 2, 'the second result');
    assert.equal(rig.provider.last.said.filter((line) => AGAIN.test(line)).length, 2);
    assert.deepEqual(taker.digits, []);
    await counted(rig, 'gateway_secrets_total{outcome="gave_up"} 2');
  });
});

test('a caller who types nothing is asked for the digits, and not whether they are still there', async () => {
  await withSecrets({ env: { CALL_RECORDING: 'off', IDLE_PROMPT_SECONDS: '5' } }, async ({ asks, rig }) => {
    await asks();
    await until(() => rig.provider.last.toolResults.length === 1, 'the result');
    assert.doesNotMatch(rig.provider.last.said.join(), /still there/);
  });
});

test('a caller who speaks instead is not heard, and the model is told so', async () => {
  await withSecrets({}, async ({ asks, is, rig, scene, taker, told, type }) => {
    await asks();
    type('73');
    scene.call.speak(loud(3000));
    await until(() => rig.provider.last.toolResults.length === 1, 'the result');
    assert.match(told(), /gave_up.*spoke instead/);
    assert.deepEqual(taker.digits, []);
    await is('in-progress');
  });
});

test('a caller who asks for a human where the model hears them gets one, and the digits are thrown away', async () => {
  await withSecrets({ env: { SECRET_AUDIO: 'pass' } }, async ({ asks, rig, scene, taker, type }) => {
    await asks();
    type('7392');
    rig.provider.last.callerSays('I want to speak to a human agent.');
    await scene.ends('handed_over');
    assert.deepEqual(taker.digits, []);
  });
});

describe('a function of the operator that fails', () => {
  for (const [what, answer] of [
    ['throws an error with the digits', ({ digits }) => assert.fail(`no card ${digits}`)],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['answers with the digits', ({ digits }) => `declined: ${digits.slice(0, 3)} ${digits.slice(3)} is wrong`],
    ['answers with a part of the digits', ({ digits }) => `declined: the one that ends in ${digits.slice(-4)}`],
    ['answers at length', () => 'no '.repeat(100)],
    ['answers with an object', () => ({ accepted: true })],
    ['never answers', () => new Promise(() => undefined)],
  ] as const satisfies readonly (readonly [string, SecretTaker['answer']])[]) {
    test(`a function that ${what} tells the model nothing of the digits`, async () => {
      const env = { CALL_RECORDING: 'off' };
      await withSecrets({ env }, async ({ asks, rig, taker, told, type }) => {
        taker.answer = answer;
        await asks();
        type(PIN);
        await until(() => rig.provider.last.toolResults.length === 1, 'the result');
        assert.match(told(), /could not be checked/);
        for (const part of [PIN, PIN.slice(0, 4), PIN.slice(-4)])
          assert.doesNotMatch(told() + withoutNumbers(rig.log()), new RegExp(part));
        await counted(rig, 'gateway_secrets_total{outcome="failed"} 1');
      });
    });
  }
});

test('a caller whose recording cannot be paused or stopped is not asked for digits', async () => {
  const down = { status: 401, code: 20003, message: 'Authenticate' };
  await withSecrets({}, async ({ recordings, rig, taker, told, tool, type }) => {
    rig.rest?.failNext(...Array.from({ length: 50 }, () => down));
    await tool('collect_secret', { purpose: 'the PIN', length: 4 });
    await until(() => rig.provider.last.toolResults.length === 1, 'the result');
    assert.match(told(), /could not be paused/);
    assert.ok(!rig.provider.last.said.includes(ENTER));
    type('1234');
    await until(() => rig.provider.last.texts.join('').includes('1234'), 'keys are keys again');
    assert.deepEqual(taker.digits, []);
    assert.equal(recordings[0]?.status, 'in-progress');
    await counted(rig, 'gateway_secrets_total{outcome="recorded"} 1');
  });
});

test('a caller whose language has changed is asked for digits in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-secrets-'));
  const prompt = { name: 'front', language: 'en-US', languages: ['de'], instructions: 'You are the front desk.' };
  await writeFile(join(folder, 'front.json'), JSON.stringify(prompt));
  const env = { CALL_RECORDING: 'off', ASSISTANT_PROMPT: join(folder, 'front.json') };
  await withSecrets({ env }, async ({ rig, taker, tool, type }) => {
    const english = rig.provider.last;
    await tool('switch_language', { language: 'de' });
    await until(() => rig.provider.last !== english && english.isClosed, 'the change');
    await tool('collect_secret', { purpose: 'the PIN', length: PIN.length });
    await until(() => rig.provider.last.said.some((line) => /Tastatur|Tasten/.test(line)), 'the question in German');
    assert.ok(!rig.provider.last.said.includes(ENTER));
    type(PIN);
    await until(() => taker.digits.length === 1, 'the digits');
  });
  await rm(folder, { recursive: true });
});

test('a pause whose answer is lost is found out before the caller is asked', async () => {
  await withSecrets({}, async ({ asks, is, rig, type }) => {
    rig.rest?.loseNext('after');
    await asks();
    const recording = await is('paused');
    type(PIN);
    await is('in-progress');
    assert.deepEqual(recording.keys, []);
  });
});

test('digits are thrown away with their stream, and the recording rests until they are asked for again', async () => {
  await withSecrets({}, async ({ asks, is, rig, scene, taker, type }) => {
    await asks();
    type('7392');
    await is('paused');
    scene.call.mediaStream?.drop();
    await scene.talking(2);
    await until(() => rig.provider.last.texts.length === 1, 'the note for the model');
    assert.match(rig.provider.last.texts[0] ?? '', /Nothing of it was kept/);
    const recording = await is('paused');
    assert.deepEqual(taker.digits, []);
    await asks();
    type(PIN);
    await is('in-progress');
    assert.deepEqual(taker.digits, [PIN]);
    assert.deepEqual(recording.changes, ['paused', 'in-progress']);
    assert.deepEqual(recording.keys, []);
  });
});

test('a model that replaces another one is told that digits were thrown away', async () => {
  await withSecrets({}, async ({ asks, is, rig, scene, taker, type }) => {
    await asks();
    type('7392');
    const { TandemError } = await import('../src/base/errors.js');
    rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_UNREACHABLE', 'Gone.') });
    await until(() => rig.provider.sessions.length === 2, 'the next session');
    await until(() => rig.provider.last.texts.some((text) => text.includes('Nothing of it was kept')), 'the note');
    type('81');
    await scene.call.mediaStream?.settle();
    assert.deepEqual(rig.provider.last.texts.length, 1, 'the rest of the digits reaches no one');
    await asks();
    type(PIN);
    await is('in-progress');
    assert.deepEqual(taker.digits, [PIN]);
  });
});

test('the tool is offered only if an extension takes digits', async () => {
  await withRecorder({ env: { CALL_RECORDING: 'off' } }, async (rig) => {
    const { scene } = await recordedScene(rig);
    assert.ok(!scene.toolNames.includes('collect_secret'));
  });
});

for (const pipeline of [true, false]) {
  test(`a tape holds a mask of typed digits and replays equal, ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'secret-tapes-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await withSecrets({ pipeline, env: { TAPE_DIR: folder } }, async ({ asks, is, rig, scene, type }) => {
      await asks();
      scene.call.speak(loud(400));
      type(`${PIN}#`);
      await until(() => rig.provider.last.toolResults.length === 1, 'the result');
      await is('in-progress');
      scene.call.hangup();
      await until(() => scene.outcome !== undefined, 'the end');
    });
    const [name = ''] = await readdir(folder);
    const text = await readFile(join(folder, name), 'utf8');
    const digits = [...text.matchAll(/"dtmf":\{[^}]*"digit":"(.)"/g)].map(([, digit]) => digit).join('');
    assert.equal(digits, `${'1'.repeat(PIN.length)}#`);
    const tape = parseTape(text);
    const run = await replayTape(tape, { direct: !pipeline });
    assert.equal(firstDifference(tape, run.tape), undefined);
  });
}

describe('a secret on two gateways', { skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  test('a gateway that takes over while digits are typed keeps the recording paused until they are asked for again', async () => {
    const taker = new SecretTaker();
    const env = { CALL_RECORDING: 'announced' };
    await withPair(redis.url, { rest: {}, env, onSecret: taker.onSecret }, async (pair) => {
      const { call, first, second } = pair;
      await until(() => call.recordings[0]?.status === 'in-progress', 'the recording');
      const collect = {
        type: 'tool-call',
        name: 'collect_secret',
        arguments: { purpose: 'the PIN', length: 6 },
      } as const;
      first.provider.last.emit({ ...collect, toolCallId: 't1' });
      await until(() => first.provider.last.said.includes(ENTER), 'the question');
      for (const key of '7392') call.pressDigit(key);
      pair.asked = second;
      call.mediaStream?.drop();
      await until(() => second.provider.sessions.length === 1, 'the session of the other gateway');
      await until(() => second.provider.last.texts.length === 1, 'the note for the model');
      assert.equal(call.recordings[0]?.status, 'paused');
      second.provider.last.emit({ ...collect, toolCallId: 't2' });
      await until(() => second.provider.last.said.includes(ENTER), 'the second question');
      for (const key of PIN) call.pressDigit(key);
      await until(() => call.recordings[0]?.status === 'in-progress', 'the recording goes on');
      assert.deepEqual(taker.digits, [PIN]);
      assert.deepEqual(call.recordings[0]?.keys, []);
      assert.equal(call.recordings.length, 1);
    });
  });
});
