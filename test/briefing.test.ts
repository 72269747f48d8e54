import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import type { Clock } from '../src/base/clock.js';
import { BriefedPhone, type Reaction, presses } from './support/briefed-phone.js';
import { within } from './support/deadline.js';
import { SPEED, counted, scene, warmUp, withFront, withRig } from './support/handover-rig.js';
import { Scene } from './support/handover-scene.js';
import { CONNECT_NUMBER, PUBLIC_HOST, type Rig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const ENV = { HANDOVER_BRIEFING: 'phone', CONNECT_PHONE_NUMBER: CONNECT_NUMBER };
const FALLBACK = { fallbackUrl: `https://${PUBLIC_HOST}/twilio/fallback` };
/** All that Twilio's debugger shows: the gateway has closed the stream. */
const CLOSED = [31921];
const CHOICE = 'en-US: Press 1 to take the call, or 2 to decline.';
const REASON = 'en-US: The caller asked for a person.';
const SUMMARY = 'Anna wants a refund & a <b>new</b> jacket for order 4711823. The refund is still open.';
const BRIEFING = 'en-US: Anna wants a refund & a new jacket for order. The refund is still open.';

type Options = Parameters<typeof withRig>[0] & { react?: Reaction; summary?: (() => Promise<string>) | undefined };

/** Lets the model of every session write a summary. */
function summarizes(rig: Rig, summary: Options['summary']): void {
  const open = rig.provider.onOpen;
  rig.provider.onOpen = (session) => {
    open(session);
    if (summary !== undefined) session.summarize = summary;
  };
}

/** Runs `body` with a gateway that briefs the telephone it dials. */
async function withPhone(
  { env, react, summary, ...options }: Options,
  body: (rig: Rig, phone: BriefedPhone) => Promise<void>,
): Promise<void> {
  const phone = new BriefedPhone(react);
  await withRig({ phone, ...options, env: { ...ENV, ...env } }, async (rig) => {
    summarizes(rig, summary);
    await body(rig, phone);
    for (const text of phone.said) rig.leaks.said(text);
  });
}

/** The same behind a load balancer that loses requests. */
async function withLossyPhone(
  { env, react, ...options }: Options,
  body: (rig: Rig, front: Parameters<Parameters<typeof withFront>[1]>[1], phone: BriefedPhone) => Promise<void>,
): Promise<void> {
  const phone = new BriefedPhone(react);
  await withFront({ phone, ...options, env: { ...ENV, ...env } }, (rig, front) => body(rig, front, phone));
}

before(warmUp);

describe('a person who is briefed before they get the call', { concurrency: 4 }, () => {
  for (const pipeline of [true, false]) {
    test(`${pipeline ? 'pipeline' : 'direct bridge'}: the person hears who calls, why and what is open, takes the call with 1, and the caller hears none of it`, async () => {
      await withPhone(
        { pipeline, react: presses('1'), summary: () => Promise.resolve(SUMMARY) },
        async (rig, phone) => {
          const one = await scene(rig);
          await until(() => one.isBridged, 'the bridge');
          assert.deepEqual(phone.said, [BRIEFING, CHOICE]);
          assert.equal(phone.digits, '', 'a person is not played the token');
          assert.deepEqual([one.said, one.tones], [[], []]);
          assert.deepEqual(one.problems, CLOSED);
          phone.legs[0]?.hangup();
          await one.ends('handed_over');
          assert.deepEqual(
            one.events('briefing').map(({ step }) => step),
            ['spoken', 'taken'],
          );
          await counted(rig, 'gateway_briefings_total{outcome="spoken"} 1');
          await counted(rig, 'gateway_briefings_total{outcome="taken"} 1');
          await counted(rig, 'gateway_handovers_total{outcome="bridged"} 1');
          assert.doesNotMatch(rig.log(), /refund|jacket/);
        },
      );
    });

    test(`${pipeline ? 'pipeline' : 'direct bridge'}: after a call declined with 2 the assistant returns and offers to take a message`, async () => {
      await withPhone({ pipeline, react: presses('2') }, async (rig, phone) => {
        const one = await scene(rig);
        await one.talking(2);
        assert.match(one.opening, /none of my colleagues is free/);
        assert.deepEqual([phone.joined, phone.ended, one.isBridged], [0, 1, false]);
        await counted(rig, 'gateway_handovers_total{outcome="declined"} 1');
        await counted(rig, 'gateway_briefings_total{outcome="declined"} 1');
        one.call.hangup();
        await one.ends('caller_hung_up');
      });
    });
  }

  test('a call that is declined takes the step that is set for that, also when the dial result is lost', async () => {
    const env = { AFTER_FAILED_DIAL: 'declined=voicemail' };
    await withLossyPhone({ env, react: presses('2') }, async (rig, front) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig, undefined, FALLBACK);
      await until(() => one.asked.some((line) => line.includes('Record')), 'the voicemail');
      assert.match(rig.log(), /Twilio asks the fallback/);
      assert.equal(one.dials, 1);
      one.call.hangup();
    });
  });

  test('a voicemail that answers presses no key, and the caller gets the step for no answer', async () => {
    const clock = scaledClock(SPEED);
    await withPhone({ clock, env: { AFTER_FAILED_DIAL: 'no_answer=voicemail' } }, async (rig, phone) => {
      const one = await scene(rig);
      await until(() => phone.legs.length === 1, 'the answer');
      const answeredMs = clock.now();
      await until(() => phone.ended === 1, 'the end of the leg');
      assert.ok(clock.now() - answeredMs < 25_000, 'the caller does not wait for a machine');
      await until(() => one.asked.some((line) => line.includes('Record')), 'the voicemail');
      assert.deepEqual([phone.joined, one.isBridged], [0, false]);
      await counted(rig, 'gateway_handovers_total{outcome="no_key"} 1');
      await counted(rig, 'gateway_briefings_total{outcome="no_key"} 1');
      one.call.hangup();
    });
  });

  test('a key that is pressed during the briefing ends it, and joins or declines at once', async () => {
    for (const [key, joined] of [
      ['1', 1],
      ['2', 0],
    ] as const) {
      await withPhone({ react: (leg) => leg.press(key) }, async (rig, phone) => {
        const one = await scene(rig);
        await until(() => one.dialEnds.length + phone.joined === 1, 'the decision');
        assert.deepEqual([phone.said, phone.joined], [[REASON], joined]);
        one.call.hangup();
        await one.ends('caller_hung_up').catch(() => one.ends('handed_over'));
      });
    }
  });

  test('a key that is pressed before the briefing begins does not count, and the person is asked all the same', async () => {
    const phone = new BriefedPhone(presses('1'));
    const eager = {
      ring: (leg: Parameters<BriefedPhone['ring']>[0]): void => {
        phone.ring(leg);
        leg.press('2');
      },
    };
    await withPhone({ phone: eager }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(phone.said, [REASON, CHOICE]);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('another key than the two is asked for once more, and then any key but 2 takes the call', async () => {
    const react: Reaction = (leg, count) => leg.press(count === 1 ? '#' : '7');
    await withPhone({ react }, async (rig, phone) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(phone.said, [REASON, CHOICE]);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
      assert.deepEqual(one.problems, CLOSED);
    });
  });

  test('a caller who hangs up during the briefing ends the call, and the person is left alone', async () => {
    await withPhone({}, async (rig, phone) => {
      const one = await scene(rig);
      await until(() => phone.said.length === 1, 'the briefing');
      one.call.hangup();
      await one.ends('caller_hung_up');
      assert.deepEqual([phone.ended, phone.joined, one.dials], [1, 0, 1]);
      await counted(rig, 'gateway_handovers_total{outcome="caller_gone"} 1');
    });
  });

  test('a person who hangs up during the briefing has dropped the call, and the assistant returns', async () => {
    await withPhone({ react: (leg) => leg.hangup() }, async (rig) => {
      const one = await scene(rig);
      await one.talking(2);
      assert.match(one.opening, /none of my colleagues is free/);
      await counted(rig, 'gateway_handovers_total{outcome="dropped"} 1');
      one.call.hangup();
    });
  });

  for (const path of ['/twilio/whisper', '/twilio/briefing-key'] as const) {
    test(`a failed request for ${path} joins the two at once if Twilio continues after it`, async () => {
      await withLossyPhone({ react: presses('1') }, async (rig, front, phone) => {
        front.outages.set(path, 'refused');
        const one = await scene(rig);
        await until(() => one.isBridged, 'the bridge');
        assert.ok(one.problems.includes(11200), one.problems.join());
        phone.legs[0]?.hangup();
        await one.ends('handed_over');
      });
    });

    test(`a failed request for ${path} is a dropped dial if Twilio hangs the leg up`, async () => {
      const carrier = { failedLegDocument: 'hangs-up' } as const;
      await withLossyPhone({ carrier, react: presses('1') }, async (rig, front) => {
        front.outages.set(path, 'refused');
        const one = await scene(rig);
        await one.talking(2);
        assert.match(one.opening, /none of my colleagues is free/);
        await counted(rig, 'gateway_handovers_total{outcome="dropped"} 1');
        one.call.hangup();
      });
    });
  }

  test('a summary that is late costs the person a second and a half, and the reason stands for it', async () => {
    const clock = scaledClock(SPEED);
    const summary = (): Promise<string> => new Promise(() => undefined);
    await withPhone({ clock, summary, react: presses('1') }, async (rig, phone) => {
      const one = await scene(rig);
      await until(() => phone.legs.length === 1, 'the answer');
      const answeredMs = clock.now();
      await until(() => phone.said.length > 0, 'the briefing');
      assert.equal(phone.said[0], REASON);
      // The model has 4 s, of which the goodbye and the ringing have taken half a second.
      assert.ok(clock.now() - answeredMs < 3000, `${clock.now() - answeredMs} ms`);
      await until(() => one.isBridged, 'the bridge');
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a summary that is written while the person waits for the first word is spoken', async () => {
    let write: (text: string) => void = () => undefined;
    const summary = (): Promise<string> =>
      new Promise((resolve) => {
        write = resolve;
      });
    const phone = new BriefedPhone(presses('1'));
    const answers = {
      ring: (leg: Parameters<BriefedPhone['ring']>[0]): void => {
        phone.ring(leg);
        write(SUMMARY);
      },
    };
    await withPhone({ phone: answers, summary }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.equal(phone.said[0], BRIEFING);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('what the model told as it handed the call over stands for the summary, with the name that it gave', async () => {
    await withPhone({ react: presses('1') }, async (rig, phone) => {
      const one = new Scene(rig);
      await one.talking();
      const given = { reason: 'returns', summary: 'The jacket is torn.', customer_name: 'Jo & Co' };
      rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'transfer_to_human', arguments: given });
      await until(() => one.isBridged, 'the bridge');
      assert.equal(phone.said[0], 'en-US: Jo & Co: The jacket is torn.');
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('the person is briefed in the language of the agents, whatever the caller speaks', async () => {
    const env = { HANDOVER_SUMMARY_LANGUAGE: 'hi' };
    await withPhone({ env, react: presses('1') }, async (rig, phone) => {
      const one = new Scene(rig);
      await one.talking();
      const given = { reason: 'returns', summary: 'The jacket is torn.' };
      rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'transfer_to_human', arguments: given });
      await until(() => one.isBridged, 'the bridge');
      assert.equal(phone.said[0], 'hi-IN: कॉल करने वाले कुछ वापस करना चाहते हैं।');
      assert.match(phone.said[1] ?? '', /^hi-IN: .*1 .*2 /);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('with the store down the person is briefed all the same', async () => {
    const embedded = await startEmbeddedDynamoDb({});
    const env = { DYNAMODB_ENDPOINT_URL: embedded.endpointUrl };
    await withPhone({ env, react: presses('1') }, async (rig, phone) => {
      await embedded.close();
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(phone.said, [REASON, CHOICE]);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a person who is dialled over REST is briefed as well', async () => {
    await withPhone({ rest: {}, react: presses('1') }, async (rig, phone) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(phone.said, [REASON, CHOICE]);
      assert.equal(one.asked.includes('/twilio/stream-ended Dial'), false);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a request about a key that Twilio sends twice counts once', async () => {
    await withLossyPhone({ react: presses('1') }, async (rig, front, phone) => {
      front.mishaps.set('/twilio/whisper', 'twice');
      front.mishaps.set('/twilio/briefing-key', 'twice');
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      for (const [first, second] of front.pairs) assert.equal(second, first);
      await counted(rig, 'gateway_briefings_total{outcome="spoken"} 1');
      await counted(rig, 'gateway_briefings_total{outcome="taken"} 1');
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('a dial result that is lost after the call was taken does not dial the person again', async () => {
    await withLossyPhone({ react: presses('1') }, async (rig, front, phone) => {
      front.outages.set('/twilio/dial-result', 'refused');
      const one = await scene(rig, undefined, FALLBACK);
      await until(() => one.isBridged, 'the bridge');
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
      assert.equal(one.dials, 1);
    });
  });

  test('a gateway that stops waits for the key of a person whom it has briefed', async () => {
    await withPhone({}, async (rig, phone) => {
      const one = await scene(rig);
      await until(() => phone.said.length > 0, 'the briefing');
      let isDrained = false;
      const drained = rig.running.gateway.drain(0).then(() => (isDrained = true));
      await until(() => phone.said.length > 1, 'the question');
      assert.equal(isDrained, false);
      phone.legs[0]?.press('1');
      await within(drained, 'the end of the drain');
      await until(() => one.isBridged, 'the bridge');
      phone.legs[0]?.hangup();
      await one.call.whenEnded();
    });
  });

  test('a fault of the gateway while it briefs a person joins the two at once', async () => {
    const scaled = scaledClock(SPEED);
    const phone = new BriefedPhone();
    const clock: Clock = {
      now: () => scaled.now(),
      epochMs: () => scaled.epochMs(),
      setTimer: (delayMs, callback) => {
        if (phone.legs.length > 0 && delayMs === 1500) throw new Error('a fault');
        return scaled.setTimer(delayMs, callback);
      },
    };
    await withPhone({ clock, phone, summary: () => new Promise(() => undefined) }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual([phone.said, one.said], [[], []]);
      assert.match(rig.log(), /webhook of a called leg failed; the two are joined at once/);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
    });
  });

  test('with the briefing off the called leg gets the token alone, and nothing is said to it', async () => {
    const phone = new BriefedPhone();
    await withRig({ phone }, async (rig) => {
      const one = await scene(rig);
      await until(() => one.isBridged, 'the bridge');
      assert.deepEqual(phone.said, []);
      assert.match(phone.digits, /^\d{10}#/);
      phone.legs[0]?.hangup();
      await one.ends('handed_over');
      await counted(rig, 'gateway_briefings_total{outcome="spoken"} 0');
    });
  });
});

describe("a briefing by the whisper of Connect's flow", { concurrency: 4 }, () => {
  for (const pipeline of [true, false]) {
    test(`${pipeline ? 'pipeline' : 'direct bridge'}: the token goes first, and the whisper has what the model's summary says, without long numbers`, async () => {
      await withRig({ pipeline, env: { HANDOVER_BRIEFING: 'connect' }, clock: scaledClock(10) }, async (rig) => {
        summarizes(rig, () => Promise.resolve(SUMMARY));
        const one = await scene(rig);
        await one.call.whenEnded();
        const { briefing, briefing_ready: ready, briefing_voice: voice, token_status: status } = attributesOf(rig);
        assert.deepEqual([status, ready, voice], ['valid', 'true', 'Joanna']);
        assert.equal(`en-US: ${briefing}`, BRIEFING);
        await counted(rig, 'gateway_briefings_total{outcome="spoken"} 0');
        rig.leaks.said(briefing ?? '');
      });
    });
  }

  test('without a summary the whisper has the name and the reason, and with the setting off nothing but the reason', async () => {
    for (const [setting, words] of [
      ['connect', 'The caller asked for a person.'],
      ['off', undefined],
    ] as const) {
      await withRig({ env: { HANDOVER_BRIEFING: setting }, clock: scaledClock(10) }, async (rig) => {
        const one = await scene(rig);
        await one.call.whenEnded();
        assert.deepEqual([attributesOf(rig)['briefing'], attributesOf(rig)['token_status']], [words, 'valid']);
      });
    }
  });
});

function attributesOf(rig: Rig): Readonly<Record<string, string>> {
  return rig.screens[0]?.attributes ?? {};
}
