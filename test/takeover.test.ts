import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { sleep } from '../src/base/clock.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import type { PhoneEndpoint } from '../sim/twilio/phone.js';
import { signStream } from '../sim/twilio/signing.js';
import { within } from './support/deadline.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { AUTH_TOKEN, PUBLIC_HOST, type Rig, startRig, until } from './support/rig.js';
import { type ScaledClock, scaledClock } from './support/scaled-clock.js';
import { TONES } from './support/tone-engine.js';

const OPTIONS = { skip: skipWithoutRedis };
const busy: PhoneEndpoint = { ring: (leg) => leg.reject('busy') };

/** A host that leads to the first gateway whatever the balancer thinks. */
const FIRST_ALONE = 'first.example.com';

/** Two gateways with a Redis between; what Twilio asks goes to the one that is `asked`. */
interface Pair {
  first: Rig;
  second: Rig;
  asked: Rig;
  call: CarrierCall;
  clock: ScaledClock;
}

describe('a call that two gateways share', { concurrency: true, ...OPTIONS }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  async function withPair(
    options: {
      phone?: PhoneEndpoint;
      env?: Record<string, string>;
      secondEnv?: Record<string, string>;
      statusCallback?: true;
    },
    body: (pair: Pair) => Promise<void>,
  ): Promise<void> {
    const clock = scaledClock(10);
    const env = { REDIS_URL: redis.url, JOURNAL_KEY: 'cd'.repeat(32), IDLE_PROMPT_SECONDS: '0', ...options.env };
    const asked: { rig?: Rig } = {};
    const { phone } = options;
    const first: Rig = await startRig({
      clock,
      env,
      engine: TONES,
      ...(phone === undefined ? {} : { phone }),
      carrier: { resolve: (host) => (host === FIRST_ALONE ? first.base : asked.rig?.base) },
    });
    const store = first.running.embeddedStore?.dynamodb_endpoint ?? '';
    const second = await startRig({
      clock,
      engine: TONES,
      env: { ...env, DYNAMODB_ENDPOINT_URL: store, ...options.secondEnv },
    });
    asked.rig = first;
    const statusCallback = `https://${PUBLIC_HOST}/twilio/call-status`;
    const call = first.call(undefined, options.statusCallback === true ? { statusCallback } : {});
    try {
      await body({
        first,
        second,
        call,
        clock,
        get asked() {
          return asked.rig ?? first;
        },
        set asked(rig) {
          asked.rig = rig;
        },
      });
    } finally {
      await first.close();
      await second.close();
    }
  }

  /** Twilio has its first answer from the first gateway, which goes on to be asked until the stream is there. */
  const greeted = (rig: Rig): Promise<void> =>
    until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');

  /** Every later question goes to the second one as soon as Twilio has made the given one. */
  function switchAfter(pair: Pair, request: string): void {
    pair.call.on('twiml', (made) => {
      if (made === request) pair.asked = pair.second;
    });
  }

  test('is talked to by the one that gets its stream, whichever answered the webhook', async () => {
    await withPair({}, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.second);
      await until(() => pair.first.provider.last.isClosed, 'the first lets go of its session');
      pair.second.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
    });
  });

  test('is talked to by the one that answered the webhook where its streams have a host of their own', async () => {
    await withPair({ env: { STREAM_HOST: FIRST_ALONE } }, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.first);
      assert.equal(pair.first.provider.sessions.length, 1);
      assert.equal(pair.second.provider.sessions.length, 0);
    });
    // One that has a host of its own takes streams that come by the common one all the same.
    await withPair({ secondEnv: { STREAM_HOST: 'second.example.com' } }, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.second);
      assert.doesNotMatch(pair.second.log(), /stream-signature/);
    });
  });

  test('goes on in the other one with its memory, once, when its stream breaks', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.first.provider.last.callerSays('My order 42 is late.');
      await until(() => pair.first.events.filter(({ type }) => type === 'turn').length > 1, 'the turn');
      pair.asked = pair.second;
      pair.call.mediaStream?.drop();
      await greeted(pair.second);
      const { answersLast, callerWaitsMs = 0, conversation, greeting } = pair.second.provider.last.options;
      assert.ok(callerWaitsMs > 0, 'they have been waiting since they asked');
      assert.match(greeting ?? '', /cut off/);
      assert.equal(answersLast, true, 'the question is still open');
      assert.ok(conversation.turns.some(({ text }) => text === 'My order 42 is late.'));
      assert.equal(pair.call.isOver, false);
    });
  });

  test('is told that it takes a moment when its stream breaks under a caller who has been waiting for an answer', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      const said: string[] = [];
      pair.call.on('say', (text) => said.push(text));
      pair.first.provider.last.callerSays('My order 42 is late.');
      await sleep(pair.clock, 2000);
      pair.asked = pair.second;
      pair.call.mediaStream?.drop();
      await greeted(pair.second);
      assert.deepEqual(said, ['One moment, please.']);
    });
  });

  test('goes to a human when Redis is away and nobody can tell what was decided where its stream ran', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
        switchAfter(pair, '/twilio/voice');
        await greeted(pair.second);
        await own.kill();
        await until(() => pair.first.log().includes('the journal cannot be written'), 'the loss is noticed');
        pair.asked = pair.first;
        pair.second.provider.last.callerSays('I want to speak to a human agent.');
        await within(pair.call.whenEnded(), 'the end');
        assert.equal(pair.first.screens.length, 1, 'a human, without the context');
        assert.equal(pair.first.events.filter(({ type }) => type === 'resumed').length, 0);
      });
    } finally {
      await own.stop();
    }
  });

  test('comes back to the first one, which has an older memory of it, with the stream that the other announced', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.call.on('twiml', (made) => {
        if (made === '/twilio/stream-ended') pair.asked = pair.first;
      });
      pair.asked = pair.second;
      pair.call.mediaStream?.drop();
      await until(() => pair.second.events.some(({ type }) => type === 'resumed'), 'the other one announces a stream');
      await until(() => pair.first.events.filter(({ type }) => type === 'stream-started').length === 2, 'the stream');
      assert.doesNotMatch(pair.first.log(), /stream refused/);
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
    });
  });

  test('is dialled by one and whispered to by the other: the agent sees it all the same', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      switchAfter(pair, '/twilio/stream-ended');
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
      await until(() => pair.second.events.some(({ type }) => type === 'ended'), 'the result');
      assert.ok(pair.second.events.some((event) => event.type === 'ended' && event.outcome === 'handed_over'));
      const written = pair.first.log() + pair.second.log();
      assert.doesNotMatch(written, /speak to a human/);
    });
  });

  test('whose dial failed comes back to the assistant of the other', async () => {
    await withPair({ phone: busy }, async (pair) => {
      await greeted(pair.first);
      switchAfter(pair, '/twilio/stream-ended');
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await until(() => pair.second.provider.sessions.length > 0, 'the other assistant');
      assert.match(pair.second.provider.last.options.greeting ?? '', /free/);
      assert.ok(pair.second.provider.last.options.tools.some(({ name }) => name === 'take_message'));
    });
  });

  test('of a gateway that is stopped while Redis is away stays there, and goes to a human at the end', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
        await greeted(pair.first);
        await own.kill();
        await until(() => pair.first.log().includes('the journal cannot be written'), 'the loss is noticed');
        const drained = pair.first.running.gateway.drain(0);
        await within(pair.call.whenEnded(), 'the end');
        await drained;
        assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
        assert.equal(pair.second.events.length, 0);
      });
    } finally {
      await own.stop();
    }
  });

  test('that cannot be written down in time is not moved, for nobody would know where it stands', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
        await greeted(pair.first);
        let streams = 0;
        pair.call.on('stream-ended', () => streams++);
        own.freeze();
        const drained = pair.first.running.gateway.drain(0);
        await within(pair.call.whenEnded(), 'the end');
        await drained;
        assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
        assert.equal(streams, 1, 'it went to a human from the stream it had');
      });
    } finally {
      own.thaw();
      await own.stop();
    }
  });

  test('of a caller who was told that it takes a moment is not moved before they are answered', async () => {
    // A model elsewhere: the gateway speaks its own lines.
    const env = { VOICE_PROVIDER: 'openai', OPENAI_API_KEY: 'sk-simulated' };
    await withPair({ env }, async (pair) => {
      await greeted(pair.first);
      let streams = 0;
      pair.call.on('stream-ended', () => streams++);
      pair.first.provider.last.callerSays('My order 42 is late.');
      const isTold = (): boolean =>
        pair.first.events.some(({ type, ...event }) => type === 'turn' && JSON.stringify(event).includes('One moment'));
      await until(isTold, 'one moment');
      pair.asked = pair.second;
      const drained = pair.first.running.gateway.drain(30);
      await sleep(pair.clock, 5000);
      assert.equal(streams, 0, 'they still wait');
      pair.first.provider.last.speak('It is on its way.', 300);
      await drained;
      await until(() => pair.second.provider.sessions.length > 0, 'the other one goes on');
      assert.equal(pair.second.provider.last.options.greeting, undefined, 'nobody notices it');
    });
  });

  test('that is over stays over, whoever is asked about it', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.asked = pair.second;
      pair.first.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
      assert.equal(await within(pair.call.whenEnded(), 'the end'), 'gateway-hung-up');
      assert.equal(pair.second.provider.sessions.length, 0, 'nobody is talked to again');
    });
  });

  test('that is over, as only the other one is told while Redis is away, ends where it was dialled too', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url }, statusCallback: true }, async (pair) => {
        await greeted(pair.first);
        pair.first.provider.last.callerSays('I want to speak to a human agent.');
        await until(() => pair.first.events.some(({ type }) => type === 'dialling'), 'the dial');
        await own.kill();
        await until(() => pair.second.log().includes('the journal cannot be written'), 'the loss is noticed');
        pair.asked = pair.second;
        pair.call.hangup();
        await within(pair.call.whenEnded(), 'the end');
        await own.start();
        await until(() => pair.second.log().includes('the journal is being written'), 'Redis is back');
        assert.equal(pair.first.running.gateway.activeCalls, 1);
        await pair.clock.skip(180_000);
        await until(() => pair.first.running.gateway.activeCalls === 0, 'the first one knows');
        assert.ok(pair.first.events.some((event) => event.type === 'ended' && event.outcome === 'moved'));
      });
    } finally {
      await own.stop();
    }
  });

  test('is not taken from its gateway by a stream with a false token', async () => {
    await withPair({}, async (pair) => {
      const { callSid } = pair.call;
      await greeted(pair.first);
      const url = `wss://${PUBLIC_HOST}/twilio/stream`;
      const socket = new WebSocket(`${pair.second.base.replace('http', 'ws')}/twilio/stream`, {
        headers: { 'X-Twilio-Signature': signStream(AUTH_TOKEN, url, 'exact') ?? '' },
      });
      await new Promise((resolve) => socket.once('open', resolve));
      const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
      const start = { streamSid: 'MZ1', callSid, accountSid: 'AC1', mediaFormat, customParameters: { token: 'guess' } };
      socket.send(JSON.stringify({ event: 'start', streamSid: 'MZ1', start }));
      const code = await new Promise((resolve) => socket.once('close', resolve));
      assert.equal(code, 1008);
      assert.equal(pair.second.events.length, 0);
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
    });
  });
});
