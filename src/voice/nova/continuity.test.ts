import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scriptedBrain } from '../../../sim/model/script.js';
import { loudnessEar } from '../../../sim/model/ear.js';
import { NovaCall, type NovaRig, withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';
import { scaledClock } from '../../../test/support/scaled-clock.js';
import { ContinuousProvider } from '../continuity/provider.js';
import type { Turn } from '../history.js';

/** Opens a call whose sessions follow one another, and returns what is reported of them. */
function continuous({ provider }: NovaRig): { call: NovaCall; log: string[] } {
  const log: string[] = [];
  const calls = new ContinuousProvider({
    providers: [provider],
    clock: scaledClock(10),
    lines: { takenOver: 'Sorry, I lost you.', oneMoment: 'One moment.' },
    speakLine: () => Promise.resolve(undefined),
    report: {
      onLost: (_, { code }) => log.push(code),
      onRenewed: () => log.push('renewed'),
      onFailover: (_, to) => log.push(to),
    },
  });
  const turns: Turn[] = [];
  const call = new NovaCall(calls, { conversation: { turns, isPlaying: false } });
  call.onEvent = (event) => {
    if (event.type !== 'caller-text') return;
    turns.push({ speaker: 'caller', text: event.text, itemId: event.itemId, interrupted: false });
  };
  return { call, log };
}

describe('a call over several sessions with Nova', () => {
  for (const headers of ['at-once', 'with-first-output'] as const) {
    it(`a Nova session is renewed in a pause if the service sends its response ${headers}`, async () => {
      const sim = {
        headers,
        brain: scriptedBrain(['Welcome.', 'At nine.']),
        ear: loudnessEar({ texts: () => 'When do you open?' }),
      };
      await withNova({ sim, provider: { renewAfterMs: 2500 } }, async (rig) => {
        const { call, log } = continuous(rig);
        await call.response(1);
        await until(() => log.length > 0, 'the renewal');
        assert.deepEqual(log, ['renewed']);
        call.speak(600);
        call.pause(2200);
        await call.response(2);
        assert.equal(rig.seen(1).turns.length, 1);
        call.session.close();
      });
    });
  }

  for (const [what, message, code] of [
    ['refuses an input', undefined, 'VOICE_PROTOCOL'],
    ['refuses credentials that have ended', 'The security token included in the request is expired', 'VOICE_EXPIRED'],
  ] as const) {
    it(`a call goes on in a new session when Nova ${what} in one that has spoken`, async () => {
      const fault = {
        type: 'exception',
        exception: 'validationException',
        ...(message === undefined ? {} : { message }),
      } as const;
      const sim = {
        faults: [{ when: { at: 'turn', turn: 2 }, fault, session: 1 }],
        brain: scriptedBrain(['Welcome.', 'At nine.']),
        ear: loudnessEar({ texts: () => 'When do you open?' }),
      } as const;
      await withNova({ sim }, async (rig) => {
        const { call, log } = continuous(rig);
        await call.response(1);
        call.speak(600);
        call.pause(2200);
        await until(() => rig.sim.sessions[1]?.turns.length === 1, 'the answer of the next session');
        assert.deepEqual(log, [code]);
        assert.deepEqual(call.of('failed'), []);
        call.session.close();
      });
    });
  }

  it('a caller who speaks for long while Nova owes its greeting is greeted by the next session', async () => {
    const sim = {
      faults: [{ when: { at: 'turn', turn: 1 }, fault: { type: 'stall' }, session: 1 }],
      brain: scriptedBrain(['Welcome.', 'At nine.']),
      ear: loudnessEar({ texts: () => 'When do you open?' }),
    } as const;
    await withNova({ sim }, async (rig) => {
      const { call, log } = continuous(rig);
      await until(() => call.of('ready').length === 1, 'the first session');
      call.speak(9000);
      call.pause(2500);
      await until(() => call.said().length > 0, 'the greeting');
      assert.equal(call.said()[0], 'Welcome.');
      assert.deepEqual(log, ['VOICE_STALLED']);
      assert.deepEqual(rig.seen(1).unheardTexts, []);
      call.session.close();
    });
  });
});
