import assert from 'node:assert/strict';
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
    const cases: [string, RegExp][] = [
      ['export const providers = 1;', /its "providers" is not an object/],
      ['export const providers = { x: 1 };', /its provider "x" is not a function/],
      ['export const tools = {};', /its "tools" is not an array/],
      ['export const tools = [{ name: "Bad Name" }];', /no name in snake_case/],
      ['export const tools = [{ name: "a" }];', /its tool "a" has no function "run"/],
      ['export const tools = [{ name: "a", run() {} }];', /has no description/],
      ['export const tools = [{ name: "a", run() {}, description: "" }];', /has no zod schema/],
      ['throw new Error("at load");', /cannot be loaded/],
      ['import "nowhere-to-be-found";', /is not there/],
    ];
    for (const [index, [source, expected]] of cases.entries()) {
      const name = `./bad-${index}.mjs`;
      writeFileSync(`${folder}/bad-${index}.mjs`, source);
      await assert.rejects(loadExtensions([name], folder), (error) => {
        assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
        assert.match(error.message, expected);
        assert.ok(error.message.startsWith(`EXTENSIONS names ${name}, but `), error.message);
        return true;
      });
    }
    const twice = [`${folder}/order-status.js`, `${folder}/order-status.js`];
    await assert.rejects(loadExtensions(twice, '/'), /is there twice/);
    await assert.rejects(loadExtensions(['a-package-that-does-not-exist'], '/'), /not there/);
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
