import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallWithEvents, ConsoleEvent, SessionAnswer } from '../src/console/messages.js';
import { ask } from './support/asking.js';
import { ClusterRig } from './support/cluster-rig.js';
import { PagePhone, toneOf } from './support/page-phone.js';
import { until } from './support/rig.js';

// The softphone and the desk over several workers, of which any may get a page's connection, and each may die.

const SLOW_MS = 180_000;
/** As with nothing configured, so that no caller can be real. */
const SIMULATED = { TWILIO_AUTH_TOKEN: '', PUBLIC_HOST: '' };

interface Scene {
  cluster: ClusterRig;
  open: (page: 'phone' | 'agent') => Promise<PagePhone>;
  /** A caller on the softphone who has heard the greeting. */
  call: () => Promise<{ caller: PagePhone; callSid: string }>;
}

async function withCluster(body: (scene: Scene) => Promise<void>): Promise<void> {
  const cluster = await ClusterRig.spawn(2, SIMULATED).listening();
  const pages: PagePhone[] = [];
  const open = async (page: 'phone' | 'agent'): Promise<PagePhone> => {
    const opened = await PagePhone.open(cluster.base, page);
    pages.push(opened);
    return opened;
  };
  try {
    await body({
      cluster,
      open,
      call: async () => {
        const caller = await open('phone');
        caller.send({ type: 'call' });
        await until(() => caller.last?.state === 'talking', 'the assistant', SLOW_MS);
        await until(() => caller.heard.length > 30, 'the greeting', SLOW_MS);
        return { caller, callSid: caller.last?.callSid ?? '' };
      },
    });
  } finally {
    for (const page of pages) page.close();
    await cluster.close();
  }
}

async function read<T>({ base }: ClusterRig, route: string): Promise<T> {
  const answered = await ask(base, `/console/api/${route}`);
  assert.equal(answered.status, 200, `${route}: ${answered.text}`);
  return answered.json() as T;
}

/** Asks until the call has such an event. A worker that has just died may still be asked. */
async function eventually(
  cluster: ClusterRig,
  callSid: string,
  is: (event: ConsoleEvent) => boolean,
): Promise<CallWithEvents> {
  const deadlineMs = performance.now() + SLOW_MS;
  for (;;) {
    const found = await read<CallWithEvents>(cluster, `calls/${callSid}`).catch(() => undefined);
    if (found?.events.some(is) === true) return found;
    assert.ok(performance.now() < deadlineMs, `an event of the call, not ${JSON.stringify(found?.events.slice(-9))}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function breakCall(cluster: ClusterRig, callSid: string, fault: string): Promise<number> {
  const { csrf } = await read<SessionAnswer>(cluster, 'session');
  const headers = { 'content-type': 'application/json', 'x-console-csrf': csrf };
  const body = JSON.stringify({ fault });
  return (await ask(cluster.base, `/console/api/calls/${callSid}/actions/fault`, { method: 'POST', headers, body }))
    .status;
}

/** The agent answers, and both hear each other. */
async function talk(caller: PagePhone, desk: PagePhone): Promise<void> {
  await until(() => desk.last?.state === 'ringing', 'the desk to ring', SLOW_MS);
  desk.send({ type: 'answer' });
  await until(() => caller.last?.state === 'with-human', 'the agent', SLOW_MS);
  desk.speak(toneOf(697, 10_000));
  await until(() => caller.toneLevel(697, 300) > 4000, 'the caller to hear the agent');
  caller.speak(toneOf(1633, 10_000));
  await until(() => desk.toneLevel(1633, 300) > 4000, 'the agent to hear the caller');
}

test('in a cluster the desk rings for a call of any worker, and the worker learns what happens at the desk', async () => {
  await withCluster(async ({ call, cluster, open }) => {
    const { agent, faults, phone } = await read<SessionAnswer>(cluster, 'session');
    assert.deepEqual([agent, phone], [true, true]);
    for (const fault of ['worker-kill', 'journal-stop', 'journal-start'] as const) assert.ok(faults.includes(fault));
    const desks = [await open('agent'), await open('agent'), await open('agent')];
    const [desk] = desks;
    assert.ok(desk);
    const [one, other] = [await call(), await call()];
    const instances = await Promise.all(
      [one, other].map(async ({ callSid }) => (await read<CallWithEvents>(cluster, `calls/${callSid}`)).call.instance),
    );
    assert.deepEqual(instances.sort(), ['w1', 'w2'], 'the calls are on two workers');
    for (const { caller, callSid } of [one, other]) {
      caller.send({ type: 'digit', digit: '0' });
      await until(() => desks.every(({ last }) => last?.state === 'ringing'), 'every desk to ring', SLOW_MS);
      assert.equal(desk.last?.callSid, callSid);
      assert.equal(desk.attribute('token_status'), 'valid');
      await talk(caller, desk);
      const { events } = await eventually(
        cluster,
        callSid,
        (event) => event.kind === 'agent' && event.step === 'talking',
      );
      assert.ok(
        events.some((event) => event.kind === 'handover' && event.step === 'lambda' && event.status === 'valid'),
      );
      caller.send({ type: 'hangup' });
      await until(() => desk.last?.state === 'ended', 'the end at the desk');
    }
    assert.deepEqual(one.caller.states, ['ringing', 'talking', 'leaving', 'dialling', 'with-human', 'ended']);
  });
});

test('a worker that is killed under a call of the softphone leaves it to another one, and the caller still reaches an agent', async () => {
  await withCluster(async ({ call, cluster, open }) => {
    const desk = await open('agent');
    const { caller, callSid } = await call();
    const { instance } = (await read<CallWithEvents>(cluster, `calls/${callSid}`)).call;
    const lives = cluster.pids(instance.slice(1)).length;
    assert.equal(await breakCall(cluster, callSid, 'worker-kill'), 202);
    await until(() => cluster.pids(instance.slice(1)).length > lives, 'the next process of the worker', SLOW_MS);
    const found = await eventually(
      cluster,
      callSid,
      (event) => event.kind === 'resume' && event.silenceMs !== undefined,
    );
    const resume = found.events.find((event) => event.kind === 'resume');
    assert.notEqual(resume?.instance, instance);
    assert.equal(resume?.cause, 'instance_lost');
    assert.equal(caller.last?.state, 'talking');
    caller.send({ type: 'digit', digit: '0' });
    await talk(caller, desk);
    const rang = desk.told.find(({ state }) => state === 'ringing');
    assert.equal(rang?.callSid, callSid);
  });
});

test('the instance of a call is cut off from the journal and reaches it again, and Connect is busy for that call', async () => {
  await withCluster(async ({ call, cluster, open }) => {
    const desk = await open('agent');
    const { caller, callSid } = await call();
    const logged = (msg: string) => cluster.lines.some((line) => line['msg'] === msg);
    assert.equal(await breakCall(cluster, callSid, 'journal-stop'), 202);
    await until(
      () => logged('the journal cannot be written; running calls would lose their memory with this instance'),
      'the loss of the journal',
    );
    assert.equal(await breakCall(cluster, callSid, 'journal-start'), 202);
    await until(() => logged('the journal is being written'), 'the journal');
    assert.equal(await breakCall(cluster, callSid, 'connect-busy'), 202);
    caller.send({ type: 'digit', digit: '0' });
    await eventually(cluster, callSid, (event) => event.kind === 'dial' && event.outcome === 'busy');
    assert.equal(desk.last?.state, 'waiting');
  });
});

test('a cluster with a real carrier has neither telephones nor faults', async () => {
  const cluster = await ClusterRig.spawn(2).listening();
  try {
    const { agent, faults, phone } = await read<SessionAnswer>(cluster, 'session');
    assert.deepEqual([agent, phone, faults], [false, false, []]);
    assert.equal(await breakCall(cluster, 'CA1', 'worker-kill'), 404);
    await assert.rejects(PagePhone.open(cluster.base, 'phone'), /404/);
  } finally {
    await cluster.close();
  }
});
