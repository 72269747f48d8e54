import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { scaledClock } from '../../test/support/scaled-clock.js';
import { until } from '../../test/support/rig.js';
import { TestSim } from '../../test/support/nova-line.js';
import { WireClient, type WireOptions } from '../../test/support/nova-wire-client.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { encodeChunk } from './event-stream.js';
import { type NovaSim, SIMULATED_CREDENTIALS, startNovaSim } from './nova-sim.js';
import type { Credentials } from './sigv4.js';

describe('simulated Nova: what is checked before the stream', () => {
  let sim: NovaSim;
  before(async () => {
    sim = await startNovaSim({ maxSessions: 1 });
  });
  after(() => sim.close());

  const answer = async (options: WireOptions): Promise<string> => {
    const client = new WireClient(sim.url, options);
    await until(() => client.status !== 0, 'an answer');
    if (client.status !== 200) await client.ended;
    client.close();
    if (client.status === 200) return '200';
    const { message } = JSON.parse(client.errorBody) as { message: string };
    return `${client.status} ${String(client.responseHeaders['x-amzn-errortype'])}: ${message}`;
  };

  const refusals: [string, WireOptions, RegExp][] = [
    ['another path', { path: '/model/a/invoke' }, /^404 UnknownOperationException/],
    ['no authorization', { headers: { authorization: undefined } }, /^403 MissingAuthenticationTokenException/],
    ['an API key', { headers: { authorization: 'Bearer abc' } }, /^403 AccessDeniedException: API keys/],
    ['half a signature', { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a' } }, /^403 IncompleteSignature/],
    [
      'an unknown access key',
      { credentials: { ...SIMULATED_CREDENTIALS, accessKeyId: 'OTHER' } },
      /^403 UnrecognizedClientException: The security token included in the request is invalid/,
    ],
    [
      'an unknown session token',
      { credentials: { ...SIMULATED_CREDENTIALS, sessionToken: 'other' } },
      /^403 UnrecognizedClientException/,
    ],
    [
      'a wrong secret',
      { credentials: { ...SIMULATED_CREDENTIALS, secretAccessKey: 'other' } },
      /^403 InvalidSignatureException: The request signature we calculated does not match/,
    ],
    [
      'a header changed after signing',
      { headers: { 'x-amz-date': '20200101T000000Z' } },
      /^403 InvalidSignatureException: Date in Credential scope/,
    ],
    ['another region', { region: 'eu-north-1' }, /^403 InvalidSignatureException: Credential .* valid region/],
    [
      'another service',
      { service: 'bedrock-runtime' },
      /^403 InvalidSignatureException: .* correct service: 'bedrock'/,
    ],
    ['a body that is not signed event by event', { headers: { 'x-amz-content-sha256': 'a' } }, /^403 .*STREAMING-AWS4/],
    ['a host that is not signed', { signedHeaders: ['x-amz-content-sha256', 'x-amz-date'] }, /^403 .*SignedHeader/],
    ['another content type', { headers: { 'content-type': 'application/json' } }, /^403 InvalidSignature/],
    ['an unknown model', { modelId: 'amazon.nova-3-sonic-v1:0' }, /^400 ValidationException: .*model identifier/],
    ['an inference profile', { modelId: 'us.amazon.nova-2-sonic-v1:0' }, /^400 ValidationException/],
    ['the retired model', { modelId: 'amazon.nova-sonic-v1:0' }, /^404 ResourceNotFoundException: .*end of its life/],
  ];
  for (const [what, options, expected] of refusals)
    test(`Nova refuses a request with ${what}`, async () => {
      assert.match(await answer(options), expected);
    });

  test('Nova refuses a signed content type that is not an event stream', async () => {
    const signedHeaders = [':authority', 'x-amz-content-sha256', 'x-amz-date'];
    const options = { signedHeaders, headers: { 'content-type': 'text/plain' } };
    assert.match(await answer(options), /^400 ValidationException: The content type/);
  });

  test('Nova accepts a valid request for both models', async () => {
    assert.equal(await answer({}), '200');
    await until(() => sim.sessions.at(-1)?.end !== undefined, 'the end');
    assert.equal(await answer({ modelId: 'amazon.nova-2-5-sonic' }), '200');
    await until(() => sim.sessions.at(-1)?.end !== undefined, 'the end');
  });

  test('Nova throttles sessions above its limit as long as the others last', async () => {
    const first = new WireClient(sim.url);
    await until(() => first.status === 200, 'the first');
    assert.match(await answer({}), /^429 ThrottlingException/);
    first.close();
    await until(() => sim.sessions.at(-1)?.end?.type === 'client-gone', 'the end of the first');
    assert.equal(await answer({}), '200');
  });

  test('Nova survives a client that does not speak HTTP/2', async () => {
    const socket = connect(sim.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await new Promise((resolve) => {
      socket.on('close', resolve);
      socket.resume();
    });
    await until(() => sim.sessions.at(-1)?.end !== undefined, 'the end of the session before');
    assert.equal(await answer({}), '200');
  });
});

test('simulated Nova: a session token and the time of the signature are checked', async (t) => {
  const credentials = { ...SIMULATED_CREDENTIALS, sessionToken: 'simulated-token' };
  const sim = await TestSim.start(t, { credentials });
  const right = sim.connect({ credentials });
  const without = sim.connect();
  await until(() => right.status === 200 && without.status === 403, 'both answers');
  const late = (await TestSim.start(t, { maxClockSkewMs: -1 })).connect();
  await late.ended;
  assert.match(late.errorBody, /Signature expired/);
});

test('simulated Nova: credentials that have ended open no session, and end those that they opened', async (t) => {
  const clock = new FakeClock();
  const expiration = new Date(clock.epochMs() + 30_000);
  const [old, renewed] = ['old', 'renewed'].map((sessionToken) => ({ ...SIMULATED_CREDENTIALS, sessionToken })) as [
    Credentials,
    Credentials,
  ];
  const sim = await TestSim.start(t, { clock, credentials: [{ ...old, expiration }, renewed] });
  const client = sim.connect({ credentials: old });
  await until(() => client.status === 200, 'the session');
  clock.advance(29_000);
  assert.equal(sim.sessions[0]?.end, undefined);
  clock.advance(1000);
  await client.ended;
  assert.deepEqual(client.exception, {
    type: 'validationException',
    message: 'The security token included in the request is expired',
  });
  const late = sim.connect({ credentials: old });
  await until(() => late.status !== 0, 'the refusal');
  assert.deepEqual([late.status, late.responseHeaders['x-amzn-errortype']], [403, 'ExpiredTokenException']);
  const next = sim.connect({ credentials: renewed });
  await until(() => next.status === 200, 'the next session');
});

describe('simulated Nova: the events on the wire', () => {
  let sim: NovaSim;
  before(async () => {
    sim = await startNovaSim({ clock: scaledClock(10) });
  });
  after(() => sim.close());

  const refused = async (spoil: (client: WireClient) => void): Promise<string> => {
    const client = new WireClient(sim.url);
    client.startSession();
    spoil(client);
    await client.ended;
    client.close();
    return `${client.exception?.type}: ${client.exception?.message}`;
  };

  test('an event with a bad signature ends the session and is counted', async () => {
    const message = await refused((client) => {
      client.spoilNext = true;
      client.startPrompt();
      client.text('SYSTEM', 'never seen');
    });
    assert.match(message, /^validationException: The request signature we calculated does not match/);
    assert.deepEqual(sim.sessions.at(-1)?.signatures, { good: 1, bad: 1, final: false });
    assert.equal(sim.sessions.at(-1)?.inputs.length, 1);
  });

  test('damaged frames, invalid lengths and messages other than chunks end the session', async () => {
    const frame = Buffer.from(encodeChunk('{}'));
    const spoil = (client: WireClient): void => {
      const send = client.sendBytes.bind(client);
      client.sendBytes = (bytes) => send(bytes.map((byte, at) => (at === bytes.length - 40 ? byte ^ 1 : byte)));
      client.startPrompt();
    };
    assert.match(await refused(spoil), /The event stream is damaged/);
    assert.match(await refused((client) => client.sendBytes(frame)), /The event stream is damaged/);
    assert.match(await refused((client) => client.sendBytes(Buffer.from([0, 0, 0, 3]))), /damaged/);
    assert.match(await refused((client) => client.sendBytes(Buffer.from([0xff, 0, 0, 3]))), /damaged/);
    assert.match(await refused((client) => client.sendInner(Buffer.from('not a message'))), /must be a chunk/);
    assert.match(await refused((client) => client.sendJson('{"event":')), /holds one event/);
    assert.match(await refused((client) => client.sendJson('{"event":{},"x":1}')), /holds one event/);
    assert.match(await refused((client) => client.send('audioChunk', {})), /extraneous key \[audioChunk\]/);
    assert.match(await refused((client) => client.send('toString', {})), /extraneous key \[toString\]/);
  });

  test('frames may arrive in chunks of any size', async () => {
    const client = new WireClient(sim.url);
    const whole: Uint8Array[] = [];
    const send = client.sendBytes.bind(client);
    client.sendBytes = (bytes) => void whole.push(bytes);
    client.begin();
    const bytes = Buffer.concat(whole);
    for (let at = 0; at < bytes.length; at += 7) send(bytes.subarray(at, at + 7));
    await until(() => sim.sessions.at(-1)?.inputs.length === client.sent, 'all events');
    assert.deepEqual(sim.sessions.at(-1)?.signatures, { good: client.sent, bad: 0, final: false });
    client.close();
  });

  test('a session’s end is recorded by how the input ended: with the empty frame, without it, or not at all', async () => {
    const run = async (finish: (client: WireClient) => void) => {
      const client = new WireClient(sim.url);
      client.begin();
      client.silence(100);
      client.text('USER', 'hi', true);
      await until(() => client.received.length > 0, 'completionStart');
      finish(client);
      const session = sim.sessions.at(-1);
      await until(() => session?.end !== undefined, 'the end');
      client.close();
      return [session?.end?.type, session?.signatures.final];
    };
    const orderly = await run((client) => {
      client.leave();
      client.finish();
    });
    assert.deepEqual(orderly, ['orderly', true]);
    assert.deepEqual(await run((client) => client.finish()), ['input-ended', true]);
    assert.deepEqual(await run((client) => client.endRudely()), ['input-ended', false]);
    assert.deepEqual(await run((client) => client.close()), ['client-gone', false]);
    assert.deepEqual(await run((client) => client.leave()), ['orderly', false]);
    const spoilt = await run((client) => {
      client.leave();
      client.spoilNext = true;
      client.finish();
    });
    assert.deepEqual([spoilt, sim.sessions.at(-1)?.signatures.bad], [['exception', false], 1]);
  });

  test('the model’s events are padded to different lengths', async () => {
    const client = new WireClient(sim.url);
    client.begin();
    client.silence(100);
    client.text('USER', 'hi', true);
    await until(() => client.named('audioOutput').length > 5, 'some audio');
    assert.ok(client.paddings.size > 3);
    assert.ok(!client.paddings.has(-1));
    client.close();
  });
});

test('the head of the response of a simulated Nova comes at once, or with the first output', async (t) => {
  for (const headers of ['at-once', 'with-first-output'] as const) {
    const sim = await TestSim.start(t, { headers });
    const client = sim.connect();
    client.begin();
    client.silence(100);
    await until(() => sim.sessions[0]?.audio.durationMs === 100, 'the audio');
    await client.answered();
    assert.equal(client.status, headers === 'at-once' ? 200 : 0);
    client.text('USER', 'hi', true);
    await until(() => client.received.length > 0, 'completionStart');
    assert.equal(client.status, 200);
  }
});
