import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as openSocket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { signStream, signWebhook } from '../sim/twilio/signing.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { within } from './support/deadline.js';
import { AUTH_TOKEN, PUBLIC_HOST, type Rig, startRig, until } from './support/rig.js';

const STREAM_URL = `wss://${PUBLIC_HOST}/twilio/stream`;

/**
 * Sends the gateway everything that it must refuse or ignore. One call is live all the while: at the end the model must still
 * hear its caller, and the process must still run.
 */
describe('bad input', () => {
  let rig: Rig;
  let bystander: CarrierCall;

  before(async () => {
    rig = await startRig();
    bystander = rig.call('+12025550100');
    await until(() => rig.events.some((event) => event.type === 'stream-started'), 'the call that stays live');
  });

  after(async () => {
    const before = rig.provider.sessions[0]?.callerBytes ?? 0;
    await until(() => (rig.provider.sessions[0]?.callerBytes ?? 0) > before + 800, 'the live call is still heard');
    assert.equal(bystander.isOver, false);
    bystander.hangup();
    await rig.close();
  });

  const anomalies = async (kind: string): Promise<number> => {
    const text = await rig.running.metrics.text();
    return Number(new RegExp(`gateway_stream_anomalies_total\\{kind="${kind}"\\} (\\d+)`).exec(text)?.[1] ?? '0');
  };

  test('a webhook with no signature, a wrong one, or one for another host gets 403 and creates nothing', async () => {
    const fields = { CallSid: 'CA1', From: '+12025550123', To: '+12065550199' };
    const sessions = rig.provider.sessions.length;
    const url = `https://${PUBLIC_HOST}/twilio/voice`;
    for (const signature of [
      undefined,
      '',
      'not-base64',
      signWebhook('another-token', url, fields),
      signWebhook(AUTH_TOKEN, 'https://elsewhere.example.com/twilio/voice', fields),
      signWebhook(AUTH_TOKEN, url, { ...fields, From: '+12025550666' }),
    ]) {
      const answer = await post('/twilio/voice', new URLSearchParams(fields).toString(), { signature });
      assert.equal(answer.status, 403);
      assert.doesNotMatch(answer.body, /<Response>/);
    }
    assert.equal(rig.provider.sessions.length, sessions);
  });

  test('a webhook without a usable signature is refused before its body has arrived', async () => {
    for (const signature of [undefined, 'not-base64', `${'A'.repeat(27)}=A`]) {
      const socket = openSocket(rig.running.gateway.port, '127.0.0.1');
      const head = [
        'POST /twilio/voice HTTP/1.1',
        `Host: ${PUBLIC_HOST}`,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 1000',
        ...(signature === undefined ? [] : [`X-Twilio-Signature: ${signature}`]),
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\nCallSid=`);
      const [answer] = (await within(once(socket, 'data'), 'the answer')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 403 /);
      socket.destroy();
    }
  });

  test('a webhook body that is not a form, is too large, has too many fields, or names no call gets an error status of its own', async () => {
    const voice = `https://${PUBLIC_HOST}/twilio/voice`;
    const json = await post('/twilio/voice', '{"CallSid":"CA1"}', { type: 'application/json' });
    assert.equal(json.status, 415);
    const none = await post('/twilio/voice', 'From=%2B1', {
      signature: signWebhook(AUTH_TOKEN, voice, { From: '+1' }),
    });
    assert.equal(none.status, 400);
    assert.match(none.body, /CallSid/);
    const odd = await post('/twilio/voice', 'CallSid=%3Cx%3E', {
      signature: signWebhook(AUTH_TOKEN, voice, { CallSid: '<x>' }),
    });
    assert.equal(odd.status, 400);
    const large = await post('/twilio/voice', `CallSid=CA1&x=${'y'.repeat(100_000)}`, {});
    assert.equal(large.status, 413);
    const unread = await post('/twilio/voice', `CallSid=CA1&x=${'y'.repeat(16_000)}`, {});
    assert.equal(unread.status, 403);
    const signature = signWebhook('another-token', voice, {});
    const many = await post('/twilio/voice', 'a=&'.repeat(200) + 'a=', { signature });
    assert.equal(many.status, 413);
    const unannounced = await post('/twilio/voice', `CallSid=CA1&x=${'y'.repeat(17_000)}`, {
      signature,
      chunked: true,
    });
    assert.equal(unannounced.status, 413);
    assert.equal((await post('/twilio/voice', '', { method: 'GET' })).status, 405);
    assert.equal((await post('/nowhere', '', {})).status, 405);
    assert.equal((await post('/nowhere', '', { method: 'GET' })).status, 404);
  });

  test('an upgrade with no signature, a wrong one, or another path is refused', async () => {
    assert.equal(await upgradeStatus('/twilio/stream', undefined), 403);
    assert.equal(await upgradeStatus('/twilio/stream', signStream('another-token', STREAM_URL, 'exact')), 403);
    assert.equal(await upgradeStatus('/twilio/stream/7', signStream(AUTH_TOKEN, STREAM_URL, 'exact')), 403);
    assert.equal(await upgradeStatus('/twilio/stream/7/8', signStream(AUTH_TOKEN, `${STREAM_URL}/7/8`, 'exact')), 404);
    assert.equal(await upgradeStatus('/twilio/voice', signStream(AUTH_TOKEN, STREAM_URL, 'exact')), 404);
    for (const mode of ['exact', 'trailing-slash', 'with-port'] as const) {
      assert.equal(await upgradeStatus('/twilio/stream', signStream(AUTH_TOKEN, STREAM_URL, mode)), 101, mode);
      const named = signStream(AUTH_TOKEN, `${STREAM_URL}/7`, mode);
      assert.equal(await upgradeStatus('/twilio/stream/7', named), 101, `${mode}, announced by a worker`);
    }
  });

  test('a stream with a forged token, an unknown call, or a call that already has a stream is closed with 1008', async () => {
    const { callSid, token } = await answered('CAforged');
    for (const forged of ['forged', 'f'.repeat(token.length)]) {
      assert.equal(await closeCode([start(callSid, forged)]), 1008);
    }
    assert.equal(await closeCode([start('CAunknown', token)]), 1008);
    assert.equal(await closeCode([start(bystander.callSid, token)]), 1008);
    const sessions = rig.provider.sessions.length;
    const first = await openStream();
    first.send(start(callSid, token));
    await until(() => streamsOf(callSid) === 1, 'the real stream');
    assert.equal(await closeCode([start(callSid, token)]), 1008, 'the token works once');
    assert.equal(first.readyState, WebSocket.OPEN);
    assert.equal(rig.provider.sessions.length, sessions);
    first.terminate();
  });

  test('a stream in another format than 8 kHz mu-law is refused', async () => {
    const { callSid, token } = await answered('CAformat');
    assert.equal(
      await closeCode([start(callSid, token, { encoding: 'audio/l16', sampleRate: 16000, channels: 1 })]),
      1008,
    );
  });

  test('unusable messages on a live stream are counted and ignored, and the call continues', async () => {
    const { callSid, token } = await answered('CAmessy');
    const socket = await openStream();
    const before = { binary: await anomalies('binary'), order: await anomalies('out-of-order') };
    socket.send(media('MZmessy', 160));
    socket.send(start(callSid, token));
    await until(() => streamsOf(callSid) === 1, 'the stream');
    const session = rig.provider.last;
    for (const data of [
      Buffer.from([1, 2, 3]),
      'not json',
      '[]',
      'null',
      '"media"',
      '42',
      '{}',
      '{"event":"teapot"}',
      '{"event":"media"}',
      '{"event":"media","streamSid":"MZmessy","media":{"payload":7}}',
      '{"event":"media","streamSid":"MZmessy","media":{"payload":"***"}}',
      '{"event":"media","streamSid":"MZmessy","media":{"payload":""}}',
      '{"event":"mark","streamSid":"MZmessy"}',
      '{"event":"mark","streamSid":"MZmessy","mark":{"name":"never-sent"}}',
      '{"event":"dtmf","streamSid":"MZmessy","dtmf":{"digit":"Ω"}}',
      '{"event":"__proto__","streamSid":"MZmessy"}',
      start(callSid, token),
      media('MZother', 160),
    ]) {
      socket.send(data);
    }
    // Audio of odd length is valid, because mu-law has one byte a sample.
    socket.send(media('MZmessy', 159));
    socket.send(media('MZmessy', 1));
    await until(() => session.callerBytes >= 160, 'the audio');
    assert.equal(session.callerBytes, 160);
    assert.equal(await anomalies('binary'), before.binary + 1);
    assert.equal(await anomalies('out-of-order'), before.order + 2);
    for (const kind of [
      'not-json',
      'not-an-object',
      'unknown-event',
      'malformed-media',
      'malformed-mark',
      'malformed-dtmf',
      'wrong-stream-sid',
      'unknown-mark',
    ]) {
      assert.ok((await anomalies(kind)) > 0, kind);
      const isOfKind = (line: string): boolean => line.includes(`"kind":"${kind}"`) && line.includes('"CAmessy"');
      assert.equal(rig.log().split('\n').filter(isOfKind).length, 1, `${kind} is in the log once`);
    }
    assert.equal(socket.readyState, WebSocket.OPEN);
    socket.terminate();
  });

  test('a message of 10 MB ends only its own stream, and the call resumes in a new one', async () => {
    const { callSid, token } = await answered('CAlarge');
    const socket = await openStream();
    socket.send(start(callSid, token));
    await until(() => streamsOf(callSid) === 1, 'the stream');
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.send('x'.repeat(10_000_000));
    assert.ok([1009, 1006].includes(await closed));
    const action = await signedPost('/twilio/stream-ended', { CallSid: callSid, CallStatus: 'in-progress' });
    assert.match(action.body, /<Connect .*<Stream /);
  });

  test('a caller whose dial failed after the gateway gave up the call is told so before the call ends', async () => {
    const { callSid } = await answered('CAgivenup');
    await signedPost('/twilio/call-status', { CallSid: callSid, CallStatus: 'completed' });
    const busy = await signedPost('/twilio/dial-result', { CallSid: callSid, DialCallStatus: 'busy' });
    assert.match(busy.body, /<Say .*<Hangup/s);
    const bridged = await signedPost('/twilio/dial-result', { CallSid: callSid, DialBridged: 'true' });
    assert.doesNotMatch(bridged.body, /<Say /);
  });

  test('a caller whom another gateway dialled after the goodbye here is told that no agent took the call', async () => {
    const { callSid, token } = await answered('CAgoodbye');
    const socket = await openStream();
    socket.send(start(callSid, token));
    await until(() => streamsOf(callSid) === 1, 'the stream');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
    await closed;
    const busy = await signedPost('/twilio/dial-result', { CallSid: callSid, DialCallStatus: 'busy' });
    assert.match(busy.body, /<Say .*<Hangup/s);
  });

  test('a caller who talked to an agent through another gateway is not greeted again', async () => {
    const { callSid } = await answered('CAtalked');
    const bridged = await signedPost('/twilio/dial-result', { CallSid: callSid, DialBridged: 'true' });
    assert.match(bridged.body, /<Response><Hangup\/><\/Response>/);
    assert.deepEqual(outcomesOf(callSid), ['handed_over']);
    const waiting = await answered('CAtried');
    const busy = await signedPost('/twilio/dial-result', { CallSid: waiting.callSid, DialCallStatus: 'busy' });
    assert.match(busy.body, /<Connect .*<Stream /);
  });

  test('a caller whom another gateway put through reaches the agent with the context known here', async () => {
    const { callSid } = await answered('CAjoined');
    const whisper = await signedPost('/twilio/whisper', { CallSid: 'CAjoinedleg', ParentCallSid: callSid });
    assert.match(whisper.body, /<Play digits=/);
    const why = rig.events.flatMap((event) =>
      event.type === 'escalated' && event.callSid === callSid ? [event.escalation.trigger] : [],
    );
    assert.deepEqual(why, ['failure']);
    const bridged = await signedPost('/twilio/dial-result', { CallSid: callSid, DialBridged: 'true' });
    assert.match(bridged.body, /<Response><Hangup\/><\/Response>/);
  });

  test('a whisper requested again after its dial failed does not take the caller from the assistant', async () => {
    const { callSid } = await answered('CArepeated');
    const failed = { CallSid: callSid, DialCallStatus: 'failed', DialCallSid: 'CArepeatedleg' };
    await signedPost('/twilio/dial-result', failed);
    const late = await signedPost('/twilio/whisper', { CallSid: 'CArepeatedleg', ParentCallSid: callSid });
    assert.match(late.body, /<Response\s*\/>|<Response><\/Response>/);
    const again = await signedPost('/twilio/dial-result', failed);
    assert.match(again.body, /<Connect .*<Stream /, 'the assistant is still expected');
  });

  test('callbacks about unknown calls are answered, and a caller still on the line reaches an agent', async () => {
    const lost = await signedPost('/twilio/stream-ended', { CallSid: 'CAlost', CallStatus: 'in-progress' });
    assert.equal(lost.status, 200);
    assert.match(lost.body, /<Dial /);
    assert.equal(
      (await signedPost('/twilio/whisper', { CallSid: 'CAleg', ParentCallSid: 'CAlost' })).body.includes('digits'),
      false,
    );
    assert.match(
      (await signedPost('/twilio/dial-result', { CallSid: 'CAlost', DialBridged: 'true' })).body,
      /<Hangup\/>/,
    );
    assert.match(
      (await signedPost('/twilio/dial-result', { CallSid: 'CAlost', DialCallStatus: 'busy' })).body,
      /<Say /,
    );
    assert.equal(
      (await signedPost('/twilio/stream-status', { CallSid: 'CAlost', StreamEvent: 'stream-error' })).status,
      204,
    );
    assert.equal((await signedPost('/twilio/call-status', { CallSid: 'CAlost', CallStatus: 'completed' })).status, 204);
  });

  test('the voice webhook requested twice for one call returns the same answer', async () => {
    const fields = { CallSid: 'CAtwice', From: '+12025550123', To: '+12065550199', CallStatus: 'ringing' };
    const sessions = rig.provider.sessions.length;
    const first = await signedPost('/twilio/voice', fields);
    const second = await signedPost('/twilio/voice', fields);
    assert.equal(first.body, second.body);
    assert.equal(rig.provider.sessions.length, sessions + 1);
  });

  function outcomesOf(callSid: string): string[] {
    return rig.events.flatMap((event) => (event.type === 'ended' && event.callSid === callSid ? [event.outcome] : []));
  }

  function streamsOf(callSid: string): number {
    return rig.events.filter((event) => event.type === 'stream-started' && event.callSid === callSid).length;
  }

  /** Fetches the TwiML of a new call and returns the token that its stream must present. */
  async function answered(callSid: string): Promise<{ callSid: string; token: string }> {
    const { body } = await signedPost('/twilio/voice', {
      CallSid: callSid,
      From: '+12025550123',
      To: '+12065550199',
      CallStatus: 'ringing',
    });
    return { callSid, token: /name="token" value="([^"]+)"/.exec(body)?.[1] ?? '' };
  }

  function signedPost(path: string, fields: Record<string, string>): Promise<{ status: number; body: string }> {
    const signature = signWebhook(AUTH_TOKEN, `https://${PUBLIC_HOST}${path}`, fields);
    return post(path, new URLSearchParams(fields).toString(), { signature });
  }

  function post(
    path: string,
    body: string,
    {
      chunked = false,
      method = 'POST',
      signature,
      type = 'application/x-www-form-urlencoded',
    }: { chunked?: boolean; method?: string; signature?: string | undefined; type?: string },
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Type': type, ...(signature === undefined ? {} : { 'X-Twilio-Signature': signature }) };
      const sent = request(new URL(path, rig.base), { method, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (part: Buffer) => (text += part.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      sent.on('error', reject);
      if (chunked) sent.flushHeaders();
      sent.end(method === 'POST' ? body : undefined);
    });
  }

  function upgradeStatus(path: string, signature: string | undefined): Promise<number> {
    return new Promise((resolve) => {
      const socket = connect(path, signature);
      socket.on('open', () => {
        socket.terminate();
        resolve(101);
      });
      socket.on('unexpected-response', (_request, response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', () => undefined);
    });
  }

  async function openStream(): Promise<WebSocket> {
    const socket = connect('/twilio/stream', signStream(AUTH_TOKEN, STREAM_URL, 'exact'));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
    return socket;
  }

  async function closeCode(messages: readonly string[]): Promise<number> {
    const socket = await openStream();
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    for (const message of messages) socket.send(message);
    return closed;
  }

  function connect(path: string, signature: string | undefined): WebSocket {
    return new WebSocket(`${rig.base.replace('http', 'ws')}${path}`, {
      perMessageDeflate: false,
      headers: signature === undefined ? {} : { 'X-Twilio-Signature': signature },
    });
  }
});

function start(
  callSid: string,
  token: string,
  mediaFormat: unknown = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
): string {
  const streamSid = 'MZmessy';
  const fields = {
    accountSid: 'AC1',
    streamSid,
    callSid,
    tracks: ['inbound'],
    mediaFormat,
    customParameters: { token },
  };
  return JSON.stringify({ event: 'start', sequenceNumber: '1', start: fields, streamSid });
}

function media(streamSid: string, sizeBytes: number): string {
  const payload = Buffer.alloc(sizeBytes, 0xff).toString('base64');
  return JSON.stringify({
    event: 'media',
    sequenceNumber: '2',
    streamSid,
    media: { track: 'inbound', chunk: '1', timestamp: '155', payload },
  });
}
