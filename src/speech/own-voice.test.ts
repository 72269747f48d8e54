import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { mulawToPcm } from '../audio/g711.js';
import { writeWav } from '../audio/wav.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { startEndlessServer } from '../../test/support/endless-server.js';
import { startStallingServer } from '../../test/support/stalling-server.js';
import { until } from '../../test/support/rig.js';
import { openLineSpeaker } from './engine.js';
import { serverVoice } from './own-voice.js';

/**
 * A network in the form of sherpa-onnx's VITS models: 16 kHz, English with a lexicon. It speaks 1,600 samples of one value, 0.25, for
 * each token. Made by hand, because real ones have tens of megabytes.
 */
const TINY_VOICE = Buffer.from(
  [
    'CAg6swMKHgoIeF9sZW5ndGgSAW4iBENhc3QqCQoCdG8YAaABAgoeCgFuCgxsZW5ndGhfc2NhbGUSBnNjYWxlZCIDTXVsCiAKBnNj',
    'YWxlZAoIcGVyVG9rZW4SB3NhbXBsZXMiA011bAohCgdzYW1wbGVzEgVjb3VudCIEQ2FzdCoJCgJ0bxgHoAECCikKBG9uZXMKBWNv',
    'dW50EgVzaGFwZSIGQ29uY2F0KgsKBGF4aXMYAKABAgo1CgVzaGFwZRIBeSIPQ29uc3RhbnRPZlNoYXBlKhgKBXZhbHVlKgwIARAB',
    'SgQAAIA+QgCgAQQSBXZvaWNlKg4IAhAHOAE4AUIEb25lcyoUCAEQAUoEAADIREIIcGVyVG9rZW5aFQoBeBIQCg4IBxIKCgMSAU4K',
    'AxIBVFoXCgh4X2xlbmd0aBILCgkIBxIFCgMSAU5aGQoLbm9pc2Vfc2NhbGUSCgoICAESBAoCCAFaGgoMbGVuZ3RoX3NjYWxlEgoK',
    'CAgBEgQKAggBWhsKDW5vaXNlX3NjYWxlX3cSCgoICAESBAoCCAFiGQoBeRIUChIIARIOCgMSAU4KAggBCgMSAVNCBAoAEA1yEgoK',
    'bW9kZWxfdHlwZRIEdml0c3ITCgdjb21tZW50EghsanNwZWVjaHITCghsYW5ndWFnZRIHRW5nbGlzaHIOCglhZGRfYmxhbmsSATBy',
    'DwoKbl9zcGVha2VycxIBMXIUCgtzYW1wbGVfcmF0ZRIFMTYwMDByFgoLcHVuY3R1YXRpb24SBywgLiAhID8=',
  ].join(''),
  'base64',
);

async function withFolder(
  files: Readonly<Record<string, string | Buffer>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'voice-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      if (name.endsWith('/')) await mkdir(join(folder, name));
      else await writeFile(join(folder, name), text);
    }
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function refusal(ttsModel: string): Promise<string> {
  try {
    await (await openLineSpeaker({ ttsModel })).close();
  } catch (error) {
    assert.ok(isTandemError(error));
    assert.equal(error.code, 'LOCAL_SPEECH_DAMAGED');
    return error.what;
  }
  return assert.fail('the folder was taken for a voice');
}

test('a folder without a voice model is refused with what is missing in it', async () => {
  assert.match(
    await refusal('/nowhere/at/all'),
    /folder \/nowhere\/at\/all, which LOCAL_TTS_MODEL names, cannot be read/,
  );
  await withFolder({}, async (folder) =>
    assert.match(await refusal(folder), /tokens\.txt, which LOCAL_TTS_MODEL needs/),
  );
  await withFolder({ 'tokens.txt': 'a 1' }, async (folder) => assert.match(await refusal(folder), /has no model/));
});

test('a file that is no voice model is refused by the runtime, and the gateway says which folder', async () => {
  await withFolder({ 'tokens.txt': 'a 1\n', 'voice.onnx': 'no model', 'espeak-ng-data/': '' }, async (folder) => {
    assert.match(await refusal(folder), new RegExp(`voice model in ${folder} cannot be loaded`));
  });
});

test('a voice model in a folder speaks in any language, at the rate of the telephone', async () => {
  const files = {
    'voice.onnx': TINY_VOICE,
    'tokens.txt': '_ 0\n, 1\n. 2\na 3\nb 4\n  5\n',
    'lexicon.txt': 'einen a b a b a\nmoment b a\n',
  };
  await withFolder(files, async (folder) => {
    const changes: boolean[] = [];
    const speaker = await openLineSpeaker({ ttsModel: folder, onOwnVoice: (isUp) => changes.push(isUp) });
    try {
      const [short, long] = [await speaker.speak('Moment.', 'de-DE'), await speaker.speak('Einen Moment.', 'de-DE')];
      // The runtime adds a token at each end and for each space.
      const tokens = (mulaw: Uint8Array): number => mulaw.length / 800;
      assert.equal(tokens(long) - tokens(short), 6);
      const samples = mulawToPcm(long.subarray(800, -800));
      assert.ok(samples.every((sample) => Math.abs(sample - 8192) < 400));
      assert.deepEqual(changes, [], 'no other voice stands in');
    } finally {
      await speaker.close();
    }
  });
});

test('a speech server speaks the lines, and the embedded voice speaks English ones while it fails', async () => {
  const bodies: Record<string, unknown>[] = [];
  const tone = Int16Array.from({ length: 24_000 }, (_, i) => 9000 * Math.sin(i / 5));
  let answer = (response: ServerResponse): unknown => response.end(writeWav([tone], 24_000));
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push({ url: request.url, ...(JSON.parse(body) as object) });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const changes: boolean[] = [];
  const speaker = await openLineSpeaker({
    ttsBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    onOwnVoice: (isUp) => changes.push(isUp),
  });
  try {
    assert.equal((await speaker.speak('Einen Moment, bitte.', 'de-DE')).length, 8000, 'one second at 8 kHz');
    assert.deepEqual(bodies[0], {
      url: '/v1/audio/speech',
      model: 'tts-1',
      voice: 'alloy',
      input: 'Einen Moment, bitte.',
      response_format: 'wav',
      speed: 1,
    });
    answer = (response) => response.writeHead(302, { location: '/elsewhere' }).end();
    await assert.rejects(speaker.speak('Noch einen Moment.', 'de-DE'), { code: 'LOCAL_SPEECH_FAILED' });
    assert.deepEqual(changes, []);
    const fallback = await speaker.speak('One moment, please.', 'en-US');
    assert.ok(fallback.length > 4000 && fallback.length !== 8000);
    assert.deepEqual(changes, [false]);
    assert.equal(bodies.length, 2, 'the redirect is not followed, and the server rests');
  } finally {
    await speaker.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a speech server whose answer stalls after its head is given up in time', async () => {
  const server = await startStallingServer();
  const clock = new FakeClock();
  try {
    const spoken = assert.rejects(serverVoice(server.url, clock)('One moment.', 1));
    await until(() => server.open() === 1, 'the head of the answer');
    clock.advance(3000);
    await spoken;
    await until(() => server.open() === 0, 'the connection is closed');
    assert.equal(clock.timers, 0);
  } finally {
    await server.close();
  }
});

test('the audio of a speech server is not read without end', async () => {
  const server = await startEndlessServer();
  const clock = new FakeClock();
  try {
    await assert.rejects(serverVoice(server.url, clock)('One moment.', 1), { code: 'LOCAL_SPEECH_FAILED' });
    await until(() => server.open() === 0, 'the connection is closed');
    assert.ok(server.sentBytes() < 40_000_000, String(server.sentBytes()));
    assert.equal(clock.timers, 0);
  } finally {
    await server.close();
  }
});
