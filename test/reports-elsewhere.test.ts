import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Pair, type PairOptions, withPair as withGatewayPair } from './support/gateway-pair.js';
import { PatientPhone, busy, callbacksOf } from './support/handover-scene.js';
import { LossyFront } from './support/lossy-front.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { PUBLIC_HOST, type Rig, until } from './support/rig.js';

// Twilio sends each report of a call to any gateway. What one gateway learns, the other must know.

const RECORDING = `https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE${'1'.repeat(32)}`;
const CALLER = '+12025550123';

/** Sends a webhook that has passed the check of its signature. */
function report(rig: Rig, path: string, fields: Record<string, string>): Promise<string | undefined> {
  return rig.running.gateway.answer(`/twilio/${path}`, new URLSearchParams(fields));
}

describe('reports of Twilio that reach the other gateway', { concurrency: true, skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  const withPair = (options: PairOptions, body: (pair: Pair) => Promise<void>): Promise<void> =>
    withGatewayPair(redis.url, options, body);

  async function asksForHuman({ first }: Pair): Promise<void> {
    await until(() => first.events.some(({ type }) => type === 'turn'), 'the greeting');
    first.provider.last.callerSays('I want to speak to a human agent.');
  }

  /** Brings the call to a recording that runs for as long as the test needs. */
  async function recording(pair: Pair): Promise<void> {
    let isRecording = false;
    pair.call.on('recording-started', () => {
      isRecording = true;
      pair.call.speak(new Uint8Array(800_000).fill(0x20));
    });
    await asksForHuman(pair);
    await until(() => isRecording, 'the recording');
    await until(() => pair.first.running.gateway.activeCalls === 1, 'the call');
  }

  const VOICEMAIL: PairOptions = { phone: busy, env: { AFTER_FAILED_DIAL: 'voicemail' } };

  test('a recording is kept with the number when another gateway heard of the end of the call', async () => {
    await withPair(VOICEMAIL, async (pair) => {
      await recording(pair);
      const { callSid } = pair.call;
      await report(pair.second, 'call-status', { CallSid: callSid, CallStatus: 'completed' });
      await pair.clock.skip(21_000);
      await report(pair.second, 'recording', { CallSid: callSid, RecordingUrl: RECORDING, RecordingSid: 'RE1' });
      await until(() => pair.second.events.some(({ type }) => type === 'message-kept'), 'the record');
      const fields = { CallSid: callSid, From: CALLER, CallStatus: 'completed', RecordingUrl: RECORDING };
      const answer = await report(pair.second, 'voicemail', fields);
      assert.match(answer ?? '', /Hangup/);
      await until(() => pair.second.events.filter(({ type }) => type === 'message-kept').length === 2, 'both reports');
      const kept = await callbacksOf(pair.first);
      assert.deepEqual(
        kept.map(({ customer_phone, kind, recording_url }) => [kind, customer_phone, recording_url]),
        [['voicemail', CALLER, RECORDING]],
      );
      assert.match(pair.second.log(), /recording of a call that this instance does not have/);
    });
  });

  test('a recording of a call that no gateway knows is kept with what the request says, and logged', async () => {
    await withPair(VOICEMAIL, async ({ first, second }) => {
      const answer = await report(second, 'voicemail', {
        CallSid: 'CA99',
        From: CALLER,
        To: '+12065550199',
        CallStatus: 'in-progress',
        RecordingUrl: RECORDING,
        RecordingSid: 'RE99',
      });
      assert.match(answer ?? '', /Thank you.*Hangup/s);
      await until(() => second.events.some(({ type }) => type === 'message-kept'), 'the record');
      const [kept] = await callbacksOf(first);
      assert.deepEqual([kept?.['customer_phone'], kept?.['recording_url']], [CALLER, RECORDING]);
      assert.match(second.log(), /recording of a call that this instance does not have/);
      assert.doesNotMatch(second.log(), /Recordings\/RE/);
    });
  });

  const FALLBACK = { ErrorUrl: `https://${PUBLIC_HOST}/twilio/dial-result`, CallStatus: 'in-progress' };

  /** Brings the call to an agent, and Twilio to believe that the conversation is over. */
  async function talkedOut(pair: Pair, phone: PatientPhone): Promise<Record<string, string>> {
    await asksForHuman(pair);
    await until(() => phone.digits.length > 0, 'the agent');
    await until(() => pair.first.events.some(({ type }) => type === 'dialling'), 'the dial');
    return { CallSid: 'CA77', ParentCallSid: pair.call.callSid, CallStatus: 'completed', CallDuration: '37' };
  }

  for (const [learns, asked] of [
    ['second', 'first'],
    ['first', 'second'],
    ['second', 'second'],
  ] as const) {
    test(`a lost dial result rings nobody again: the ${learns} gateway heard how long the agent talked, the ${asked} one is asked`, async () => {
      const phone = new PatientPhone();
      await withPair({ phone }, async (pair) => {
        const leg = await talkedOut(pair, phone);
        await report(pair[learns], 'leg-status', leg);
        // The report is written beside the answer.
        await new Promise((resolve) => setTimeout(resolve, 200));
        const answer = await report(pair[asked], 'fallback', { CallSid: pair.call.callSid, ...FALLBACK });
        assert.match(answer ?? '', /<Hangup\/>/);
        assert.doesNotMatch(answer ?? '', /Dial|Stream/);
        assert.ok(pair[asked].events.some((event) => event.type === 'ended' && event.outcome === 'handed_over'));
        phone.legs[0]?.hangup();
      });
    });
  }

  test('a late report about the dial before does not stand for the present one', async () => {
    const phone = new PatientPhone();
    await withPair({ phone, env: { AFTER_FAILED_DIAL: 'dropped=again,failed=again' } }, async (pair) => {
      const leg = await talkedOut(pair, phone);
      const { callSid } = pair.call;
      const result = { DialCallSid: 'CA77', DialCallStatus: 'completed', DialBridged: 'false' };
      const again = await report(pair.first, 'dial-result', { CallSid: callSid, CallStatus: 'in-progress', ...result });
      assert.match(again ?? '', /<Dial/);
      for (const rig of [pair.first, pair.second]) await report(rig, 'leg-status', leg);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const answer = await report(pair.second, 'fallback', { CallSid: callSid, ...FALLBACK });
      assert.match(answer ?? '', /<Dial/, 'the present dial failed, so it is tried once more');
      phone.legs[0]?.hangup();
    });
  });

  test('a gateway that loses the call while it prepares the dial does not hang up', async () => {
    let store = '';
    const front = await new LossyFront(() => store).start();
    const wayToStore = (url: string): string => {
      store = url;
      return front.base;
    };
    const phone = new PatientPhone();
    try {
      await withPair({ phone, wayToStore }, async (pair) => {
        const answers: string[] = [];
        let isStreamOver = false;
        pair.call.on('twiml', (_path, verbs) => answers.push(verbs.map(({ name }) => name).join(' ')));
        pair.call.on('stream-ended', () => (isStreamOver = true));
        await asksForHuman(pair);
        await until(() => pair.first.events.some(({ type }) => type === 'escalated'), 'the decision');
        front.outages.set('/', 'hung');
        pair.asked = pair.second;
        pair.call.mediaStream?.drop();
        await until(() => isStreamOver, 'the end of the stream');
        await until(() => pair.second.events.some(({ type }) => type === 'escalated'), 'the second gateway');
        // It waits for its record. Twilio, which had no answer in time, asks the first one, then the second one again.
        const again = { CallSid: pair.call.callSid, CallStatus: 'in-progress' };
        await report(pair.first, 'stream-ended', again);
        await report(pair.second, 'stream-ended', again);
        await until(() => answers.length > 1, 'the answer of the second gateway');
        assert.doesNotMatch(answers.join(), /Hangup/);
        await until(() => phone.legs.length > 0, 'the dial');
        phone.legs[0]?.hangup();
      });
    } finally {
      await front.close();
    }
  });

  /** The last answer that Twilio got for `path`, in words. */
  function lastWords({ call }: Pair, path: string): () => string | undefined {
    let words: string | undefined;
    call.on('twiml', (asked, verbs) => {
      if (asked === `/twilio/${path}` && verbs.at(-1)?.name === 'Hangup') words = verbs[0]?.text;
    });
    return () => words;
  }

  for (const [what, path, options, leave, words] of [
    [
      'a goodbye',
      'stream-ended',
      {},
      ({ call, first }: Pair) => {
        first.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'end_call', arguments: {} });
        call.mediaStream?.drop();
      },
      /goodbye/i,
    ],
    [
      'the promise of a callback',
      'dial-result',
      { phone: busy, env: { AFTER_FAILED_DIAL: 'callback' } },
      ({ first }: Pair) => first.provider.last.callerSays('I want to speak to a human agent.'),
      /will call you back/,
    ],
  ] as const) {
    test(`${what} whose answer is lost is said by the gateway that Twilio asks again, this or the other one`, async () => {
      await withPair(options, async (pair) => {
        const said = lastWords(pair, path);
        await until(() => pair.first.events.some(({ type }) => type === 'turn'), 'the greeting');
        leave(pair);
        await until(() => said() !== undefined, 'the last answer');
        assert.match(said() ?? '', words);
        // The end is written beside the answer.
        await new Promise((resolve) => setTimeout(resolve, 200));
        const fields = { CallSid: pair.call.callSid, To: '+12065550199', CallStatus: 'in-progress' };
        for (const rig of [pair.first, pair.second]) {
          const answer = (await report(rig, path, { ...fields, DialCallStatus: 'busy', DialBridged: 'false' })) ?? '';
          assert.ok(answer.includes(said() ?? '-'), answer);
          assert.match(answer, /<\/Say><Hangup\/>/);
        }
      });
    });
  }

  test('a fallback request that says the caller has talked to an agent hangs up, also where no gateway knows the call', async () => {
    await withPair({}, async ({ second }) => {
      const answer = await report(second, 'fallback', { CallSid: 'CA98', ...FALLBACK, DialBridged: 'true' });
      assert.match(answer ?? '', /<Response><Hangup\/><\/Response>/);
    });
  });
});
