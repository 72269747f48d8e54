import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { sleep } from '../src/base/clock.js';
import type { PhoneEndpoint } from '../sim/twilio/phone.js';
import { signStream, signWebhook } from '../sim/twilio/signing.js';
import type { CallLists, CallRow } from '../src/console/messages.js';
import { ask } from './support/asking.js';
import { within } from './support/deadline.js';
import { FIRST_ALONE, type Pair, type PairOptions, withPair as withGatewayPair } from './support/gateway-pair.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { AUTH_TOKEN, PUBLIC_HOST, type Rig, until } from './support/rig.js';

const OPTIONS = { skip: skipWithoutRedis };
const busy: PhoneEndpoint = { ring: (leg) => leg.reject('busy') };

describe('calls that two gateways share', { concurrency: true, ...OPTIONS }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  const withPair = (options: PairOptions, body: (pair: Pair) => Promise<void>): Promise<void> =>
    withGatewayPair(redis.url, options, body);

  /** Waits until the caller has been greeted by the gateway of `rig`. */
  const greeted = (rig: Rig): Promise<void> =>
    until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');

  /** Resolves with how many snapshots the gateway has written to the journal. */
  async function writesOf(rig: Rig): Promise<number> {
    const text = await rig.running.metrics.text();
    return Number(/journal_writes_total\{outcome="written"\} (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** Opens a stream with a false token. Resolves with the code with which the gateway closes it. */
  async function refusedStream(rig: Rig, callSid: string): Promise<number> {
    const url = `wss://${PUBLIC_HOST}/twilio/stream`;
    const socket = new WebSocket(`${rig.base.replace('http', 'ws')}/twilio/stream`, {
      headers: { 'X-Twilio-Signature': signStream(AUTH_TOKEN, url, 'exact') ?? '' },
    });
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('open', resolve));
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
    const start = { streamSid: 'MZ1', callSid, accountSid: 'AC1', mediaFormat, customParameters: { token: 'guess' } };
    socket.send(JSON.stringify({ event: 'start', streamSid: 'MZ1', start }));
    return closed;
  }

  /** Sends every later request to the second gateway, as soon as Twilio has made `request`. */
  function switchAfter(pair: Pair, request: string): void {
    pair.call.on('twiml', (made) => {
      if (made === request) pair.asked = pair.second;
    });
  }

  test('the gateway that gets the stream runs the call, whichever gateway answered the webhook', async () => {
    await withPair({}, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.second);
      await until(() => pair.first.provider.last.isClosed, 'the first gateway closes its session');
      pair.second.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
    });
  });

  test('with STREAM_HOST set the gateway that answered the webhook also gets the stream', async () => {
    await withPair({ env: { STREAM_HOST: FIRST_ALONE } }, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.first);
      assert.equal(pair.first.provider.sessions.length, 1);
      assert.equal(pair.second.provider.sessions.length, 0);
    });
    // A gateway with a STREAM_HOST of its own still accepts streams that arrive by the public host.
    await withPair({ secondEnv: { STREAM_HOST: 'second.example.com' } }, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.second);
      assert.doesNotMatch(pair.second.log(), /stream-signature/);
    });
  });

  test('a call whose stream breaks is resumed by the other gateway with its memory', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.first.provider.last.callerSays('My order 42 is late.');
      await until(() => pair.first.events.filter(({ type }) => type === 'turn').length > 1, 'the turn');
      pair.asked = pair.second;
      pair.call.mediaStream?.drop();
      await greeted(pair.second);
      const { answersLast, callerWaitsMs = 0, conversation, greeting } = pair.second.provider.last.options;
      assert.ok(callerWaitsMs > 0, 'the caller has been waiting since the question');
      assert.match(greeting ?? '', /cut off/);
      assert.equal(answersLast, true, 'the question is still open');
      assert.ok(conversation.turns.some(({ text }) => text === 'My order 42 is late.'));
      assert.equal(pair.call.isOver, false);
    });
  });

  test('a gateway that parted with a call reports no end of it while the other gateway talks to the caller', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.asked = pair.second;
      pair.call.mediaStream?.drop();
      await greeted(pair.second);
      // By then the first gateway has expected Twilio's question in vain.
      await pair.clock.skip(40_000);
      await until(() => pair.first.events.some(({ type }) => type === 'ended'), 'the first gateway lets go');
      const outcomes = pair.first.events.flatMap((event) => (event.type === 'ended' ? [event.outcome] : []));
      assert.deepEqual(outcomes, ['moved']);
      pair.asked = pair.first;
      pair.call.mediaStream?.drop();
      await until(() => pair.first.provider.sessions.length === 2, 'the first gateway takes the call back');
      assert.equal(pair.call.isOver, false);
    });
  });

  for (const isBack of [true, false])
    test(`a gateway that wrongly took a caller for gone ${isBack ? 'goes on with the call' : 'calls a human'} when Twilio asks about them, ${isBack ? 'and Redis is back' : 'and Redis is still away'}`, async () => {
      const own = await RedisServer.start();
      try {
        await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
          await greeted(pair.first);
          pair.asked = pair.second;
          pair.call.mediaStream?.drop();
          await greeted(pair.second);
          await own.kill();
          await until(() => pair.first.log().includes('the journal cannot be written'), 'the loss is noticed');
          await pair.clock.skip(40_000);
          const hasEnded = (): boolean =>
            pair.first.events.some((event) => event.type === 'ended' && event.outcome === 'caller_hung_up');
          await until(hasEnded, 'the first gateway takes the caller for gone');
          if (isBack) {
            const before = await writesOf(pair.second);
            await own.start();
            // The first time was at its start.
            for (const rig of [pair.first, pair.second])
              await until(() => rig.log().split('the journal is being written').length > 2, 'Redis is back');
            while ((await writesOf(pair.second)) === before) await sleep(pair.clock, 100);
          }
          const asked: string[] = [];
          pair.call.on('twiml', (request, verbs) =>
            asked.push(`${request} ${verbs.map(({ name }) => name).join(' ')}`),
          );
          pair.asked = pair.first;
          pair.call.mediaStream?.drop();
          await until(() => asked.length > 0, 'the answer');
          assert.match(asked[0] ?? '', isBack ? /stream-ended .*Connect/ : /stream-ended Say Dial/);
        });
      } finally {
        await own.stop();
      }
    });

  test('a caller who waits for an answer is told "one moment" when the stream breaks', async () => {
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

  test('a call goes to an agent when Redis is down and the asked gateway did not run its stream', async () => {
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
        assert.equal(pair.first.screens.length, 1, 'an agent, without the context');
        assert.equal(pair.first.events.filter(({ type }) => type === 'resumed').length, 0);
      });
    } finally {
      await own.stop();
    }
  });

  test('a call returns to the first gateway with the stream that the other gateway announced', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.call.on('twiml', (made) => {
        if (made === '/twilio/stream-ended') pair.asked = pair.first;
      });
      pair.asked = pair.second;
      pair.call.mediaStream?.drop();
      await until(() => pair.second.events.some(({ type }) => type === 'resumed'), 'the stream is announced');
      await until(() => pair.first.events.filter(({ type }) => type === 'stream-started').length === 2, 'the stream');
      assert.doesNotMatch(pair.first.log(), /stream refused/);
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
    });
  });

  test('a call that came back to the gateway that let it go stays known there', async () => {
    await withPair({}, async (pair) => {
      switchAfter(pair, '/twilio/voice');
      await greeted(pair.second);
      await until(() => pair.first.running.gateway.activeCalls === 0, 'the first gateway lets go of the call');
      pair.asked = pair.first;
      pair.call.mediaStream?.drop();
      await until(() => pair.first.events.some(({ type }) => type === 'stream-started'), 'the stream comes back');
      await pair.clock.skip(65_000);
      assert.equal(pair.call.isOver, false);
      assert.equal(pair.first.running.gateway.activeCalls, 1);
    });
  });

  test('the agent sees the context when one gateway dials and the other serves the whisper', async () => {
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

  test('after a failed dial the call resumes with the assistant of the gateway that gets the dial result', async () => {
    await withPair({ phone: busy }, async (pair) => {
      await greeted(pair.first);
      switchAfter(pair, '/twilio/stream-ended');
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await until(() => pair.second.provider.sessions.length > 0, 'the other assistant');
      assert.match(pair.second.provider.last.options.greeting ?? '', /free/);
      assert.ok(pair.second.provider.last.options.tools.some(({ name }) => name === 'take_message'));
    });
  });

  test('a call of a gateway that drains while Redis is down stays there and ends with an agent', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
        await greeted(pair.first);
        await own.kill();
        await until(() => pair.first.log().includes('the journal cannot be written'), 'the loss is noticed');
        const drained = pair.first.running.gateway.drain(0);
        await within(pair.call.whenEnded(), 'the end');
        await within(drained, 'the end of the drain');
        assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
        assert.equal(pair.second.events.length, 0);
      });
    } finally {
      await own.stop();
    }
  });

  test('a gateway that drains while Redis is away hands its calls over long before the end', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
        await greeted(pair.first);
        await own.kill();
        await until(() => pair.first.log().includes('the journal cannot be written'), 'the loss is noticed');
        const startedMs = pair.clock.now();
        const drained = pair.first.running.gateway.drain(30);
        await until(() => pair.first.events.some(({ type }) => type === 'escalated'), 'the handover');
        assert.ok(pair.clock.now() - startedMs < 15_000, `${pair.clock.now() - startedMs} ms`);
        await within(pair.call.whenEnded(), 'the end');
        await within(drained, 'the end of the drain');
        assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
      });
    } finally {
      await own.stop();
    }
  });

  test('a gateway whose peers stop as well hands its calls over instead of moving them', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      let streams = 0;
      pair.call.on('stream-ended', () => streams++);
      const drained = pair.first.running.gateway.drain(30, false);
      await within(pair.call.whenEnded(), 'the end');
      await within(drained, 'the end of the drain');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
      assert.equal(streams, 1, 'the call went to an agent from its only stream');
      assert.equal(pair.second.events.length, 0);
    });
  });

  test('a call whose journal write times out is not moved, because the other gateway could not resume it', async () => {
    const own = await RedisServer.start();
    try {
      await withPair({ env: { REDIS_URL: own.url } }, async (pair) => {
        await greeted(pair.first);
        let streams = 0;
        pair.call.on('stream-ended', () => streams++);
        own.freeze();
        const drained = pair.first.running.gateway.drain(0);
        await within(pair.call.whenEnded(), 'the end');
        await within(drained, 'the end of the drain');
        assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
        assert.equal(streams, 1, 'the call went to an agent from its only stream');
      });
    } finally {
      own.thaw();
      await own.stop();
    }
  });

  test('a call whose caller was told "one moment" is not moved before the answer', async () => {
    // With a hosted model the gateway speaks its own lines.
    const env = { VOICE_PROVIDER: 'openai', OPENAI_API_KEY: 'sk-simulated' };
    await withPair({ env }, async (pair) => {
      // A model that is given this long is not replaced while the test waits.
      pair.first.provider.answerWithinMs = 60_000;
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
      assert.equal(streams, 0, 'the caller still waits');
      pair.first.provider.last.speak('It is on its way.', 300);
      await within(drained, 'the end of the drain');
      await until(() => pair.second.provider.sessions.length > 0, 'the other gateway resumes the call');
      assert.equal(pair.second.provider.last.options.greeting, undefined, 'the caller does not notice the move');
    });
  });

  test('a call that is over stays over when Twilio asks the other gateway', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.asked = pair.second;
      pair.first.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
      assert.equal(await within(pair.call.whenEnded(), 'the end'), 'gateway-hung-up');
      assert.equal(pair.second.provider.sessions.length, 0, 'the caller is not greeted again');
    });
  });

  test('a call that had ended leaves no row at the gateway that Twilio asks about it', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      pair.call.hangup();
      await until(() => pair.first.events.some(({ type }) => type === 'ended'), 'the end');
      const { callSid } = pair.call;
      const fields = { CallSid: callSid, From: '+12025550123', To: '+12065550199', CallStatus: 'in-progress' };
      const asked = await fetch(`${pair.second.base}/twilio/stream-ended`, {
        method: 'POST',
        headers: {
          'x-twilio-signature': signWebhook(AUTH_TOKEN, `https://${PUBLIC_HOST}/twilio/stream-ended`, fields),
        },
        body: new URLSearchParams(fields),
      });
      assert.match(await asked.text(), /<Hangup/);
      const types = pair.second.events.filter((event) => event.callSid === callSid).map(({ type }) => type);
      assert.deepEqual(types, ['ended-elsewhere'], 'what listens to the call hears of no start without an end');
      const lists = (await ask(pair.second.base, '/console/api/calls')).json() as unknown as CallLists;
      const outcomes = (rows: readonly CallRow[]) =>
        rows.filter((row) => row.callSid === callSid).map(({ outcome }) => outcome);
      assert.deepEqual([outcomes(lists.calls), outcomes(lists.recent)], [[], ['caller_hung_up']]);
    });
  });

  test('the gateway that dialled learns of the end that only the other gateway was told while Redis was down', async () => {
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
        await until(() => pair.first.running.gateway.activeCalls === 0, 'the first gateway knows');
        assert.ok(pair.first.events.some((event) => event.type === 'ended' && event.outcome === 'moved'));
      });
    } finally {
      await own.stop();
    }
  });

  test('a stream with a false token takes no call from its gateway', async () => {
    await withPair({}, async (pair) => {
      const { callSid } = pair.call;
      await greeted(pair.first);
      assert.equal(await refusedStream(pair.second, callSid), 1008);
      assert.equal(pair.second.events.length, 0);
      pair.first.provider.last.callerSays('I want to speak to a human agent.');
      await within(pair.call.whenEnded(), 'the end');
      assert.equal(pair.first.screens[0]?.attributes['token_status'], 'valid');
    });
  });

  test('a stream with a false token does not claim a call whose stream another gateway awaits', async () => {
    await withPair({}, async (pair) => {
      await greeted(pair.first);
      const writes = await writesOf(pair.first);
      const fields = { CallSid: 'CAawaited', From: '+12025550123', To: '+12065550199', CallStatus: 'ringing' };
      await fetch(`${pair.first.base}/twilio/voice`, {
        method: 'POST',
        headers: { 'X-Twilio-Signature': signWebhook(AUTH_TOKEN, `https://${PUBLIC_HOST}/twilio/voice`, fields) },
        body: new URLSearchParams(fields),
      });
      while ((await writesOf(pair.first)) === writes) await sleep(pair.clock, 50);
      assert.equal(await refusedStream(pair.second, 'CAawaited'), 1008);
      assert.equal(pair.second.provider.sessions.length, 0);
      const metrics = await pair.second.running.metrics.text();
      assert.doesNotMatch(metrics, /journal_claims_total\{outcome="claimed"\} [1-9]/);
    });
  });
});
