import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { type CarrierRig, type CarrierRigOptions, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FAKE_HOST, FakeGateway } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import { selfSigned } from '../../test/support/self-signed.js';

const STATUS = `https://${FAKE_HOST}/status`;
const WITH_ACTION = streamTwiml(`statusCallback="${STATUS}"`, '', `action="https://${FAKE_HOST}/action"`);
const HANGUP = '<Hangup/>';

/** Runs a call with `twiml` to its end. The action URL answers with a hang-up. */
async function runCall(
  options: CarrierRigOptions & { twiml?: string },
  during: (rig: CarrierRig) => Promise<void> | void = () => undefined,
): Promise<{ problems: number[]; events: (string | null)[]; outcomes: string[]; actions: string[]; end: string }> {
  const { twiml = WITH_ACTION, ...carrierOptions } = options;
  const outcomes: string[] = [];
  let result;
  await withCarrier(carrierOptions, async (rig) => {
    rig.gateway.say('/voice', twiml);
    rig.gateway.say('/action', HANGUP);
    const call = rig.call();
    call.on('stream-ended', (outcome) => outcomes.push(outcome));
    await during(rig);
    const end = await call.whenEnded();
    await rig.carrier.whenIdle();
    result = {
      problems: rig.problems,
      events: rig.gateway.of('/status').map(({ form }) => form.get('StreamEvent')),
      actions: rig.gateway.of('/action').map(({ form }) => form.get('CallStatus') ?? ''),
      outcomes,
      end,
    };
  });
  return result as never;
}

const opened = async (rig: CarrierRig): Promise<void> =>
  until(() => rig.gateway.streams.at(-1)?.of('start').length === 1, 'the stream');

/** Starts a server that speaks TCP only. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<{ base: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('simulated carrier: a stream that does not open', () => {
  const refused = { events: ['stream-error'], actions: ['in-progress'], end: 'gateway-hung-up' };

  for (const [what, attributes, code] of [
    ['malformed URL', 'url="not a url"', 31923],
    ['missing URL', '', 31923],
    ['scheme other than wss', `url="https://${FAKE_HOST}/stream"`, 31922],
    ['unencrypted scheme', `url="ws://${FAKE_HOST}/stream"`, 31922],
    ['track that is not possible', `url="wss://${FAKE_HOST}/stream" track="both_tracks"`, 31941],
  ] as const) {
    test(`a stream with a ${what} (${code}) does not open, and the action URL is requested`, async () => {
      const twiml = `<Connect action="/action"><Stream ${attributes} statusCallback="${STATUS}"/></Connect>`;
      const result = await runCall({ twiml });
      assert.deepEqual(result, { ...refused, problems: [code], outcomes: [] });
    });
  }

  test('a stream whose upgrade is not answered with 101 does not open (31920)', async () => {
    const result = await runCall({}, ({ gateway }) => {
      gateway.onUpgrade = (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    });
    assert.deepEqual(result, { ...refused, problems: [31920], outcomes: ['refused'] });
  });

  test('a stream whose 101 answer is not a WebSocket handshake does not open (31920)', async () => {
    const result = await runCall({}, ({ gateway }) => {
      gateway.onUpgrade = (_request, socket) =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
        );
    });
    assert.deepEqual(result, { ...refused, problems: [31920], outcomes: ['refused'] });
  });

  test('a stream to a port without a listener does not open (31902)', async () => {
    const { base, server } = await rawServer(() => undefined);
    server.close();
    const result = await runCallElsewhere(base);
    assert.deepEqual(result, { ...refused, problems: [31902], outcomes: ['refused'] });
  });

  test('a stream to a host that does not exist does not open (31901)', async () => {
    const result = await runCallElsewhere(undefined);
    assert.deepEqual(result, { ...refused, problems: [31901], outcomes: [] });
  });

  test('a stream whose upgrade is not answered in 5 s does not open (31901)', async () => {
    let isAsked = false;
    const result = await runCall({}, async ({ clock, gateway }) => {
      gateway.onUpgrade = () => (isAsked = true);
      await until(() => isAsked, 'the upgrade');
      clock.advance(5000);
    });
    assert.deepEqual(result, { ...refused, problems: [31901], outcomes: ['refused'] });
  });

  test('a stream whose connection breaks before the answer does not open (31903)', async () => {
    const result = await runCall({}, ({ gateway }) => {
      gateway.onUpgrade = (_request, socket) => socket.destroy();
    });
    assert.deepEqual(result, { ...refused, problems: [31903], outcomes: ['refused'] });
  });

  test('a stream to a server that does not speak TLS does not open (31910)', async () => {
    const { base, server } = await rawServer((socket) => socket.end('this is no TLS at all\r\n'));
    const result = await runCallElsewhere(base.replace('http:', 'https:'));
    server.close();
    assert.deepEqual(result, { ...refused, problems: [31910], outcomes: ['refused'] });
  });

  test('a stream to a server with an untrusted certificate does not open (31910)', async () => {
    const { base, close } = await secureGateway();
    const result = await runCallElsewhere(base);
    await close();
    assert.deepEqual(result, { ...refused, problems: [31910], outcomes: ['refused'] });
  });

  test('a stream that does not open is followed by the next verb if there is no action', async () => {
    const twiml = `<Connect><Stream url="ws://${FAKE_HOST}/stream"/></Connect><Say>Sorry.</Say>`;
    const said: string[] = [];
    await withCarrier({}, async ({ call, clock, gateway }) => {
      gateway.say('/voice', twiml);
      const live = call();
      live.on('say', (text) => said.push(text));
      await until(() => said.length > 0, 'the next verb');
      clock.advance(10_000);
      assert.equal(await live.whenEnded(), 'no-more-twiml');
    });
  });

  async function secureGateway(): Promise<{ base: string; close: () => Promise<void> }> {
    const gateway = await new FakeGateway(selfSigned('127.0.0.1')).start();
    return { base: gateway.base, close: () => gateway.close() };
  }

  /** Runs a call whose webhooks reach the gateway and whose stream goes to another host. */
  async function runCallElsewhere(address: string | undefined): ReturnType<typeof runCall> {
    const twiml = `<Connect action="/action"><Stream url="wss://elsewhere.example.com/stream" statusCallback="${STATUS}"/></Connect>`;
    return runCall(address === undefined ? { twiml } : { twiml, elsewhere: address });
  }
});

describe('simulated carrier: a stream ends', () => {
  const streamed = { events: ['stream-started', 'stream-stopped'] };

  test('when the caller hangs up, Twilio sends stop and a close frame, requests the action URL and ignores its answer', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.say('/action', '<Say>Is anybody there?</Say>');
      const { stream } = rig.gateway;
      const call = rig.carrier.find(stream.of('start')[0]?.start.callSid ?? '');
      call?.on('say', () => assert.fail('the caller has hung up'));
      call?.hangup();
      await until(() => stream.closeCode !== undefined, 'the close frame');
      assert.deepEqual(stream.of('stop')[0], {
        event: 'stop',
        sequenceNumber: '2',
        stop: { accountSid: rig.carrier.options.accountSid, callSid: call?.callSid },
        streamSid: stream.streamSid,
      });
      assert.equal(stream.closeCode, 1000);
    });
    assert.deepEqual(result, {
      ...streamed,
      problems: [],
      outcomes: ['stopped'],
      actions: ['completed'],
      end: 'caller-hung-up',
    });
  });

  test('a stream that the server closes (31921) is followed by the action', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.stream.socket.close(1000);
    });
    assert.deepEqual(result, {
      ...streamed,
      problems: [31921],
      outcomes: ['server-closed'],
      actions: ['in-progress'],
      end: 'gateway-hung-up',
    });
  });

  test('a stream whose connection breaks without a close frame ends with 31903', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.stream.raw.destroy();
    });
    assert.deepEqual(result, {
      events: ['stream-started', 'stream-error', 'stream-stopped'],
      problems: [31903],
      outcomes: ['dropped'],
      actions: ['in-progress'],
      end: 'gateway-hung-up',
    });
  });

  test('a stream whose TCP connection is reset ends with 31903', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      (rig.gateway.stream.raw as Socket).resetAndDestroy();
    });
    assert.deepEqual([result.problems, result.outcomes, result.actions], [[31903], ['dropped'], ['in-progress']]);
  });

  for (const [what, bytes] of [
    ['a fragmented control frame', [0x09, 0x00]],
    ['a reserved bit', [0xf1, 0x00]],
    ['a masked frame', [0x81, 0x80, 0, 0, 0, 0]],
    ['text that is not UTF-8', [0x81, 0x01, 0xff]],
  ] as const) {
    test(`a stream ends with 31924 when the server sends ${what}, a violation of WebSocket`, async () => {
      const result = await runCall({}, async (rig) => {
        await opened(rig);
        rig.gateway.stream.raw.write(Buffer.from(bytes));
      });
      assert.deepEqual([result.problems, result.outcomes, result.actions], [[31924], ['violated'], ['in-progress']]);
      assert.deepEqual(result.events, ['stream-started', 'stream-error', 'stream-stopped']);
    });
  }

  test('a stream stays open while the server hangs with its socket open', async () => {
    const result = await runCall({}, async (rig) => {
      await opened(rig);
      rig.gateway.stream.raw.pause();
      const call = rig.carrier.find(rig.gateway.stream.of('start')[0]?.start.callSid ?? '');
      let heardMs = 0;
      call?.on('heard', (frame) => (heardMs += frame.every((byte) => byte === 0xff) ? 20 : 0));
      rig.clock.advance(60_000);
      assert.equal(call?.isOver, false);
      assert.equal(heardMs, 60_000, 'the caller hears silence');
      call.hangup();
      // The server does not answer the close frame either.
      rig.clock.advance(2000);
    });
    assert.deepEqual(
      [result.problems, result.outcomes, result.actions, result.end],
      [[], ['stopped'], ['completed'], 'caller-hung-up'],
    );
  });

  test('after a stream without an action the next verb runs, and without a next verb the call ends', async () => {
    for (const [after, end] of [
      [HANGUP, 'gateway-hung-up'],
      ['', 'no-more-twiml'],
    ] as const) {
      const result = await runCall({ twiml: streamTwiml() + after }, async (rig) => {
        await opened(rig);
        rig.gateway.stream.socket.close();
      });
      assert.deepEqual([result.problems, result.end, result.actions], [[31921], end, []]);
    }
  });

  test('a second stream of a call has its own sid and restarts its counters', async () => {
    await runCall({}, async (rig) => {
      await opened(rig);
      const first = rig.gateway.stream;
      rig.gateway.say('/action', streamTwiml());
      first.socket.close();
      await until(() => rig.gateway.streams.length === 2, 'the second stream');
      await opened(rig);
      const [start] = rig.gateway.stream.of('start');
      assert.equal(start?.sequenceNumber, '1');
      assert.equal(start.start.callSid, first.of('start')[0]?.start.callSid);
      assert.notEqual(start.streamSid, first.streamSid);
      rig.gateway.stream.socket.close();
    });
  });

  test('a stream runs over TLS if the certificate is trusted', async () => {
    const tls = selfSigned('127.0.0.1');
    const result = await runCall({ tls, ca: tls.cert }, async (rig) => {
      await opened(rig);
      rig.gateway.stream.socket.close();
    });
    assert.deepEqual([result.problems, result.actions], [[31921], ['in-progress']]);
  });
});

test('a server that does not answer the close frame is disconnected after two seconds, and then a change over REST runs', async () => {
  await withCarrier({}, async (rig) => {
    let socket: Duplex | undefined;
    rig.gateway.onUpgrade = (request, upgraded) => {
      const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      const accept = createHash('sha1').update(key).digest('base64');
      upgraded.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      // Reads everything and sends nothing more.
      upgraded.resume();
      socket = upgraded;
    };
    rig.gateway.say('/voice', WITH_ACTION);
    const call = rig.call();
    let isOpen = false;
    call.on('stream-started', () => (isOpen = true));
    await until(() => isOpen, 'the stream');
    let isClosed = false;
    socket?.on('end', () => (isClosed = true));
    socket?.on('close', () => (isClosed = true));
    call.redirect({ twiml: '<Response><Hangup/></Response>' });
    await until(() => call.mediaStream === undefined, 'the stop');
    rig.clock.advance(1999);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    assert.deepEqual([isClosed, call.isOver], [false, false]);
    rig.clock.advance(1);
    assert.equal(await call.whenEnded(), 'gateway-hung-up');
    await until(() => isClosed, 'the end of the connection');
  });
});
