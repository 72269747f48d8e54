import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stop as stopEsbuild, transform } from 'esbuild';
import { pino } from 'pino';
import { Carrier } from '../sim/twilio/carrier.js';
import { systemClock } from '../src/base/clock.js';
import { readConfig } from '../src/config/config.js';
import { isTandemError } from '../src/base/errors.js';
import { loadExtensions } from '../src/app/extensions.js';
import { startGateway } from '../src/app/start-gateway.js';
import { ToolRunner, toolDefinition } from '../src/voice/tools.js';
import { until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the project, because `tandem/extension` is resolved from there. */
const folder = `${root}dist/test-extensions-${process.pid}`;

describe('extensions', () => {
  before(async () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ['parrot', 'order-status']) {
      const source = readFileSync(`${root}docs/build/examples/${name}.ts`, 'utf8');
      const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' });
      writeFileSync(`${folder}/${name}.js`, code);
    }
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await stopEsbuild();
  });

  test('the extension guide shows the example files verbatim', () => {
    const guide = readFileSync(`${root}docs/build/extensions.md`, 'utf8');
    for (const name of ['parrot', 'order-status']) {
      const source = readFileSync(`${root}docs/build/examples/${name}.ts`, 'utf8');
      assert.ok(guide.includes(`<!-- examples/${name}.ts -->\n\n\`\`\`ts\n${source}\`\`\`\n`), name);
    }
  });

  test('an extension provides a voice that answers a call', async () => {
    const config = readConfig({
      PORT: '0',
      LOG_LEVEL: 'silent',
      MAX_LOOP_DELAY_MS: '0',
      PUBLIC_HOST: 'gateway.example.com',
      USE_LOCAL_DYNAMODB: 'true',
      VOICE_PROVIDER: 'parrot',
      EXTENSIONS: `${folder}/parrot.js`,
    });
    const running = await startGateway(config, { env: { PARROT_QUIET_MS: '200' } });
    const base = `http://127.0.0.1:${running.gateway.port}`;
    const carrier = new Carrier({
      accountSid: `AC${'1'.repeat(32)}`,
      resolve: () => base,
      clock: scaledClock(10),
    });
    try {
      const call = carrier.placeCall({
        from: '+12025550123',
        to: '+12065550199',
        voiceUrl: 'https://gateway.example.com/twilio/voice',
      });
      let heard = 0;
      call.on('heard', (frame) => (heard += frame.filter((byte) => byte === 0x12).length));
      await until(() => call.mediaStream !== undefined, 'the stream');
      // 400 ms of a square wave at a level that no other sound on the line has.
      call.speak(Uint8Array.from({ length: 3200 }, (_, i) => (Math.floor(i / 8) % 2 === 0 ? 0x12 : 0x92)));
      await until(() => heard >= 1600, 'the sound comes back');
      assert.equal(heard, 1600);
      call.hangup();
    } finally {
      carrier.close();
      await running.close();
    }
  });

  test('an extension provides a tool that is described to the model and run', async () => {
    const { tools } = await loadExtensions([`${folder}/order-status.js`], '/');
    assert.deepEqual(
      tools.map((tool) => toolDefinition(tool).name),
      ['order_status'],
    );
    const runner = new ToolRunner({
      tools,
      clock: systemClock,
      context: () => ({ conversationId: 'c', callerNumber: '', log: pino({ level: 'silent' }) }),
    });
    const output = await new Promise((resolve) => {
      runner.run({ name: 'order_status', arguments: { number: '4711' }, onResult: resolve, onFiller: assert.fail });
    });
    assert.match(JSON.stringify(output), /handed to the carrier/);
    runner.close();
  });

  test('an unusable extension ends the start with its name and what is wrong with it', async () => {
    const tool = (more: string): string =>
      `import { z } from 'zod';
       export const tools = [{ name: 'a', description: '', parameters: z.object({}), run() {}, ${more} }];`;
    const endless = 'await new Promise(() => undefined);';
    const cases: [string, RegExp][] = [
      ['export const providers = 1;', /its "providers" is not an object/],
      ['export const providers = { x: 1 };', /its provider "x" is not a function/],
      ['export const tools = {};', /its "tools" is not an array/],
      ['export const tools = [{ name: "Bad Name" }];', /no name in snake_case/],
      ['export const tools = [{ name: "a" }];', /its tool "a" has no function "run"/],
      ['export const tools = [{ name: "a", run() {} }];', /has no description/],
      ['export const tools = [{ name: "a", run() {}, description: "" }];', /has no zod schema/],
      ['export const beforeCall = 1;', /its "beforeCall" is not a function/],
      ['throw new Error("at load");', /cannot be loaded: at load\./],
      ['throw undefined;', /cannot be loaded: undefined\./],
      [endless, /has not finished loading after 0\.2 s/],
      [
        'export default { tools: [] };',
        /exports none of "providers", "tools", "processors", "beforeCall", "onCallEvent", "afterCall", "onSecret" \(it exports default\)/,
      ],
      [
        '',
        /exports none of "providers", "tools", "processors", "beforeCall", "onCallEvent", "afterCall", "onSecret" \(it exports nothing\)/,
      ],
      [tool('name: "end_call"'), /its tool "end_call" has the name of a built-in tool/],
      [tool('name: "request_callback"'), /its tool "request_callback" has the name of a built-in tool/],
      [tool('parameters: z.object({ when: z.date() })'), /JSON Schema cannot express: Date cannot be represented/],
      [tool('parameters: z.string()'), /has "parameters" that are no z\.object/],
      [tool('timeoutMs: -1'), /has a "timeoutMs" that is no number of milliseconds from 1 to 300000/],
      [tool('timeoutMs: "5s"'), /has a "timeoutMs"/],
      [tool('timeoutMs: Infinity'), /has a "timeoutMs"/],
      [tool('filler: " "'), /has a "filler" without words/],
      ['import "nowhere-to-be-found";', /is not there/],
    ];
    for (const [index, [source, expected]] of cases.entries()) {
      const name = `./bad-${index}.mjs`;
      writeFileSync(`${folder}/bad-${index}.mjs`, source);
      // The others must come to their end on a busy machine, too.
      await assert.rejects(loadExtensions([name], folder, source === endless ? 200 : 180_000), (error) => {
        assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
        assert.match(error.message, expected);
        assert.ok(error.message.startsWith(`EXTENSIONS names ${name}, but `), error.message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
    const twice = [`${folder}/order-status.js`, `${folder}/order-status.js`];
    await assert.rejects(loadExtensions(twice, '/'), /is there twice/);
    await assert.rejects(loadExtensions(['a-package-that-does-not-exist'], '/'), /not there/);
  });

  test('a tool with a transform in its schema is described by what it takes in', async () => {
    const source = `import { z } from 'zod';
      const parameters = z.object({ at: z.string().transform((text) => new Date(text)) });
      export const tools = [{ name: 'a', description: '', parameters, run() {} }];`;
    writeFileSync(`${folder}/transform.mjs`, source);
    const { tools } = await loadExtensions(['./transform.mjs'], folder);
    assert.deepEqual(
      tools.map((tool) => toolDefinition(tool).parameters['properties']),
      [{ at: { type: 'string' } }],
    );
  });

  test('an unusable provider of an extension ends the start with its name and what is wrong with it', async () => {
    const cases: [string, RegExp][] = [
      [
        '() => { throw new Error("no key"); }',
        /^EXTENSIONS has a provider "odd", but it could not be created: no key\./,
      ],
      ['() => undefined', /^EXTENSIONS has a provider "odd", but it has no function "prepare"\./],
      ['() => ({ prepare() {}, open() {}, close() {} })', /has no "name"/],
      ['() => ({ ...good, answerWithinMs: NaN })', /has an "answerWithinMs" that is no time above 0/],
      ['() => ({ ...good, renewal: { afterMs: 5, forceAfterMs: 1 } })', /has a "renewal"/],
      [
        '() => ({ ...good, prepare: () => new Promise(() => {}) })',
        /names odd, but that provider has not finished its prep/,
      ],
      ['() => ({ ...good, prepare: () => Promise.reject(new Error("no net")) })', /could not be prepared: no net\./],
      ['() => ({ ...good, prepare: () => { throw 5; } })', /could not be prepared: number\./],
    ];
    for (const [index, [factory, expected]] of cases.entries()) {
      const file = `${folder}/odd-${index}.mjs`;
      writeFileSync(
        file,
        `const good = { name: 'odd', prepare() {}, open() {}, close() {} };
         export const providers = { odd: ${factory} };`,
      );
      const config = readConfig({
        PORT: '0',
        LOG_LEVEL: 'silent',
        MAX_LOOP_DELAY_MS: '0',
        USE_LOCAL_DYNAMODB: 'true',
        VOICE_PROVIDER: 'odd',
        EXTENSIONS: file,
      });
      await assert.rejects(startGateway(config, { prepareLimitMs: 200 }), (error) => {
        assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
  });

  test('an extension that never finishes loading ends the process with one sentence and exit code 1', async () => {
    writeFileSync(`${folder}/hangs.mjs`, 'export const tools = await new Promise(() => undefined);');
    const child = spawn(process.execPath, [`${root}dist/src/main.js`], {
      env: { PATH: process.env['PATH'], ENV_FILE: 'none', PORT: '0', EXTENSIONS: `${folder}/hangs.mjs` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    child.stderr.on('data', (data: Buffer) => said.push(data.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 1);
    const { notice } = JSON.parse(said.join('')) as { notice: string };
    assert.match(notice, /^EXTENSIONS names .*hangs\.mjs, but it has not finished loading[^\n]*$/);
  });

  test('an extension without the configured provider ends the start', async () => {
    const config = readConfig({
      PORT: '0',
      LOG_LEVEL: 'silent',
      MAX_LOOP_DELAY_MS: '0',
      USE_LOCAL_DYNAMODB: 'true',
      VOICE_PROVIDER: 'macaw',
      EXTENSIONS: `${folder}/parrot.js`,
    });
    await assert.rejects(startGateway(config), /"macaw", which is neither/);
  });
});
