import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { systemClock } from '../src/base/clock.js';
import { LossyFront } from './support/lossy-front.js';
import { CONNECT_NUMBER, type Rig, startRig, until } from './support/rig.js';
import { TONES } from './support/tone-engine.js';

/** A gateway behind a balancer that refuses streams as often as it is told. */
async function withFront(
  pipeline: boolean,
  body: (scene: { rig: Rig; front: LossyFront; place: () => CarrierCall; said: string[] }) => Promise<void>,
): Promise<void> {
  const front = await new LossyFront(() => rig.base).start();
  // In real time: how long a caller has waited makes a difference, and the machine may be busy.
  const rig: Rig = await startRig({
    pipeline,
    clock: systemClock,
    engine: TONES,
    carrier: { resolve: () => front.base },
  });
  const said: string[] = [];
  try {
    await body({
      rig,
      front,
      said,
      place: () => {
        const call = rig.call();
        call.on('say', (text) => said.push(text));
        return call;
      },
    });
  } finally {
    await rig.close();
    await front.close();
  }
}

const streamsOf = (rig: Rig): number => rig.events.filter(({ type }) => type === 'stream-started').length;

for (const pipeline of [true, false]) {
  describe(`streams that are refused, ${pipeline ? 'pipeline' : 'direct bridge'}`, { concurrency: true }, () => {
    for (const times of [1, 5]) {
      test(`${times} at the start: the caller is greeted by the session that was waiting`, async () => {
        await withFront(pipeline, async ({ front, place, rig, said }) => {
          front.refusedStreams = times;
          const call = place();
          await until(() => rig.events.some(({ type }) => type === 'turn'), 'the greeting');
          assert.deepEqual([rig.provider.sessions.length, streamsOf(rig), said], [1, 1, []]);
          assert.equal(front.refusedStreams, 0);
          call.hangup();
        });
      });
    }

    test('3 in the middle of a call do not count: it goes on, and once more when the next stream breaks', async () => {
      await withFront(pipeline, async ({ front, place, rig }) => {
        const call = place();
        await until(() => streamsOf(rig) === 1, 'the stream');
        rig.provider.last.callerSays('My number is 4711.');
        front.refusedStreams = 3;
        for (let stream = 2; stream <= 3; stream++) {
          call.mediaStream?.drop();
          await until(() => streamsOf(rig) === stream, `stream ${stream}`);
        }
        assert.equal(front.refusedStreams, 0);
        assert.equal(call.isOver, false);
        call.hangup();
      });
    });

    for (const [when, isGreeted] of [
      ['at the start', false],
      ['in the middle of a call', true],
    ] as const) {
      test(`slowly, ${when}: who has waited is told so by Twilio`, async () => {
        await withFront(pipeline, async ({ front, place, rig, said }) => {
          const refuse = (): void => void Object.assign(front, { refusedStreams: 2, refusesAfterMs: 1400 });
          if (!isGreeted) refuse();
          const call = place();
          await until(() => streamsOf(rig) === 1, 'the stream');
          if (isGreeted) {
            refuse();
            call.mediaStream?.drop();
            await until(() => streamsOf(rig) === 2, 'the next stream');
          }
          assert.equal(said.length, 1);
          assert.match(said[0] ?? '', /moment/i);
          call.hangup();
        });
      });
    }

    test('every one: a human goes on', async () => {
      await withFront(pipeline, async ({ front, place, rig, said }) => {
        front.refusedStreams = 1000;
        const call = place();
        let dialled = '';
        call.on('dial-started', (number) => (dialled = number));
        await until(() => dialled !== '', 'the human');
        assert.equal(dialled, CONNECT_NUMBER);
        assert.ok(
          rig.events.some((event) => event.type === 'escalated' && event.escalation.reason === 'assistant_failed'),
        );
        assert.equal(said.length, 1);
        assert.equal(1000 - front.refusedStreams, 6);
        call.hangup();
      });
    });
  });
}
