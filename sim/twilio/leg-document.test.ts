import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Dialled, dialTwiml, result, withDial } from '../../test/support/dial-rig.js';
import { until } from '../../test/support/rig.js';
import type { CarrierOptions } from './carrier.js';

/** 650 ms of speech, in a prompt that waits for one key. */
const gather = (attributes = ''): string =>
  `<Gather action="/key" numDigits="1" ${attributes}><Say language="de-DE">0123456789</Say></Gather>`;

/** Runs `body` on a dial whose called leg has answered and runs `twiml`. `/key` answers with `answer`. */
async function withLeg(
  twiml: string,
  body: (rig: Dialled) => Promise<void>,
  { answer = '', ...options }: Partial<CarrierOptions> & { answer?: string } = {},
): Promise<void> {
  await withDial(
    dialTwiml('answerOnBridge="true"', 'url="/whisper"'),
    async (rig) => {
      rig.gateway.say('/whisper', twiml);
      rig.gateway.say('/key', answer);
      let isAsked = false;
      rig.live.on('twiml', (request) => (isAsked ||= request === '/whisper'));
      rig.leg.answer();
      await until(() => isAsked, 'the document of the leg');
      await body(rig);
    },
    undefined,
    options,
  );
}

async function keys({ gateway }: Dialled): Promise<string[]> {
  await until(() => gateway.of('/key').length > 0, 'the request of the Gather');
  return gateway.of('/key').map(({ form }) => form.get('Digits') ?? 'none');
}

async function ends(rig: Dialled, status: string, bridged: string): Promise<void> {
  rig.leg.hangup();
  assert.deepEqual(await result(rig), [status, bridged]);
}

describe('simulated carrier: the TwiML of a called leg', () => {
  test('a key ends the prompt of a Gather, and an answer without a Hangup bridges the legs', async () => {
    await withLeg(`${gather()}<Hangup/>`, async (rig) => {
      await rig.pass(200);
      rig.leg.press('1');
      assert.deepEqual(await keys(rig), ['1']);
      await until(() => rig.seen.at(-1) === '200 bridged', 'the bridge');
      assert.deepEqual(rig.seen, ['0 de-DE: 0123456789', '200 bridged']);
      const [asked] = rig.gateway.of('/key');
      assert.deepEqual(
        ['CallSid', 'ParentCallSid', 'Direction'].map((name) => asked?.form.get(name)),
        [rig.leg.callSid, rig.live.callSid, 'outbound-dial'],
      );
      assert.deepEqual(rig.problems, []);
      await ends(rig, 'completed', 'true');
    });
  });

  test('a Hangup in the answer to a key ends the leg, and the legs are not bridged', async () => {
    await withLeg(
      gather(),
      async (rig) => {
        rig.leg.press('2');
        assert.deepEqual(await keys(rig), ['2']);
        await until(() => rig.seen.at(-1) === '0 hung up', 'the end of the leg');
        assert.deepEqual(await result(rig), ['completed', 'false']);
      },
      { answer: '<Hangup/>' },
    );
  });

  for (const [attribute, waitsMs] of [
    ['', 5000],
    ['timeout="2"', 2000],
  ] as const) {
    test(`a Gather waits ${waitsMs} ms after its prompt with ${attribute || 'the default timeout'}, then the next verb runs`, async () => {
      await withLeg(`${gather(attribute)}<Play digits="7"/><Hangup/>`, async (rig) => {
        await rig.pass(650 + waitsMs);
        await rig.pass(1000);
        const [, next = ''] = rig.seen;
        // The test moves the clock by 100 ms at a time.
        assert.match(next, new RegExp(`^${(700 + waitsMs) / 100}00 7$`));
        assert.deepEqual(rig.gateway.of('/key'), []);
        await ends(rig, 'completed', 'false');
      });
    });
  }

  test('with actionOnEmptyResult a Gather without a key requests its action, too', async () => {
    await withLeg(`${gather('actionOnEmptyResult="true" timeout="1"')}<Hangup/>`, async (rig) => {
      await rig.pass(1800);
      assert.deepEqual(await keys(rig), ['']);
      await until(() => rig.seen.length === 2, 'the bridge');
      await ends(rig, 'completed', 'true');
    });
  });

  test('a hash ends a Gather without counting, unless finishOnKey is empty', async () => {
    for (const [attribute, expected] of [
      ['actionOnEmptyResult="true"', ['']],
      ['finishOnKey=""', ['#']],
    ] as const) {
      await withLeg(gather(attribute), async (rig) => {
        rig.leg.press('#');
        assert.deepEqual(await keys(rig), expected);
        await until(() => rig.seen.length === 2, 'the bridge');
        await ends(rig, 'completed', 'true');
      });
    }
  });

  test('a key that is pressed before the Gather runs is lost', async () => {
    await withLeg(`<Pause length="1"/>${gather('timeout="1"')}<Hangup/>`, async (rig) => {
      rig.leg.press('1');
      await rig.pass(3000);
      assert.deepEqual(rig.gateway.of('/key'), []);
      await ends(rig, 'completed', 'false');
    });
  });

  test('a leg that hangs up during a Gather requests nothing more', async () => {
    await withLeg(`${gather('actionOnEmptyResult="true"')}<Hangup/>`, async (rig) => {
      await rig.pass(200);
      await ends(rig, 'completed', 'false');
      await rig.pass(6000);
      assert.deepEqual(rig.gateway.of('/key'), []);
    });
  });

  for (const [failedLegDocument, bridged] of [
    ['bridges', 'true'],
    ['hangs-up', 'false'],
  ] as const) {
    test(`after a failed request of a Gather the leg is ${bridged === 'true' ? 'bridged' : 'hung up'}, as failedLegDocument=${failedLegDocument} says`, async () => {
      await withLeg(
        gather().replace('/key', '/lost'),
        async (rig) => {
          rig.leg.press('1');
          await until(() => rig.seen.length === 2, 'what follows');
          assert.deepEqual(rig.problems, [12300], 'an empty answer has no content type');
          await ends(rig, 'completed', bridged);
        },
        { failedLegDocument },
      );
    });
  }

  test('a Dial in the TwiML of a called leg is reported and left out', async () => {
    await withLeg('<Dial>+12065550100</Dial>', async (rig) => {
      await until(() => rig.seen.length === 1, 'the bridge');
      assert.deepEqual(rig.problems, [12200]);
      await ends(rig, 'completed', 'true');
    });
  });
});
