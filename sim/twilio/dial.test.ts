import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withCarrier } from '../../test/support/carrier-rig.js';
import { ACTION, NUMBER, dialTwiml, result, resultOf, withDial } from '../../test/support/dial-rig.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { IncomingLeg } from './phone.js';

describe('simulated carrier: Dial', () => {
  test('Dial bridges the two legs and reports how long they talked', async () => {
    await withDial(dialTwiml(), async (rig) => {
      assert.equal(rig.live.status, 'in-progress');
      assert.equal(rig.leg.from, '+12025550123');
      await rig.pass(2000);
      rig.leg.answer();
      await rig.pass(7000);
      rig.leg.hangup();
      assert.deepEqual(await result(rig), ['completed', 'true']);
      const form = resultOf(rig);
      assert.equal(form['DialCallSid'], rig.leg.callSid);
      assert.equal(form['DialCallDuration'], '7');
      assert.equal(form['CallSid'], rig.live.callSid);
      assert.deepEqual(rig.seen, ['2000 bridged']);
    });
  });

  for (const reason of ['busy', 'failed'] as const) {
    test(`Dial reports ${reason} when the called leg is rejected as ${reason}`, async () => {
      await withDial(
        dialTwiml(),
        async (rig) => assert.deepEqual(await result(rig), [reason, 'false']),
        (leg) => leg.reject(reason),
      );
    });
  }

  test('Dial reports failed for a number without a telephone', async () => {
    await withCarrier({}, async ({ call, gateway }) => {
      gateway.say('/voice', `<Dial ${ACTION}>+12065550188</Dial>`);
      gateway.say('/result', '<Hangup/>');
      await call().whenEnded();
      assert.equal(gateway.of('/result')[0]?.form.get('DialCallStatus'), 'failed');
    });
  });

  for (const [attribute, timeoutMs] of [
    ['', 30_000],
    ['timeout="5"', 5000],
  ] as const) {
    test(`Dial stops ringing after ${timeoutMs} ms with ${attribute || 'the default timeout'}`, async () => {
      await withDial(dialTwiml(attribute), async (rig) => {
        await rig.pass(timeoutMs - 100);
        assert.deepEqual(rig.seen, []);
        await rig.pass(100);
        assert.deepEqual(await result(rig), ['no-answer', 'false']);
        assert.deepEqual(rig.seen, [`${timeoutMs} hung up`]);
        assert.equal(resultOf(rig)['DialCallDuration'], '0');
      });
    });
  }

  test('Dial plays sendDigits to the called leg alone before it bridges', async () => {
    await withDial(
      dialTwiml('', 'sendDigits="w12W#"'),
      async (rig) => {
        rig.live.on('tone', () => assert.fail('the caller hears no tones'));
        await rig.pass(2500);
        assert.deepEqual(rig.seen, ['500 1', '700 2', '1900 #', '2100 bridged']);
        rig.leg.hangup();
        assert.deepEqual(await result(rig), ['completed', 'true']);
      },
      (leg) => leg.answer(),
    );
  });

  test('Dial runs the TwiML of url on the called leg, with a request of its own, before it bridges', async () => {
    await withDial(dialTwiml('', 'url="/whisper"'), async (rig) => {
      rig.gateway.say('/whisper', '<Pause length="1"/><Play digits="7"/><Say>0123456789</Say><Dial>1</Dial>');
      let isAsked = false;
      rig.live.on('twiml', (request) => (isAsked ||= request === '/whisper'));
      rig.leg.answer();
      await until(() => isAsked, 'the whisper');
      await rig.pass(1900);
      assert.deepEqual(rig.seen, ['1000 7', '1200 en-US: 0123456789', '1900 bridged']);
      const [whisper] = rig.gateway.of('/whisper');
      assert.deepEqual(
        ['CallSid', 'ParentCallSid', 'To', 'Direction', 'CallStatus'].map((name) => whisper?.form.get(name)),
        [rig.leg.callSid, rig.live.callSid, NUMBER, 'outbound-dial', 'in-progress'],
      );
      assert.deepEqual(rig.problems, [12200], '<Dial> is not for a called leg');
      rig.leg.hangup();
      await result(rig);
    });
  });

  test('Dial bridges even if url fails', async () => {
    await withDial(
      dialTwiml('', 'url="/whisper"'),
      async (rig) => {
        await until(() => rig.seen.length === 1, 'the joining');
        assert.deepEqual(rig.seen, ['0 bridged']);
        assert.deepEqual(rig.problems, [12300], 'an empty answer has no content type');
        rig.leg.hangup();
        await result(rig);
      },
      (leg) => leg.answer(),
    );
  });

  test('Dial does not bridge a leg that drops during the whisper, though its status is completed', async () => {
    await withDial(
      dialTwiml('', 'sendDigits="WWWW1"'),
      async (rig) => {
        await rig.pass(1000);
        rig.leg.hangup();
        assert.deepEqual(await result(rig), ['completed', 'false']);
      },
      (leg) => leg.answer(),
    );
  });

  test('Dial plays no tone to a leg that has ended', async () => {
    await withDial(
      dialTwiml('', 'sendDigits="w1234"'),
      async (rig) => {
        await rig.pass(800);
        rig.leg.hangup();
        assert.deepEqual(await result(rig), ['completed', 'false']);
        await rig.pass(1000);
        assert.deepEqual(rig.seen, ['500 1', '700 2']);
      },
      (leg) => leg.answer(),
    );
  });

  test('with answerOnBridge the caller’s call rings until the legs are bridged', async () => {
    await withDial(dialTwiml('answerOnBridge="true"', 'sendDigits="W"'), async (rig) => {
      assert.equal(rig.live.status, 'ringing');
      rig.leg.answer();
      await rig.pass(900);
      assert.equal(rig.live.status, 'ringing');
      await rig.pass(100);
      assert.equal(rig.live.status, 'in-progress');
      rig.leg.hangup();
      await result(rig);
    });
  });

  test('Dial shows its callerId to the called side', async () => {
    await withDial(dialTwiml('callerId="+12065550199"'), async (rig) => {
      assert.equal(rig.leg.from, '+12065550199');
      rig.leg.reject('busy');
      await result(rig);
    });
  });

  for (const [what, from, attributes] of [
    ['a withheld number and no callerId', '+266696687', ''],
    ['the word anonymous and no callerId', 'anonymous', ''],
    ['an empty number and no callerId', '', ''],
    ['a callerId that spells RESTRICTED', '+7378742833', 'callerId="+7378742833"'],
    ['a callerId of another account', '+12025550123', 'callerId="+12065550111"'],
  ] as const) {
    test(`Dial is refused with 13214 for ${what}`, async () => {
      const ring = (): void => assert.fail('nothing rings');
      await withCarrier({ phoneBook: () => ({ ring }) }, async ({ call, gateway, problems }) => {
        gateway.say('/voice', dialTwiml(attributes));
        gateway.say('/result', '<Hangup/>');
        await call({ from }).whenEnded();
        assert.equal(gateway.of('/result')[0]?.form.get('DialCallStatus'), 'failed');
        assert.deepEqual(problems, [13214]);
      });
    });
  }

  test('Dial shows the account number that its callerId names for a withheld number', async () => {
    const seen: string[] = [];
    const phone = {
      ring: (leg: IncomingLeg): void => {
        seen.push(leg.from);
        leg.reject('busy');
      },
    };
    await withCarrier({ phoneBook: () => phone, ownNumbers: ['+12065550111'] }, async ({ call, gateway, problems }) => {
      gateway.say('/voice', dialTwiml('callerId="+12065550111"'));
      gateway.say('/result', '<Hangup/>');
      await call({ from: 'anonymous' }).whenEnded();
      assert.deepEqual([seen, problems], [['+12065550111'], []]);
    });
  });

  test('Dial ends after its timeLimit', async () => {
    await withDial(
      dialTwiml('timeLimit="60"'),
      async (rig) => {
        await until(() => rig.seen.length === 1, 'the joining');
        await rig.pass(60_000);
        assert.deepEqual(await result(rig), ['completed', 'true']);
        assert.deepEqual(rig.seen, ['0 bridged', '60000 hung up']);
      },
      (leg) => leg.answer(),
    );
  });

  for (const [attribute, isOver] of [
    ['hangupOnStar="true"', true],
    ['', false],
  ] as const) {
    test(`the caller’s * ${isOver ? 'ends' : 'does not end'} a dial with ${attribute || 'the default hangupOnStar'}`, async () => {
      await withDial(
        dialTwiml(attribute),
        async (rig) => {
          await until(() => rig.seen.length === 1, 'the joining');
          rig.live.pressDigit('1');
          rig.live.pressDigit('*');
          assert.deepEqual(rig.seen, isOver ? ['0 bridged', '0 hung up'] : ['0 bridged']);
          rig.leg.hangup();
          assert.deepEqual(await result(rig), ['completed', 'true']);
        },
        (leg) => leg.answer(),
      );
    });
  }

  test('when the caller hangs up, Dial releases the leg, requests the action URL and ignores its answer', async () => {
    for (const [answers, status] of [
      [false, 'canceled'],
      [true, 'completed'],
    ] as const) {
      await withDial(
        dialTwiml(),
        async (rig) => {
          if (answers) await until(() => rig.seen.length === 1, 'the joining');
          rig.gateway.say('/result', '<Say>Hello?</Say>');
          rig.live.on('say', () => assert.fail('the caller has hung up'));
          rig.live.hangup();
          assert.deepEqual(await result(rig), [status, String(answers)]);
          assert.equal(rig.seen.at(-1), '0 hung up');
          assert.equal(resultOf(rig)['CallStatus'], 'completed');
        },
        (leg) => {
          if (answers) leg.answer();
        },
      );
    }
  });

  test('the status callback of a dialled leg reports the requested events', async () => {
    const events = 'statusCallbackEvent="initiated ringing answered completed"';
    await withDial(
      dialTwiml('', `statusCallback="https://${FAKE_HOST}/leg" ${events}`),
      async (rig) => {
        await until(() => rig.seen.length === 1, 'the joining');
        await rig.pass(3000);
        rig.leg.hangup();
        await result(rig);
        const forms = rig.gateway.of('/leg').map(({ form }) => form);
        assert.deepEqual(
          forms.map((form) => form.get('CallStatus')),
          ['initiated', 'ringing', 'in-progress', 'completed'],
        );
        assert.deepEqual(
          forms.map((form) => form.get('SequenceNumber')),
          ['0', '1', '2', '3'],
        );
        const last = forms.at(-1);
        assert.deepEqual(
          ['CallSid', 'ParentCallSid', 'CallDuration', 'Timestamp'].map((name) => last?.get(name)),
          [rig.leg.callSid, rig.live.callSid, '3', 'Thu, 01 Jan 2026 00:00:03 +0000'],
        );
      },
      (leg) => leg.answer(),
    );
  });

  test('the status callback of a dialled leg reports only the end by default', async () => {
    await withDial(
      dialTwiml('', `statusCallback="https://${FAKE_HOST}/leg"`),
      async (rig) => {
        await result(rig);
        assert.deepEqual(
          rig.gateway.of('/leg').map(({ form }) => form.get('CallStatus')),
          ['busy'],
        );
      },
      (leg) => leg.reject('busy'),
    );
  });
});
