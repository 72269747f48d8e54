import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TandemError } from '../src/base/errors.js';
import type { CallEvent } from '../src/call/call-events.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { FakeClock } from './support/fake-clock.js';
import { PatientPhone } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';
import { ScriptedProvider } from './support/scripted-provider.js';

// What an operator may see of a call, through both kinds of conversation.

type Of<Type extends CallEvent['type']> = Extract<CallEvent, { type: Type }>;

function of<Type extends CallEvent['type']>(rig: Rig, type: Type): Of<Type>[] {
  return rig.events.filter((event): event is Of<Type> => event.type === type);
}

interface Scene extends Rig {
  caller: CarrierCall;
  /** Moves time frame by frame and lets everything in flight arrive. */
  passes(ms: number): Promise<void>;
  /** Moves time until `condition` holds. */
  comesTo(condition: () => boolean): Promise<void>;
}

/** Runs `body` with a caller who has heard the greeting, on a clock that is moved by hand. */
async function withCaller(
  options: Parameters<typeof startRig>[0],
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const rig = await startRig({ ...options, clock });
  try {
    const caller = rig.call();
    const passes = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 20) {
        clock.advance(20);
        await caller.mediaStream?.settle();
      }
    };
    const comesTo = async (condition: () => boolean): Promise<void> => {
      for (let frames = 0; !condition() && frames < 3000; frames++) {
        await passes(20);
        // What is asked over HTTP takes real time.
        await new Promise((resolve) => {
          setTimeout(resolve, 1);
        });
      }
      assert.ok(condition(), 'did not happen within a minute of the call');
    };
    await until(() => of(rig, 'stream-started').length > 0, 'the stream');
    await comesTo(() => of(rig, 'model-speech').length > 0);
    await body({ ...rig, caller, passes, comesTo });
  } finally {
    await rig.close();
  }
}

for (const pipeline of [true, false]) {
  const way = pipeline ? 'the pipeline' : 'the direct bridge';

  test(`an operator sees who speaks when and what was heard of it, through ${way}`, async () => {
    await withCaller({ pipeline }, async (rig) => {
      const [greeting] = of(rig, 'model-speech');
      assert.deepEqual([greeting?.sentMs, greeting?.heardMs], [300, 300]);
      assert.ok(greeting?.firstMarkAgoMs !== undefined && greeting.beganAgoMs >= 300);
      const session = rig.provider.last;
      session.emit({ type: 'caller-speech-started' });
      assert.equal(of(rig, 'quiet').at(-1)?.forMs, undefined);
      await rig.passes(1000);
      session.emit({ type: 'caller-speech-stopped' });
      assert.deepEqual(
        of(rig, 'caller-speech').map(({ ms }) => ms),
        [1000],
      );
      assert.equal(of(rig, 'quiet').at(-1)?.forMs, 0);
      await rig.passes(600);
      const long = session.speak('one two three four five six', 4000);
      const [answered] = of(rig, 'answered');
      assert.equal(answered?.itemId, long);
      assert.equal(answered.provider, 'scripted');
      assert.deepEqual([answered.modelMs, answered.waitedMs], [600, 600]);
      await rig.passes(1200);
      session.callerSays('Stop.');
      assert.equal(of(rig, 'barge-in').length, 1);
      const cut = of(rig, 'model-speech').at(-1);
      assert.equal(cut?.itemId, long);
      assert.equal(cut.sentMs, 4000);
      assert.ok(Math.abs(cut.heardMs - 1200) <= 40, `${cut.heardMs} ms`);
      session.emit({ type: 'tool-call', toolCallId: 't', name: 'fly to the moon', arguments: {} });
      session.emit({ type: 'tool-call', toolCallId: 'u', name: 'end_call', arguments: {} });
      assert.deepEqual(
        of(rig, 'tool').map(({ name }) => name),
        ['', 'end_call'],
      );
      await rig.comesTo(() => of(rig, 'ended').length > 0);
      const states = of(rig, 'state').map(({ state }) => state);
      assert.deepEqual(states, ['ringing', 'talking', 'leaving', 'parted', 'ended']);
      assert.equal(of(rig, 'quiet').at(-1)?.forMs, undefined);
    });
  });

  test(`an operator sees the silence in which another model takes over, through ${way}`, async () => {
    const second = new ScriptedProvider('second');
    await withCaller({ pipeline, fallbacks: [second] }, async (rig) => {
      rig.provider.last.callerSays('Where is my order?');
      second.onOpen = () => undefined;
      rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'Gone.') });
      await rig.comesTo(() => second.sessions.length > 0);
      await rig.passes(1000);
      assert.deepEqual(of(rig, 'seam'), []);
      second.last.speak('It is on its way.', 300);
      const [seam] = of(rig, 'seam');
      assert.ok(seam?.seam === 'failover');
      assert.deepEqual([seam.from, seam.to], ['scripted', 'second']);
      assert.ok(seam.silenceMs >= 1000 && seam.silenceMs < 1500, `${seam.silenceMs} ms`);
      rig.caller.hangup();
    });
  });
}

test('an operator sees that a session was reopened in a pause, which no caller noticed', async () => {
  await withCaller({}, async (rig) => {
    rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_UNREACHABLE', 'Gone.') });
    await rig.comesTo(() => of(rig, 'seam').length > 0);
    assert.deepEqual(of(rig, 'seam'), [
      { type: 'seam', callSid: rig.caller.callSid, seam: 'reconnect', from: 'scripted', to: 'scripted', silenceMs: 0 },
    ]);
    rig.caller.hangup();
  });
});

test('an operator sees the silence after a stream that broke', async () => {
  await withCaller({}, async (rig) => {
    rig.caller.mediaStream?.drop();
    await rig.comesTo(() => of(rig, 'seam').length > 0);
    const [seam] = of(rig, 'seam');
    assert.ok(seam?.seam === 'resume' && seam.cause === 'stream_lost');
    assert.ok(seam.silenceMs > 0 && seam.silenceMs < 10_000, `${seam.silenceMs} ms`);
    rig.caller.hangup();
  });
});

test('an operator sees the steps of a handover without its token', async () => {
  const phone = new PatientPhone();
  await withCaller({ phone }, async (rig) => {
    rig.provider.last.callerSays('I want to speak to a human agent.');
    await rig.comesTo(() => of(rig, 'token-played').length > 0);
    const steps = new Set(['escalated', 'handover-prepared', 'dialling', 'token-played', 'dial-ended']);
    rig.caller.hangup();
    await rig.comesTo(() => of(rig, 'dial-ended').length > 0);
    assert.deepEqual(
      rig.events.map(({ type }) => type).filter((type) => steps.has(type)),
      ['escalated', 'handover-prepared', 'dialling', 'token-played', 'dial-ended'],
    );
    assert.deepEqual(of(rig, 'token-played'), [{ type: 'token-played', callSid: rig.caller.callSid, digits: 10 }]);
    assert.equal(of(rig, 'quiet').at(-1)?.forMs, undefined);
  });
});
