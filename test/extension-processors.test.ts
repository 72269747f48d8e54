import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stop as stopEsbuild, transform } from 'esbuild';
import { readConfig } from '../src/config/config.js';
import { isTandemError } from '../src/base/errors.js';
import { diagnose } from '../src/doctor.js';
import { CHECKS } from '../src/doctor/checks.js';
import { loadExtensions } from '../src/app/extensions.js';
import { startGateway } from '../src/app/start-gateway.js';
import { type Rig, startRig, until } from './support/rig.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the project, because `tandem/extension` is resolved from there. */
const folder = `${root}dist/test-processors-${process.pid}`;
const LOCAL = { PORT: '0', LOG_LEVEL: 'silent', MAX_LOOP_DELAY_MS: '0', USE_LOCAL_DYNAMODB: 'true' };

const said = (rig: Rig): string[] => rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn.text] : []));
const linesWith = (rig: Rig, text: string): string[] =>
  rig
    .log()
    .split('\n')
    .filter((line) => line.includes(text));

function extension(name: string, source: string): string {
  const path = `${folder}/${name}.mjs`;
  writeFileSync(path, source);
  return path;
}

describe('processors of extensions', { concurrency: true }, () => {
  before(async () => {
    mkdirSync(folder, { recursive: true });
    const source = readFileSync(`${root}docs/build/examples/two-processors.ts`, 'utf8');
    const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' });
    extension('two-processors', code);
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await stopEsbuild();
  });

  test('the guide to processors shows the example file verbatim', () => {
    const guide = readFileSync(`${root}docs/build/processors.md`, 'utf8');
    const source = readFileSync(`${root}docs/build/examples/two-processors.ts`, 'utf8');
    assert.ok(guide.includes(`<!-- examples/two-processors.ts -->\n\n\`\`\`ts\n${source}\`\`\`\n`));
  });

  test("the example's two processors mask words up to the agent's screen, and count how long the caller spoke", async () => {
    const rig = await startRig({
      env: { EXTENSIONS: `${folder}/two-processors.mjs`, MASK_WORDS: 'budget, secret' },
    });
    try {
      const call = rig.call();
      await until(() => said(rig).length > 0, 'the greeting');
      // Two seconds of a square wave.
      call.speak(Uint8Array.from({ length: 16_000 }, (_, at) => (Math.floor(at / 8) % 2 === 0 ? 0x12 : 0x92)));
      const item = { responseId: 'r', itemId: 'i' };
      rig.provider.last.emit({ type: 'response-started', responseId: 'r', sayId: undefined });
      for (const text of ['The bud', 'get pho', 'ne is a sec', 'ret, not a budget phon', 'e and no secr', 'et'])
        rig.provider.last.emit({ type: 'assistant-text', ...item, text });
      rig.provider.last.emit({ type: 'item-done', ...item });
      await until(() => said(rig).length > 1, 'the answer');
      assert.equal(said(rig)[1], 'The ****** phone is a ******, not a ****** phone and no ******');
      await until(() => rig.provider.last.callerBytes >= 30_000, 'the caller is heard');
      rig.provider.last.callerSays('A human please, the SECRET is the Budget Phone.');
      await until(() => rig.screens.length === 1, "the agent's screen");
      const shown = JSON.stringify(rig.screens[0]?.attributes);
      assert.match(shown, /the \*{6} is the \*{6} Phone/);
      assert.doesNotMatch(shown, /secret|budget/i);
      call.hangup();
      await until(() => linesWith(rig, '"the caller spoke"').length === 1, 'the log line');
      const line = JSON.parse(linesWith(rig, '"the caller spoke"')[0] ?? '') as Record<string, unknown>;
      assert.equal(line['caller_speech_seconds'], 2);
      for (const id of ['call_sid', 'stream_sid']) assert.equal(typeof line[id], 'string', id);
    } finally {
      await rig.close();
    }
  });

  test('a processor can say a line, and stops with its stream', async () => {
    const speaker = extension(
      'speaker',
      `export const processors = { speaker: { place: 'before-model', create: ({ clock, language }) => {
         let timer;
         return {
           name: 'speaker',
           attach(link) { timer = clock.setTimer(1000, () => link.emit({ type: 'speak', text: 'Still here, in ' + language, sayId: 'own' })); },
           process: (frame, link) => link.push(frame),
           close() { timer.cancel(); },
         };
       } } };`,
    );
    const rig = await startRig({ env: { EXTENSIONS: speaker } });
    try {
      rig.call();
      await until(() => said(rig).includes('Still here, in en-US'), 'the line');
    } finally {
      await rig.close();
    }
  });

  test('whatever processors do wrong is counted, logged once a call, and the caller still reaches an agent', async () => {
    const bad = extension(
      'bad',
      `const boom = () => { throw new Error('from an extension'); };
       const at = (place, create) => ({ place, create });
       const pass = (frame, link) => link.push(frame);
       export const processors = {
         'no-create': at('before-model', boom),
         'no-processor': at('after-model', () => ({})),
         deafening: at('before-model', () => ({ process: (frame, link) => frame.type === 'input-audio' ? boom() : pass(frame, link) })),
         mute: at('after-model', () => ({ process: (frame, link) => frame.type === 'audio' || frame.type === 'usage' ? boom() : pass(frame, link) })),
         later: at('after-model', () => ({ process: async (frame, link) => pass(frame, link) })),
         inventor: at('after-model', () => ({ process: (frame, link) => { link.push({ type: 'audio' }); pass(frame, link); }, attach: boom, close: boom })),
         timed: at('before-model', ({ clock }) => { clock.setTimer(200, boom); return { process: pass }; }),
       };`,
    );
    const rig = await startRig({ env: { EXTENSIONS: bad } });
    try {
      const call = rig.call();
      await until(() => said(rig).length > 0, 'the greeting');
      await until(() => rig.provider.last.callerBytes > 8000, 'the model hears the caller again');
      rig.provider.last.speak('Six seconds.', 6000);
      let heardBytes = 0;
      call.on('heard', (frame) => (heardBytes += frame.filter((byte) => byte === 0x10).length));
      await until(() => heardBytes > 1600, 'the caller hears the model again');
      rig.provider.last.callerSays('I want to speak to a human agent.');
      await until(() => rig.screens.length === 1, "the agent's screen");
      assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
      call.hangup();
      const text = await rig.running.metrics.text();
      assert.match(text, /^gateway_processor_errors_total\{processor="extension"\} \d\d+$/m);
      assert.match(text, /^gateway_processor_errors_total\{processor="timer"\} 1$/m);
      const kinds = linesWith(rig, 'a processor of an extension failed').map((line) => {
        const { call_sid, kind, processor } = JSON.parse(line) as Record<string, string>;
        assert.ok(call_sid !== undefined);
        return `${processor} ${kind}`;
      });
      assert.deepEqual(kinds.sort(), [
        'deafening deaf',
        'deafening failed',
        'inventor failed',
        'inventor no-frame',
        'later asynchronous',
        'mute deaf',
        'mute failed',
        'no-create not-created',
        'no-processor not-created',
      ]);
      assert.doesNotMatch(rig.log(), /from an extension/);
    } finally {
      await rig.close();
    }
  });

  test('an unusable processor ends the start with its name and what is wrong with it', async () => {
    const fine = `{ place: 'after-model', create() {} }`;
    for (const [index, [source, expected]] of (
      [
        ['export const processors = [];', /its "processors" is not an object/],
        ['export const processors = { a: 1 };', /its processor "a" has no function "create"/],
        [
          'export const processors = { a: { create() {} } };',
          /its processor "a" has a "place" that is none of before-model, after-model/,
        ],
        [`export const processors = { a: { place: 'gate', create() {} } };`, /has a "place" that is none of/],
        ['export const processors = 1;', /its "processors" is not an object/],
      ] as const
    ).entries()) {
      const path = extension(`unusable-${index}`, source);
      await assert.rejects(loadExtensions([path], '/'), (error) => {
        assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
    const one = extension('one', `export const processors = { a: ${fine}, b: ${fine} };`);
    assert.deepEqual([...(await loadExtensions([one], '/')).processors.keys()], ['a', 'b']);
    await assert.rejects(loadExtensions([one, one], '/'), /its processor "a" is there twice/);
  });

  test('with the direct bridge a processor ends the start with one sentence, and doctor says the same', async () => {
    const env = { ...LOCAL, USE_PIPECAT: 'false', EXTENSIONS: `${folder}/two-processors.mjs` };
    const sentence =
      /^USE_PIPECAT is false, and the direct bridge runs no processors, but EXTENSIONS has some: caller-seconds, mask-words\./;
    await assert.rejects(startGateway(readConfig(env)), (error) => {
      assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID');
      assert.match(error.message, sentence);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    const faults: string[] = [];
    const { code } = await diagnose({
      env,
      report: ({ result, text }) => {
        if (result === 'fault') faults.push(text);
      },
      checks: CHECKS.filter(({ name }) => name === 'assistants'),
    });
    assert.equal(code, 1);
    assert.match(faults[0] ?? '', sentence);
  });
});
