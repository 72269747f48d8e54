import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { systemClock } from '../src/base/clock.js';
import { LossyFront } from './support/lossy-front.js';
import { CONNECT_NUMBER, type Rig, startRig, until } from './support/rig.js';
import { TONES } from './support/tone-engine.js';

/** Runs `body` with a gateway behind a load balancer that refuses as many streams as the test says. */
async function withFront(
  pipeline: boolean,
  body: (scene: { rig: Rig; front: LossyFront; place: () => CarrierCall; said: string[] }) => Promise<void>,
): Promise<void> {
  const front = await new LossyFront(() => rig.base).start();
  // In real time, because the gateway acts on how long a caller has waited, and a scaled clock slips on a busy machine.
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
      test(`the waiting session greets the caller after refused stream attempts at the start (${times})`, async () => {
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

    test('refused streams in the middle of a call do not count towards the limit of replacements', async () => {
      await withFront(pipeline, async ({ front, place, rig }) => {
        const call = place();
        await until(() => streamsOf(rig) === 1, 'the stream');
        rig.provider.last.callerSays('My number is 4711.');
        for (let stream = 2; stream <= 3; stream++) {
          // Three in a row each time: the stream between them ends the row.
          front.refusedStreams = 3;
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
      test(`Twilio says "one moment" to a caller who waits for slowly refused streams ${when}`, async () => {
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

    test('a caller whose streams are all refused goes to an agent', async () => {
      await withFront(pipeline, async ({ front, place, rig, said }) => {
        front.refusedStreams = 1000;
        const call = place();
        let dialled = '';
        call.on('dial-started', (number) => (dialled = number));
        await until(() => dialled !== '', 'the agent');
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
