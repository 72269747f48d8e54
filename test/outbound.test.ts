import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TandemError } from '../src/base/errors.js';
import type { IncomingLeg, PhoneEndpoint } from '../sim/twilio/phone.js';
import {
  API_TOKEN,
  CALLEE,
  OWN_NUMBER,
  type OutboundRig,
  WANTED,
  answering,
  freshKey,
  until,
  withOutbound,
} from './support/outbound-rig.js';
import { PUBLIC_HOST } from './support/rig.js';

const turnsOf = (rig: OutboundRig): string[] =>
  rig.events.flatMap((event) => (event.type === 'turn' ? [`${event.turn.speaker}: ${event.turn.text}`] : []));
const outcomeOf = (rig: OutboundRig): unknown => rig.events.find((event) => event.type === 'ended')?.outcome;
const greeted = (rig: OutboundRig): Promise<void> => until(() => turnsOf(rig).length > 0, 'the first words');

for (const pipeline of [true, false]) {
  describe(pipeline ? 'outbound calls through the pipeline' : 'outbound calls through the bridge', () => {
    test('a person who is called hears who calls, talks, and gets an agent who sees their number', async () => {
      await withOutbound({ pipeline }, async (rig) => {
        const id = await rig.make();
        await greeted(rig);
        assert.match(turnsOf(rig)[0] ?? '', /^assistant: Hello, this is an automated assistant, calling for .*1 2 0 6/);
        const { instructions, callerNumber } = rig.provider.last.options;
        assert.equal(callerNumber, CALLEE);
        assert.match(instructions, /<call_data>\{"appointment":"Tuesday at nine"\}<\/call_data>/);
        assert.equal((await rig.settled(id, 'in-progress'))['status'], 'in-progress');
        rig.provider.last.callerSays('I want to speak to a human agent.');
        const [call] = rig.made();
        assert.equal(await call?.whenEnded(), 'gateway-hung-up');
        const [screen] = rig.screens;
        assert.equal(screen?.attributes['token_status'], 'valid');
        assert.equal(screen.attributes['customer_phone'], CALLEE);
        const ended = await rig.settled(id, 'completed');
        assert.equal(ended['call_sid'], call?.callSid);
        assert.equal(outcomeOf(rig), 'handed_over');
        assert.equal(await rig.counted('completed'), 1);
        assert.equal(rig.made().length, 1);
      });
    });

    test('an answering machine gets the message after its tone, and nothing interrupts it', async () => {
      const callee = (): PhoneEndpoint => answering({ as: 'machine_end_beep', afterMs: 6000 });
      await withOutbound({ pipeline, callee }, async (rig) => {
        const id = await rig.make({ machine: 'message' });
        await greeted(rig);
        await until(() => rig.provider.last.said.length > 0, 'the message');
        assert.match(rig.provider.last.said[0] ?? '', /automated assistant.*I am sorry that I missed you/);
        rig.provider.last.callerSays('Please leave a message.');
        assert.equal(await rig.made()[0]?.whenEnded(), 'gateway-hung-up');
        assert.equal((await rig.settled(id, 'completed'))['answered_by'], 'machine_end_beep');
        assert.equal(outcomeOf(rig), 'message_left');
        assert.equal(await rig.counted('message_left'), 1);
      });
    });

    test('a call to a machine is hung up if that is wanted, and one to a fax always', async () => {
      for (const [as, machine, counted] of [
        ['machine_end_silence', 'hangup', 'machine'],
        ['fax', 'talk', 'fax'],
      ] as const) {
        const callee = (): PhoneEndpoint => answering({ as, afterMs: 3000 });
        await withOutbound({ pipeline, callee }, async (rig) => {
          const id = await rig.make({ machine });
          await until(() => rig.made().length === 1, 'the call');
          assert.equal(await rig.made()[0]?.whenEnded(), 'gateway-hung-up');
          assert.equal((await rig.settled(id, 'completed'))['answered_by'], as);
          assert.equal(outcomeOf(rig), 'machine');
          assert.equal(await rig.counted(counted), 1);
        });
      }
    });
  });
}

test('a person who is called is handed over by REST, too', async () => {
  await withOutbound({ env: { HANDOVER_MODE: 'rest' } }, async (rig) => {
    await rig.make();
    await greeted(rig);
    rig.provider.last.callerSays('I want to speak to a human agent.');
    await rig.made()[0]?.whenEnded();
    assert.equal(rig.screens[0]?.attributes['customer_phone'], CALLEE);
    await until(() => outcomeOf(rig) === 'handed_over', 'the end');
  });
});

test('an assistant talks on to a machine if that is wanted', async () => {
  const callee = (): PhoneEndpoint => answering({ as: 'machine_end_other', afterMs: 2000 });
  await withOutbound({ callee }, async (rig) => {
    const id = await rig.make({ machine: 'talk' });
    await until(() => rig.log().includes('Twilio reports what has answered'), 'the result');
    assert.equal(rig.made()[0]?.isOver, false);
    rig.made()[0]?.hangup();
    await rig.settled(id, 'completed');
    assert.equal(await rig.counted('completed'), 1);
    assert.equal(outcomeOf(rig), 'caller_hung_up');
  });
});

test('the model puts a person on the do-not-call list, who is not called again', async () => {
  await withOutbound({}, async (rig) => {
    await rig.make();
    await greeted(rig);
    const tools = rig.provider.last.options.tools.map(({ name }) => name);
    assert.ok(tools.includes('do_not_call'));
    rig.provider.last.emit({ type: 'tool-call', toolCallId: 't1', name: 'do_not_call', arguments: {} });
    await until(() => rig.provider.last.toolResults.length > 0, 'the answer of the tool');
    assert.deepEqual(rig.provider.last.toolResults, [{ status: 'noted' }]);
    rig.made()[0]?.hangup();
    await until(() => outcomeOf(rig) !== undefined, 'the end');
    const refused = await rig.post();
    assert.deepEqual([refused.status, refused.json()['error']], [422, 'do_not_call']);
    assert.equal(await rig.counted('do_not_call'), 1);
    assert.equal(rig.made().length, 1);
  });
});

test('the end of a call that nobody answers is reported', async () => {
  const phones: Record<string, PhoneEndpoint | undefined> = {
    '+12025550101': { ring: (leg) => leg.reject('busy') },
    '+12025550102': { ring: () => undefined },
    '+12025550103': undefined,
  };
  await withOutbound({ callee: (number) => phones[number] }, async (rig) => {
    for (const [to, status, counted] of [
      ['+12025550101', 'busy', 'busy'],
      ['+12025550102', 'no-answer', 'no_answer'],
      ['+12025550103', 'failed', 'failed'],
    ] as const) {
      rig.leaks.number(to);
      const id = await rig.make({ to });
      const ended = await rig.settled(id, status);
      assert.equal(typeof ended['ended_at'], 'string');
      assert.equal(await rig.counted(counted), 1);
    }
    assert.equal(rig.provider.sessions.length, 0);
  });
});

test('a call that Twilio refuses has failed, with Twilio’s code, and does not count for its number', async () => {
  await withOutbound(
    { rest: { refusedNumbers: { [CALLEE]: 21216 } }, env: { OUTBOUND_CALLS_PER_NUMBER: '1' } },
    async (rig) => {
      for (let time = 1; time <= 2; time++) {
        const ended = await rig.settled(await rig.make(), 'failed');
        assert.deepEqual([ended['reason'], ended['twilio_error']], ['refused_by_twilio', 21216]);
      }
      assert.equal(await rig.counted('refused_by_twilio'), 2);
    },
  );
});

test('a call can be canceled while it rings and ended while it talks', async () => {
  let isAnswered = false;
  const callee = (): PhoneEndpoint => ({ ring: (leg) => (isAnswered ? leg.answer() : undefined) });
  await withOutbound({ callee }, async (rig) => {
    const ringing = await rig.make();
    await rig.settled(ringing, 'ringing');
    const canceled = await rig.read(ringing, 'DELETE');
    assert.deepEqual([canceled.status, canceled.json()['id']], [202, ringing]);
    await rig.settled(ringing, 'canceled');
    assert.equal(await rig.counted('canceled'), 1);
    isAnswered = true;
    const talking = await rig.make();
    await greeted(rig);
    assert.equal((await rig.read(talking, 'DELETE')).status, 202);
    await rig.settled(talking, 'completed');
    assert.equal(rig.made()[1]?.endReason, 'ended-by-rest');
    // A call that is over stays as it is.
    assert.equal((await rig.read(talking, 'DELETE')).json()['status'], 'completed');
  });
});

test('a call whose creation was answered late or never is found by its callbacks and made once', async () => {
  for (const way of ['after', 'hang'] as const) {
    await withOutbound({ callee: () => ({ ring: () => undefined }) }, async (rig) => {
      rig.rest.loseNext(way);
      const id = await rig.make();
      const seen = await rig.settled(id, 'ringing');
      assert.equal(seen['call_sid'], rig.made()[0]?.callSid);
      await rig.settled(id, 'no-answer');
      assert.equal(rig.made().length, 1);
    });
  }
});

test('a call whose answer and callbacks were both lost is found in the list and made once', async () => {
  // Callbacks go to a host that does not exist, so that only the list is left.
  await withOutbound(
    { callee: () => ({ ring: () => undefined }), carrier: { resolve: () => undefined } },
    async (rig) => {
      rig.rest.loseNext('after');
      const id = await rig.make();
      let callSid: unknown;
      for (let tries = 0; callSid === undefined; tries++) {
        assert.ok(tries < 2000);
        callSid = (await rig.read(id)).json()['call_sid'];
        await new Promise((resolve) => void setTimeout(resolve, 10));
      }
      assert.equal(callSid, rig.made()[0]?.callSid);
      assert.equal(rig.made().length, 1);
      // The end is not reported either, so Twilio is asked for it.
      await rig.settled(id, 'no-answer');
      assert.equal(await rig.counted('no_answer'), 1);
    },
  );
});

test('a call that was given up is ended when it is answered after all, and not talked to', async () => {
  let host: string | undefined;
  let leg: IncomingLeg | undefined;
  const callee = (): PhoneEndpoint => ({ ring: (ringing) => (leg = ringing) });
  await withOutbound({ callee, carrier: { resolve: () => host } }, async (rig) => {
    rig.rest.loseNext('after');
    // Twilio's list does not answer, either, so that it cannot be known whether there is a call.
    const id = await rig.make();
    await until(() => rig.made().length === 1, 'the call');
    rig.rest.refuseNext(3);
    const lost = await rig.settled(id, 'failed');
    assert.deepEqual([lost['reason'], await rig.counted('lost')], ['lost', 1]);
    host = rig.base;
    leg?.answer();
    assert.equal(await rig.made()[0]?.whenEnded(), 'gateway-hung-up');
    assert.equal(rig.provider.sessions.length, 0);
    assert.equal((await rig.read(id)).json()['status'], 'failed');
  });
});

test('a call that is canceled while Twilio is asked for it does not ring on', async () => {
  await withOutbound({ callee: () => ({ ring: () => undefined }), rest: { latencyMs: 300 } }, async (rig) => {
    const id = await rig.make();
    const canceled = await rig.read(id, 'DELETE');
    assert.deepEqual([canceled.status, canceled.json()['cancel_requested']], [202, true]);
    await rig.settled(id, 'canceled');
    assert.ok(rig.made().every(({ status }) => status === 'canceled'));
    assert.equal(await rig.counted('canceled'), 1);
    assert.equal((await rig.read('0'.repeat(32), 'DELETE')).status, 404);
    assert.equal((await rig.read('nothing')).status, 404);
  });
});

test('a second call to which one id leads is ended, and the first one goes on', async () => {
  await withOutbound({}, async (rig) => {
    const id = await rig.make();
    await greeted(rig);
    const second = rig.carrier.makeCall({
      from: OWN_NUMBER,
      to: CALLEE,
      voiceUrl: `https://${PUBLIC_HOST}/twilio/outbound?id=${id}`,
      outgoing: { timeoutSeconds: 20 },
    });
    assert.equal(await second.whenEnded(), 'gateway-hung-up');
    assert.equal(rig.made()[0]?.isOver, false);
    assert.equal((await rig.read(id)).json()['call_sid'], rig.made()[0]?.callSid);
    assert.equal(rig.provider.sessions.length, 1);
  });
});

test('a call whose end Twilio does not report is asked about', async () => {
  let host: string | undefined;
  await withOutbound({ carrier: { resolve: () => host } }, async (rig) => {
    host = rig.base;
    const id = await rig.make();
    await greeted(rig);
    host = undefined;
    rig.made()[0]?.hangup();
    await rig.settled(id, 'completed');
    assert.equal(await rig.counted('completed'), 1);
  });
});

test('a request for a call that was lost on its way to Twilio, or not processed, is sent again', async () => {
  await withOutbound({}, async (rig) => {
    rig.rest.loseNext('before');
    await rig.settled(await rig.make(), 'in-progress');
    assert.equal(rig.made().length, 1);
    rig.made()[0]?.hangup();
    await until(() => outcomeOf(rig) !== undefined, 'the end');
    rig.rest.refuseNext(2);
    const second = await rig.make({ to: '+12025550178' });
    await rig.settled(second, 'in-progress');
    assert.equal(rig.made().length, 2);
  });
});

test('a person who is called is told who called if no stream comes, and is not rung through to an agent', async () => {
  const behaviour = { streamSignature: 'wrong-token' as const };
  await withOutbound({ carrier: behaviour }, async (rig) => {
    const said: string[] = [];
    const id = await rig.make();
    await until(() => rig.made().length === 1, 'the call');
    rig.made()[0]?.on('say', (text) => said.push(text));
    assert.equal(await rig.made()[0]?.whenEnded(), 'gateway-hung-up');
    assert.match(said.at(-1) ?? '', /automated assistant, calling for .* I have a technical problem/);
    assert.equal(outcomeOf(rig), 'abandoned');
    assert.equal(rig.screens.length, 0);
    await rig.settled(id, 'completed');
  });
});

test('a person who has talked already gets an agent when the assistant fails', async () => {
  await withOutbound({}, async (rig) => {
    await rig.make();
    await greeted(rig);
    rig.provider.last.callerSays('Yes, I have a moment.');
    rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
    await rig.made()[0]?.whenEnded();
    assert.equal(rig.screens[0]?.attributes['reason'], 'assistant_failed');
  });
});

test('a call resumes in a new stream with its introduction and its data', async () => {
  await withOutbound({}, async (rig) => {
    await rig.make();
    await greeted(rig);
    rig.provider.last.callerSays('Which appointment?');
    rig.made()[0]?.mediaStream?.drop();
    await until(() => rig.provider.sessions.length === 2, 'a second session');
    assert.match(rig.provider.last.options.instructions, /Tuesday at nine/);
    assert.ok(rig.provider.last.options.conversation.turns.some(({ text }) => text === 'Which appointment?'));
    rig.made()[0]?.hangup();
  });
});

test('the same key with the same body gets the same answer, and another body is a conflict', async () => {
  await withOutbound({ callee: () => ({ ring: () => undefined }) }, async (rig) => {
    const key = { 'idempotency-key': freshKey() };
    const first = await rig.post(WANTED, key);
    assert.equal(first.status, 202);
    assert.deepEqual(Object.keys(first.json()), ['id', 'status']);
    assert.equal(first.headers.location, `/api/calls/${String(first.json()['id'])}`);
    await rig.settled(String(first.json()['id']), 'ringing');
    // The order of the fields does not make another body.
    const same = await rig.post(Object.fromEntries(Object.entries(WANTED).toReversed()), key);
    assert.deepEqual([same.status, same.text], [202, first.text]);
    const other = await rig.post({ ...WANTED, machine: 'talk' }, key);
    assert.deepEqual([other.status, other.json()['error']], [409, 'idempotency_conflict']);
    const twice = { 'idempotency-key': freshKey() };
    const to = '+12025550178';
    const both = await Promise.all([rig.post({ ...WANTED, to }, twice), rig.post({ ...WANTED, to }, twice)]);
    assert.deepEqual(new Set(both.map(({ status, text }) => `${status} ${text}`)).size, 1);
    await until(() => rig.made().length === 2, 'the second call');
    // Of two bodies under one key at the same moment one is called, and the other number stays free.
    const numbers = ['+12025550181', '+12025550182'];
    const third = { 'idempotency-key': freshKey() };
    const raced = await Promise.all(numbers.map((number) => rig.post({ ...WANTED, to: number }, third)));
    assert.deepEqual(new Set(raced.map(({ status }) => status)), new Set([202, 409]));
    const free = numbers[raced.findIndex(({ status }) => status === 409)];
    assert.equal((await rig.post({ ...WANTED, to: free })).status, 202);
    assert.deepEqual([await rig.counted('repeated'), await rig.counted('idempotency_conflict')], [2, 2]);
  });
});

test('nobody without a token learns or does anything', async () => {
  await withOutbound({}, async (rig) => {
    for (const authorization of [
      '',
      'Bearer',
      `Bearer ${API_TOKEN}x`,
      `Bearer ${API_TOKEN.slice(0, -1)}`,
      `Basic ${API_TOKEN}`,
    ]) {
      const refused = await rig.post(WANTED, { authorization });
      assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, 'Bearer'], authorization);
    }
    const other = await rig.post(WANTED, { authorization: 'Bearer another-outbound-token-9876543210' });
    assert.equal(other.status, 202);
    assert.equal(await rig.counted('unauthorized'), 5);
  });
});

test('a request that cannot be used is refused, and says which field', async () => {
  await withOutbound({}, async (rig) => {
    const body = JSON.stringify(WANTED);
    for (const [sent, headers, status] of [
      [WANTED, { 'idempotency-key': '' }, 400],
      [WANTED, { 'idempotency-key': 'two words' }, 400],
      [WANTED, { 'content-type': 'text/plain' }, 415],
      ['{', {}, 400],
      [`{"to":"+12025550101",${body.slice(1)}`, {}, 400],
      [{ ...WANTED, machine: 'sing' }, {}, 400],
      [{ ...WANTED, timezone: 'Europe/Berlin' }, {}, 400],
      [{ ...WANTED, context: 'x'.repeat(4001) }, {}, 400],
      [{ ...WANTED, context: 'x'.repeat(33_000) }, {}, 413],
      [{ ...WANTED, time_zone: 'Mars/Base' }, {}, 400],
    ] as const) {
      const refused = await rig.post(sent, headers);
      assert.deepEqual([refused.status, refused.json()['error']], [status, 'invalid_request'], refused.text);
    }
    assert.match((await rig.post({ ...WANTED, machine: 'sing' })).text, /\\"machine\\"/);
    assert.equal(rig.made().length, 0);
  });
});

test('numbers that must not be called are refused, and a request without consent is', async () => {
  await withOutbound({ env: { OUTBOUND_COUNTRIES: 'us,de' } }, async (rig) => {
    for (const [change, error] of [
      [{ to: '2025550123' }, 'invalid_number'],
      [{ to: '+266696687' }, 'invalid_number'],
      [{ to: OWN_NUMBER }, 'invalid_number'],
      [{ to: '+18765550123' }, 'country_not_allowed'],
      [{ to: '+447911123456' }, 'country_not_allowed'],
      [{ to: '+881612345678' }, 'country_not_allowed'],
      [{ to: '+19005550123' }, 'premium_number'],
      [{ to: '+499001234567' }, 'premium_number'],
      [{ consent: undefined }, 'consent_missing'],
      [{ assistant: 'nobody' }, 'unknown_assistant'],
    ] as const) {
      const refused = await rig.post({ ...WANTED, ...change });
      assert.deepEqual([refused.status, refused.json()['error']], [422, error], JSON.stringify(change));
      assert.equal(refused.headers['retry-after'], undefined);
    }
    assert.equal(rig.made().length, 0);
  });
});

test('a request outside the hours of the person is refused until they begin', async () => {
  const hour = new Date().getUTCHours();
  // Two hours that are not now, and do not begin within the test.
  const from = (hour + 4) % 22;
  const hours = `${String(from).padStart(2, '0')}:00-${String(from + 2).padStart(2, '0')}:00`;
  await withOutbound({ env: { OUTBOUND_HOURS: hours } }, async (rig) => {
    const needed = await rig.post();
    assert.deepEqual([needed.status, needed.json()['error']], [422, 'time_zone_needed']);
    const refused = await rig.post({ ...WANTED, time_zone: 'Etc/UTC' });
    assert.deepEqual([refused.status, refused.json()['error']], [422, 'outside_hours']);
    const notBefore = new Date(String(refused.json()['not_before']));
    assert.equal(notBefore.getUTCHours(), from);
    assert.ok(notBefore.getTime() > Date.now());
  });
});

test('a number is called once at a time, and calls are limited by minute, by number and at once', async () => {
  await withOutbound({ callee: () => ({ ring: () => undefined }), env: { OUTBOUND_MAX_CALLS: '2' } }, async (rig) => {
    await rig.make();
    const again = await rig.post();
    assert.deepEqual([again.status, again.json()['error']], [429, 'number_limit']);
    assert.match(again.headers['retry-after'] ?? '', /^\d+$/);
    await rig.make({ to: '+12025550178' });
    const third = await rig.post({ ...WANTED, to: '+12025550179' });
    assert.deepEqual([third.status, third.json()['error']], [429, 'call_limit']);
  });
  await withOutbound({ env: { OUTBOUND_CALLS_PER_MINUTE: '2' } }, async (rig) => {
    await rig.make();
    await rig.make({ to: '+12025550178' });
    const third = await rig.post({ ...WANTED, to: '+12025550179' });
    assert.deepEqual([third.status, third.json()['error']], [429, 'minute_limit']);
    assert.equal(await rig.counted('minute_limit'), 1);
  });
});

test('outbound calls leave room for callers, and a caller is taken while they run', async () => {
  await withOutbound({ env: { OUTBOUND_MAX_CALLS: '1', MAX_CONCURRENT_CALLS: '2' } }, async (rig) => {
    await rig.make();
    await greeted(rig);
    assert.equal((await rig.post({ ...WANTED, to: '+12025550178' })).json()['error'], 'call_limit');
    rig.call();
    await until(() => rig.provider.sessions.length === 2, 'the caller');
    assert.equal(rig.events.filter((event) => event.type === 'started').length, 2);
  });
});

test('a draining gateway makes no call, and still tells of those it has made', async () => {
  await withOutbound({ callee: () => ({ ring: () => undefined }) }, async (rig) => {
    const id = await rig.make();
    await rig.settled(id, 'ringing');
    const drained = rig.running.gateway.drain(1);
    const refused = await rig.post({ ...WANTED, to: '+12025550178' });
    assert.deepEqual([refused.status, refused.json()['error']], [503, 'draining']);
    assert.match(refused.headers['retry-after'] ?? '', /^\d+$/);
    assert.equal((await rig.read(id)).status, 200);
    await drained;
  });
});

test('the API is not there without tokens', async () => {
  await withOutbound({ env: { OUTBOUND_API_TOKENS: '' } }, async (rig) => {
    for (const method of ['POST', 'GET']) {
      const response = await fetch(`${rig.base}/api/calls`, { method });
      assert.equal(response.status, 404);
    }
    // And the tool is not, either.
    rig.call();
    await greeted(rig);
    assert.ok(!rig.provider.last.options.tools.some(({ name }) => name === 'do_not_call'));
  });
});

test('the console shows an outbound call with its direction, and the number of the person masked', async () => {
  await withOutbound(
    { env: { CONSOLE_TOKEN: 'console-token-0123456789', CONSOLE_TRANSCRIPTS: 'false' } },
    async (rig) => {
      await rig.make();
      await greeted(rig);
      const answer = await fetch(`${rig.base}/console/api/calls`, {
        headers: { authorization: 'Bearer console-token-0123456789' },
      });
      const { calls } = (await answer.json()) as { calls: { direction: string; from: string; to: string }[] };
      assert.deepEqual(
        calls.map(({ direction, from, to }) => [direction, from, to]),
        [['outbound', OWN_NUMBER, '+1202…77']],
      );
    },
  );
});
