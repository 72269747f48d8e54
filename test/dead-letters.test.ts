import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answered, ask } from './support/asking.js';
import { counts, typesOf, withReceiver } from './support/event-rig.js';
import { Scene } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';

const TOKEN = 'dead-letter-console-token-0123';
const ENV = { CALL_EVENTS_MAX_TRIES: '1', CONSOLE_TOKEN: TOKEN };

function asked(rig: Rig, route: string, change?: Record<string, unknown>): Promise<Answered> {
  const authorization = `Bearer ${TOKEN}`;
  const headers = change === undefined ? { authorization } : { authorization, 'content-type': 'application/json' };
  return ask(rig.base, `/console/api/${route}`, {
    method: change === undefined ? 'GET' : 'POST',
    headers,
    body: change && JSON.stringify(change),
  });
}

/** Plays a call whose two events are never taken. */
async function untold(rig: Rig, before = 0): Promise<string> {
  const scene = new Scene(rig);
  await scene.talking();
  scene.call.hangup();
  await counts(rig, 'gateway_call_events_total{outcome="dead"}', before + 2);
  return scene.call.callSid;
}

test('dead letters are listed without what they tell, and come in order when they are sent again', async () => {
  await withReceiver({ env: ENV }, async (rig, receiver) => {
    receiver.plan({ type: 'status', status: 500 }, 1000);
    const callSid = await untold(rig);
    const list = await asked(rig, 'dead-letters');
    assert.deepEqual(Object.keys(list.json()), ['total', 'calls']);
    const [row] = list.json()['calls'] as Record<string, unknown>[];
    assert.deepEqual([row?.['callSid'], row?.['events']], [callSid, 2]);
    const one = await asked(rig, `dead-letters/${callSid}`);
    const events = one.json()['events'] as Record<string, unknown>[];
    assert.deepEqual(
      events.map(({ kind, sequence, type }) => [sequence, type, kind]),
      [
        [1, 'call.started', 'status_500'],
        [2, 'call.ended', 'status_500'],
      ],
    );
    assert.doesNotMatch(list.text + one.text, /2025550123|hung_up/);
    receiver.heal();
    const sent = await asked(rig, `dead-letters/${callSid}/actions/send`, {});
    assert.deepEqual([sent.status, sent.json()], [202, { events: 2 }]);
    await until(() => receiver.taken.length === 2, 'both events');
    assert.deepEqual(typesOf(receiver.taken), ['call.started', 'call.ended']);
    assert.deepEqual((await asked(rig, 'dead-letters')).json(), { total: 0, calls: [] });
    assert.equal((await asked(rig, `dead-letters/${callSid}`)).status, 404);
    assert.equal((await asked(rig, `dead-letters/${callSid}/actions/send`, {})).status, 404);
  });
});

test('the dead letters of all calls are sent again or deleted only if that is confirmed', async () => {
  await withReceiver({ env: ENV }, async (rig, receiver) => {
    receiver.plan({ type: 'status', status: 500 }, 1000);
    const first = await untold(rig);
    const second = await untold(rig, 2);
    assert.equal((await asked(rig, 'dead-letters/actions/delete', {})).status, 400);
    assert.deepEqual((await asked(rig, `dead-letters/${first}/actions/delete`, {})).json(), { events: 2 });
    receiver.heal();
    const all = await asked(rig, 'dead-letters/actions/send', { confirm: 'all' });
    assert.deepEqual([all.status, all.json()], [202, { calls: 1, events: 2, left: 0 }]);
    await until(() => receiver.taken.length === 2, 'both events');
    assert.ok(receiver.taken.every(({ call }) => call.call_sid === second));
    const gone = await asked(rig, 'dead-letters/actions/delete', { confirm: 'all' });
    assert.deepEqual(gone.json(), { calls: 0, events: 0, left: 0 });
  });
});

test('dead letters are for the operator alone, and do not exist where nothing is told of calls', async () => {
  await withReceiver({ env: ENV }, async (rig) => {
    assert.equal((await ask(rig.base, '/console/api/dead-letters')).status, 401);
    assert.equal((await asked(rig, 'dead-letters', {})).status, 405);
    assert.equal((await asked(rig, 'dead-letters/actions/send')).status, 405);
    assert.equal((await asked(rig, 'dead-letters/CA..')).status, 404);
    const unsigned = await ask(rig.base, '/console/api/dead-letters/actions/delete', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"confirm":"all"}',
    });
    assert.equal(unsigned.status, 401);
  });
  const silent = await startRig({ env: { CONSOLE_TOKEN: TOKEN } });
  try {
    assert.equal((await asked(silent, 'dead-letters')).status, 404);
  } finally {
    await silent.close();
  }
});
