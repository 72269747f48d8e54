import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HubSpotSim } from '../sim/hubspot/server.js';
import { linesWithoutCall } from './support/correlation.js';
import { Scene, busy, inTurn } from './support/handover-scene.js';
import { heardMore, speak, startModelRig } from './support/model-rig.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { TandemError } from '../src/base/errors.js';
import { ScriptedProvider } from './support/scripted-provider.js';

const IDS = ['call_sid', 'stream_sid', 'conversation_id', 'handover_id'] as const;

/** Returns the first line with this message. */
function lineOf(rig: Rig, msg: string): Readonly<Record<string, unknown>> {
  const lines = rig.log().split('\n').filter(Boolean);
  const line = lines.map((text) => JSON.parse(text) as Record<string, unknown>).find((one) => one['msg'] === msg);
  return line ?? assert.fail(`no line "${msg}" in\n${lines.join('\n')}`);
}

/** Fails if the line lacks one of the ids. */
function hasIds(rig: Rig, msg: string, ids: readonly (typeof IDS)[number][]): void {
  const line = lineOf(rig, msg);
  for (const id of ids) assert.equal(typeof line[id], 'string', `${id} in ${JSON.stringify(line)}`);
}

describe('the log of whole calls', { concurrency: true }, () => {
  test('a call that loses its model and its first dial has all its ids in every line, of whatever part', async () => {
    const clock = scaledClock(30);
    const hubspot = await new HubSpotSim({ clock, keys: ['pat-na1-secret'] }).start();
    const second = new ScriptedProvider('second');
    const rig = await startRig({
      clock,
      fallbacks: [second],
      env: { ENABLE_HUBSPOT: 'true', HUBSPOT_BASE_URL: hubspot.url, HUBSPOT_ACCESS_TOKEN: 'pat-na1-secret' },
      phone: inTurn(busy),
    });
    try {
      const one = new Scene(rig);
      await one.talking();
      rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'The test ends it.') });
      await until(() => second.sessions.length === 1, 'the second provider');
      second.last.callerSays('I want to speak to a human agent.');
      await until(() => one.dialEnds.length === 1, 'the failed dial');
      await until(() => rig.log().includes('writing the handover to HubSpot has ended'), 'the ticket');
      one.call.hangup();
      await one.call.whenEnded();
      await until(() => one.outcome !== undefined, 'the end');

      assert.deepEqual(linesWithoutCall(rig.log()), []);
      hasIds(rig, 'call started', ['call_sid', 'conversation_id']);
      hasIds(rig, 'a voice session was lost', ['call_sid', 'conversation_id', 'stream_sid']);
      hasIds(rig, 'another provider takes the call over', ['call_sid', 'conversation_id', 'stream_sid']);
      assert.equal(lineOf(rig, 'another provider takes the call over')['from_provider'], 'scripted');
      hasIds(rig, 'a human is needed', ['call_sid', 'conversation_id', 'stream_sid']);
      for (const msg of ['dialling a human', 'dial ended', 'writing the handover to HubSpot has ended', 'call ended'])
        hasIds(rig, msg, IDS);
    } finally {
      try {
        await rig.close();
      } finally {
        await hubspot.close();
      }
    }
  });

  for (const model of ['openai', 'nova'] as const) {
    test(`a call whose ${model} session breaks and that goes to an agent has all its ids in every line`, async () => {
      const rig = await startModelRig({
        model,
        says: ['What are your opening hours?', 'I want to speak to a human agent.'],
        faults: [{ when: { at: 'answer', ms: 700, turn: 2 }, fault: { type: 'reset' }, session: 1 }],
      });
      try {
        const { call, hearing } = rig.place();
        await heardMore(hearing, 0, 'the greeting');
        await speak(call);
        await until(() => rig.log().includes('a voice session was lost'), 'the loss of the session');
        await heardMore(hearing, hearing.loudMs, 'the rest of the answer');
        await speak(call);
        await until(() => rig.screens.length === 1, "the agent's screen");
        call.hangup();
        await call.whenEnded();
        await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');

        assert.deepEqual(linesWithoutCall(rig.log()), []);
        hasIds(rig, 'a voice session was lost', ['call_sid', 'conversation_id', 'stream_sid']);
        for (const msg of ['handover prepared', 'dial ended', 'call ended']) hasIds(rig, msg, IDS);
        // The session is opened while the telephone rings, so its first line is there before the stream.
        if (model === 'openai') hasIds(rig, 'OpenAI session created', ['call_sid', 'conversation_id']);
      } finally {
        await rig.close();
      }
    });
  }
});
