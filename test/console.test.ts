import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallLists, CallWithEvents, ConsoleEvent } from '../src/console/messages.js';
import { type Answered, ask } from './support/asking.js';
import { type ConsoleWatcher, watchEvents, watchSocket } from './support/console-watcher.js';
import { PatientPhone } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';

const SHOWN = { CONSOLE_TRANSCRIPTS: 'true' };

async function withRig(options: Parameters<typeof startRig>[0], body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await startRig(options);
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

const greeted = (rig: Rig): Promise<void> =>
  until(() => rig.events.some(({ type }) => type === 'model-speech'), 'the greeting to be heard');

async function read<T>(rig: Rig, route: string): Promise<T> {
  const answered = await ask(rig.base, `/console/api/${route}`);
  assert.equal(answered.status, 200, route);
  return answered.json() as T;
}

async function post(rig: Rig, route: string, body: unknown = {}): Promise<Answered> {
  const { csrf } = await read<{ csrf: string }>(rig, 'session');
  const headers = { 'content-type': 'application/json', 'x-console-csrf': csrf };
  return ask(rig.base, `/console/api/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

const kinds = (events: readonly ConsoleEvent[]): string[] => events.map(({ kind }) => kind);

for (const [wire, watch] of [
  ['server-sent events', watchEvents],
  ['a WebSocket', watchSocket],
] as const) {
  test(`a call appears, is followed and goes, over ${wire}`, async () => {
    await withRig({ env: SHOWN }, async (rig) => {
      const page: ConsoleWatcher = await watch(rig.base);
      await until(() => page.told.length > 0, 'the snapshot');
      assert.deepEqual(page.of('snapshot')[0]?.calls, []);
      const call = rig.call();
      const rows = () => page.of('batch').flatMap(({ calls }) => calls);
      await until(() => rows().some(({ state }) => state === 'talking'), 'the row');
      const opened = await watch(rig.base, `?call=${call.callSid}`);
      await greeted(rig);
      rig.provider.last.callerSays('Where is my parcel?');
      await until(() => rows().at(-1)?.turns === 2, 'the turns');
      call.hangup();
      await until(() => page.of('batch').some(({ gone }) => gone.includes(call.callSid)), 'the end');
      assert.equal(page.of('batch').at(-1)?.total, 0);
      const seqs = page.of('batch').map(({ seq }) => seq);
      assert.deepEqual(
        seqs,
        seqs.map((_, index) => index + 1),
      );
      const shown = opened.of('timeline').flatMap(({ events }) => events);
      const words = shown.flatMap((event) => (event.kind === 'turn' ? [event.text] : []));
      assert.ok(words.includes('Where is my parcel?'));
      assert.ok(kinds(shown).includes('log'));
      for (const watcher of [page, opened]) watcher.close();
    });
  });
}

test('the API has the live calls, the last that ended, and the events of each in order', async () => {
  await withRig({ env: SHOWN }, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    const { calls, now, recent } = await read<CallLists & { now: number }>(rig, 'calls');
    assert.deepEqual([calls.length, recent.length], [1, 0]);
    assert.ok(Math.abs(now - (calls[0]?.startedAt ?? 0)) < 60_000);
    assert.deepEqual([calls[0]?.from, calls[0]?.state, calls[0]?.provider], ['+12025550123', 'talking', 'scripted']);
    assert.match(calls[0]?.instance ?? '', /:\d+$/);
    call.hangup();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
    const after = await read<CallLists>(rig, 'calls');
    assert.deepEqual([after.calls.length, after.recent[0]?.outcome], [0, 'caller_hung_up']);
    const { events } = await read<CallWithEvents>(rig, `calls/${call.callSid}`);
    assert.deepEqual(
      events.map(({ atMs }) => atMs),
      events.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
    for (const kind of ['state', 'turn', 'model-speech', 'log']) assert.ok(kinds(events).includes(kind), kind);
    assert.ok(!JSON.stringify(events).includes('"text"'), 'an ended call keeps no words');
    assert.equal((await ask(rig.base, '/console/api/calls/CAunknown')).status, 404);
    assert.equal((await ask(rig.base, '/console/api/calls/CA%2f..')).status, 404);
    assert.equal((await ask(rig.base, '/console/api/events?call=a/b')).status, 400);
  });
});

test('by default no word, no whole number and no token of a real call leaves the gateway', async () => {
  const phone = new PatientPhone();
  await withRig({ phone }, async (rig) => {
    const call = rig.call();
    const page = await watchEvents(rig.base, `?call=${call.callSid}`);
    await greeted(rig);
    rig.provider.last.callerSays('Where is my parcel? I want to speak to a human agent.');
    await until(() => phone.digits.length >= 10, 'the token');
    const detail = JSON.stringify(await read<CallWithEvents>(rig, `calls/${call.callSid}`));
    call.hangup();
    await until(() => page.of('batch').some(({ gone }) => gone.length > 0), 'the end');
    const seen = [detail, JSON.stringify(page.told), JSON.stringify(await read(rig, 'calls'))].join('\n');
    assert.match(seen, /\+1202…23/);
    assert.match(seen, /"kind":"handover","step":"digits","digits":10/);
    const token = /\d{10}/.exec(phone.digits)?.[0] ?? '';
    assert.match(token, /^\d{10}$/);
    for (const secret of [token, '5550123', 'parcel', 'human agent']) assert.ok(!seen.includes(secret), secret);
    page.close();
  });
});

test('the operator hangs up, and the call ends as one that the operator ended', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    const answered = await post(rig, `calls/${call.callSid}/actions/hangup`);
    assert.deepEqual([answered.status, answered.json()], [202, { accepted: true }]);
    assert.equal(await call.whenEnded(), 'gateway-hung-up');
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
    const { call: row, events } = await read<CallWithEvents>(rig, `calls/${call.callSid}`);
    assert.equal(row.outcome, 'operator_hung_up');
    assert.ok(kinds(events).includes('operator'));
    const line = rig
      .log()
      .split('\n')
      .find((text) => text.includes('"console hangup"'));
    assert.match(line ?? '', new RegExp(`"call_sid":"${call.callSid}"`));
    assert.equal((await post(rig, `calls/${call.callSid}/actions/hangup`)).status, 409);
    assert.equal((await post(rig, 'calls/CAunknown/actions/hangup')).status, 404);
    assert.equal((await ask(rig.base, `/console/api/calls/${call.callSid}/actions/hangup`)).status, 405);
    assert.equal((await post(rig, `calls/${call.callSid}/actions/dance`)).status, 404);
  });
});

test('the operator hangs up on a caller whose stream has not come', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    await until(() => rig.events.some(({ type }) => type === 'started'), 'the call');
    const answered = await post(rig, `calls/${call.callSid}/actions/hangup`);
    assert.equal(answered.status, 202);
    await call.whenEnded();
    await until(() => rig.events.some(({ type }) => type === 'ended'), 'the end');
    assert.equal((await read<CallWithEvents>(rig, `calls/${call.callSid}`)).call.outcome, 'operator_hung_up');
  });
});

test('the operator transfers a call to an agent, with a reason or without, and only once', async () => {
  const phone = new PatientPhone();
  await withRig({ phone }, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    const route = `calls/${call.callSid}/actions/escalate`;
    assert.equal((await post(rig, route, { reason: 'Billing' })).status, 202);
    assert.equal((await post(rig, route)).status, 409);
    await until(() => phone.legs.length > 0, 'the dial');
    const { call: row, events } = await read<CallWithEvents>(rig, `calls/${call.callSid}`);
    assert.deepEqual([row.escalation?.trigger, row.escalation?.reason], ['operator', 'billing']);
    assert.deepEqual([row.state, row.quietForMs], ['dialling', 0]);
    assert.ok(row.handoverId !== undefined && kinds(events).includes('handover'));
    // A hang-up would need Twilio's REST API now.
    assert.equal((await post(rig, `calls/${call.callSid}/actions/hangup`)).status, 409);
    call.hangup();
  });
});

test('the twenty-first watcher is refused until one has gone, and the metric counts them', async () => {
  await withRig({}, async (rig) => {
    const watchers: ConsoleWatcher[] = [];
    for (let n = 0; n < 20; n++) watchers.push(await (n % 2 === 0 ? watchEvents : watchSocket)(rig.base));
    await assert.rejects(watchEvents(rig.base), /answered 503/);
    await assert.rejects(watchSocket(rig.base), /answered 503/);
    const metrics = await ask(rig.base, '/metrics');
    assert.match(metrics.text, /^console_watchers 20$/m);
    assert.equal((await ask(rig.base, '/console/api/events', { method: 'HEAD' })).status, 200);
    for (const watcher of watchers) watcher.close();
    const gone = async (): Promise<boolean> => /^console_watchers 0$/m.test((await ask(rig.base, '/metrics')).text);
    for (let tries = 0; !(await gone()) && tries < 200; tries++);
    assert.ok(await gone());
    (await watchEvents(rig.base)).close();
  });
});

test('a gateway that stops says goodbye to its watchers, and does not wait for them', async () => {
  await withRig({ env: { DRAIN_SECONDS: '30' } }, async (rig) => {
    const pages = [await watchEvents(rig.base), await watchSocket(rig.base)];
    const startedMs = performance.now();
    await rig.running.gateway.drain(30);
    assert.ok(performance.now() - startedMs < 1000);
    await until(() => pages.every(({ isClosed }) => isClosed), 'the end of the watchers');
    for (const page of pages) assert.equal(page.told.at(-1)?.event, 'bye');
    const late = await watchEvents(rig.base);
    await until(() => late.isClosed, 'the end of a late watcher');
    assert.deepEqual(
      late.told.map(({ event }) => event),
      ['snapshot', 'bye'],
    );
  });
});

test('a drain waits for the call in progress and not for who watches it', async () => {
  await withRig({}, async (rig) => {
    const call = rig.call();
    await greeted(rig);
    assert.equal((await post(rig, 'drain', { confirm: 'yes' })).status, 400);
    assert.equal((await post(rig, 'drain')).status, 400);
    assert.equal((await post(rig, 'drain', { confirm: 'drain' })).status, 202);
    await until(() => rig.log().includes('"console drain"'), 'the drain');
    const ready = await ask(rig.base, '/ready');
    assert.equal(ready.status, 503);
    assert.equal((await read<CallLists>(rig, 'calls')).calls.length, 1);
    call.hangup();
  });
});
