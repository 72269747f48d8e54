import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallLists, CallWithEvents, SessionAnswer } from '../src/console/messages.js';
import { type Answered, ask } from './support/asking.js';
import { ClusterRig } from './support/cluster-rig.js';
import { watchEvents, watchSocket } from './support/console-watcher.js';
import { until } from './support/rig.js';

async function read<T>(cluster: ClusterRig, route: string): Promise<T> {
  const answered = await ask(cluster.base, `/console/api/${route}`);
  assert.equal(answered.status, 200, route);
  return answered.json() as T;
}

/** Sends a change over a connection of its own, which may reach another worker than the one that answered `session`. */
async function post(cluster: ClusterRig, route: string, body: unknown = {}): Promise<Answered> {
  const { csrf } = await read<SessionAnswer>(cluster, 'session');
  const headers = { 'content-type': 'application/json', 'x-console-csrf': csrf };
  return ask(cluster.base, `/console/api/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Places four calls, of which each of two workers takes two. */
async function withCalls(body: (cluster: ClusterRig) => Promise<void>): Promise<void> {
  const cluster = await ClusterRig.spawn(2).listening();
  try {
    const calls = [1, 2, 3, 4].map(() => cluster.call());
    await until(() => calls.every(({ heardMs }) => heardMs > 0), 'the greetings');
    await body(cluster);
  } finally {
    await cluster.close();
  }
}

test('any worker of a cluster shows the calls of all, and tells what happens on them', async () => {
  await withCalls(async (cluster) => {
    assert.equal((await read<SessionAnswer>(cluster, 'session')).instances, 2);
    for (let connection = 0; connection < 4; connection++) {
      const { calls } = await read<CallLists>(cluster, 'calls');
      assert.equal(calls.length, 4);
      assert.deepEqual([...new Set(calls.map(({ instance }) => instance))].sort(), ['w1', 'w2']);
    }
    const { calls } = await read<CallLists>(cluster, 'calls');
    const pages = await Promise.all(
      calls.map(({ callSid }, index) =>
        (index % 2 === 0 ? watchEvents : watchSocket)(cluster.base, `?call=${callSid}`),
      ),
    );
    await until(() => pages.every((page) => page.of('timeline').length > 0), 'the timelines');
    for (const page of pages) {
      assert.deepEqual([page.of('snapshot')[0]?.total, page.of('snapshot')[0]?.calls.length], [4, 4]);
      assert.ok(page.of('timeline')[0]?.events.some(({ kind }) => kind === 'turn'));
    }
    for (const { callSid } of calls) {
      assert.equal((await post(cluster, `calls/${callSid}/actions/hangup`)).status, 202);
    }
    for (const [index, page] of pages.entries()) {
      const { callSid } = calls[index] ?? { callSid: '' };
      await until(() => page.of('batch').at(-1)?.total === 0, 'the end of all calls');
      const kinds = page.of('timeline').flatMap(({ events }) => events.map(({ kind }) => kind));
      assert.ok(kinds.includes('operator'), 'the action on the opened call');
      const found = await read<CallWithEvents>(cluster, `calls/${callSid}`);
      assert.equal(found.call.outcome, 'operator_hung_up');
      page.close();
    }
    const { recent } = await read<CallLists>(cluster, 'calls');
    assert.equal(recent.length, 4);
    const [{ callSid } = { callSid: '' }] = calls;
    assert.equal((await post(cluster, `calls/${callSid}/actions/hangup`)).status, 409);
    assert.equal((await post(cluster, 'calls/CAunknown/actions/hangup')).status, 404);
    assert.equal((await ask(cluster.base, '/console/api/calls/CAunknown')).status, 404);
  });
});

test('the calls of a worker that has died go on in the list when another one has them', async () => {
  await withCalls(async (cluster) => {
    // The system decides which worker gets a connection, and it may be the one that dies.
    for (let round = 0; round < 4; round++) {
      const pages = await Promise.all(Array.from({ length: 6 }, () => watchSocket(cluster.base)));
      await until(() => pages.every((page) => page.of('snapshot').length > 0), 'the snapshots');
      const { calls } = await read<CallLists>(cluster, 'calls');
      const instance = calls[0]?.instance ?? '';
      const victims = calls.filter((call) => call.instance === instance).map(({ callSid }) => callSid);
      const worker = instance.slice(1);
      const lives = cluster.pids(worker).length;
      process.kill(cluster.pids(worker).at(-1) ?? 0, 'SIGKILL');
      await until(() => cluster.pids(worker).length > lives, 'the next process of the worker');
      const survivor = pages.find(({ isClosed }) => !isClosed);
      if (survivor === undefined) continue;
      const kindsOf = async (callSid: string): Promise<string[]> =>
        (await read<CallWithEvents>(cluster, `calls/${callSid}`)).events.map(({ kind }) => kind);
      for (const callSid of victims) {
        const last = () => survivor.of('batch').findLast((batch) => batch.calls.some((row) => row.callSid === callSid));
        const row = () => last()?.calls.find((each) => each.callSid === callSid);
        // The carrier asks for the next step, and whichever worker it reaches takes the call over.
        await until(() => row()?.state === 'talking' && row()?.silent === undefined, 'the call to go on elsewhere');
        assert.ok((await kindsOf(callSid)).includes('resume'));
      }
      assert.equal(survivor.of('batch').at(-1)?.total, 4);
      for (const page of pages) page.close();
      return;
    }
    assert.fail('every watcher died with its worker, four times');
  });
});

test('the operator stops a whole cluster from any worker', async () => {
  const cluster = await ClusterRig.spawn(2).listening();
  try {
    assert.equal((await post(cluster, 'drain', { confirm: 'drain' })).status, 202);
    assert.equal(await cluster.ended(), 0);
  } finally {
    await cluster.close();
  }
});

test('an address has no more tries for the token of a cluster than for that of one process', async () => {
  const token = 'a-token-of-this-test-0123';
  const cluster = await ClusterRig.spawn(3, { CONSOLE_TOKEN: token }).listening();
  const tryOne = async (wrong: string): Promise<number> => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ token: wrong });
    return (await ask(cluster.base, '/console/login', { method: 'POST', headers, body })).status;
  };
  try {
    let wrong = 0;
    // Each worker has its turn. Every one has to refuse in the end.
    for (let refused = 0; refused < 6;) {
      if ((await tryOne('wrong')) === 429) refused++;
      else [wrong, refused] = [wrong + 1, 0];
      assert.ok(wrong < 25, 'three processes would have taken thirty');
      // The others learn of it within a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(wrong >= 10, `${wrong} tries`);
    assert.equal(await tryOne(token), 429);
  } finally {
    await cluster.close();
  }
});
