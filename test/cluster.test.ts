import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ClusterCall, ClusterRig } from './support/cluster-rig.js';
import { until } from './support/rig.js';

const isGreeted = ({ heardMs }: ClusterCall): boolean => heardMs >= 200;

describe('several gateways behind one port', () => {
  let cluster: ClusterRig;
  /** Placed once, alive through all that follows. */
  const calls: ClusterCall[] = [];

  before(async () => {
    cluster = await ClusterRig.spawn(2).listening();
  });
  after(() => cluster.close());

  test('calls are spread evenly, and each stream reaches the worker that has its call', async () => {
    for (let i = 0; i < 8; i++) calls.push(cluster.call());
    await until(() => calls.every(isGreeted), 'everybody is greeted');
    assert.equal(calls.filter(({ worker }) => worker === '1').length, 4);
    assert.equal(calls.filter(({ worker }) => worker === '2').length, 4);
    assert.ok(calls.every(({ problems, streams }) => streams === 1 && problems.length === 0));
  });

  test('a stream is passed to the worker it names, whichever takes the connection', async () => {
    const passed = (): Promise<number> => cluster.metric('gateway_worker_passed_total{kind="stream"}');
    // Which worker takes a connection is the system's choice: of many, some do not suit.
    const names = Array.from({ length: 40 }, (_, index) => String(1 + (index % 2)));
    assert.deepEqual(new Set(await Promise.all(names.map((name) => cluster.upgrade(name)))), new Set([101]));
    assert.ok((await passed()) > 0, 'none was passed on');
    assert.equal(await cluster.upgrade('3'), 101, 'a name that nobody has');
  });

  test('/ready and /metrics are of all workers together, whichever answers', async () => {
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await cluster.ready(), { http: 200, status: 'ready', calls: 8, workers: 2 });
      assert.equal(await cluster.metric('gateway_active_sessions'), 8);
      assert.equal(await cluster.metric('journal_up'), 1);
    }
    const frames = 'gateway_frame_latency_seconds_count{direction="inbound"}';
    const counted = await cluster.metric(frames);
    assert.ok(counted > 8 * 5, `${counted} frames of eight calls`);
  });

  test('when a worker is killed, the other goes on with its calls, and it is started again', async () => {
    const [pid] = cluster.pids('1');
    const orphans = calls.filter(({ worker }) => worker === '1');
    assert.ok(pid !== undefined && orphans.length > 0);
    process.kill(pid, 'SIGKILL');
    await until(() => orphans.every((call) => call.streams === 2 && isGreeted(call)), 'they are talked to again');
    assert.ok(orphans.every(({ dials, worker }) => dials === 0 && worker === '2'));
    assert.ok(calls.every((call) => orphans.includes(call) || call.streams === 1));
    await until(() => cluster.pids('1').length === 2, 'the worker is back');
    assert.deepEqual(await cluster.ready(), { http: 200, status: 'ready', calls: 8, workers: 2 });
    assert.equal(await cluster.metric('gateway_worker_deaths_total'), 1);
    const call = cluster.call();
    calls.push(call);
    await until(() => isGreeted(call), 'a new caller is greeted');
    assert.equal(call.worker, '1', 'the worker with the fewest calls');
  });

  test('SIGHUP restarts one worker after the other, and no call is lost', async () => {
    const restarts = (): number => cluster.pids('1').length + cluster.pids('2').length;
    const before = restarts();
    const streams = calls.map((call) => call.streams);
    cluster.signal('SIGHUP');
    await until(() => restarts() === before + 2, 'both are new');
    // Those of the second worker to go were moved to the first, which was new by then; those of the first twice.
    await until(() => calls.every((call, index) => call.streams > (streams[index] ?? 0)), 'everybody was moved');
    // In a pause, so nothing was said: that somebody listens is all there is to see.
    let sessions = 0;
    for (let tries = 0; tries < 200 && sessions < calls.length; tries++) {
      sessions = await cluster.metric('gateway_active_sessions');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(sessions, calls.length, 'every call is talked to');
    assert.ok(
      calls.every((call, index) => call.streams - (streams[index] ?? 0) <= 2),
      'nobody was moved to and fro',
    );
    assert.ok(calls.every(({ carried, dials }) => !carried.isOver && dials === 0));
    assert.deepEqual(await cluster.ready(), { http: 200, status: 'ready', calls: 9, workers: 2 });
    assert.equal(await cluster.metric('gateway_worker_deaths_total'), 1);
  });
});

describe('a cluster whose workers have room for one conversation each', () => {
  test('a new caller goes to the worker that has room, also when it has more calls', async () => {
    const cluster = await ClusterRig.spawn(2, { MAX_CONCURRENT_CALLS: '2' }).listening();
    try {
      const greeted = async (): Promise<ClusterCall> => {
        const call = cluster.call();
        await until(() => isGreeted(call), 'the caller is greeted');
        return call;
      };
      // Who is with a human takes no room, and is still a call of the worker's.
      const putThrough = async (): Promise<ClusterCall> => {
        const call = await greeted();
        call.carried.pressDigit('0');
        await until(() => call.dials === 1, 'they are put through');
        return call;
      };
      const first = await putThrough();
      const second = await greeted();
      const busy = second.worker;
      assert.notEqual(busy, first.worker);
      for (let i = 0; i < 2; i++) assert.notEqual((await putThrough()).worker, busy, 'that one is full');
      assert.equal(await cluster.metric('gateway_refused_calls_total{reason="call_limit"}'), 0);

      await greeted();
      const tooMany = cluster.call();
      await until(() => tooMany.dials === 1, 'both are full: they go to a human');
      assert.equal(tooMany.streams, 0);
      assert.equal(await cluster.metric('gateway_refused_calls_total{reason="call_limit"}'), 1);
    } finally {
      await cluster.close();
    }
  });
});

describe('a cluster with a worker that stands still', { concurrency: true }, () => {
  async function withStill(
    env: Record<string, string>,
    body: (cluster: ClusterRig, orphans: ClusterCall[]) => Promise<void>,
  ) {
    const cluster = await ClusterRig.spawn(2, env).listening();
    /** Stands still, and nothing but this ends it. */
    let still: number | undefined;
    try {
      const calls = Array.from({ length: 4 }, () => cluster.call());
      await until(() => calls.every(isGreeted), 'everybody is greeted');
      const [pid] = cluster.pids('1');
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGUSR2');
      if (env['MAX_STALL_SECONDS'] === '0') still = pid;
      await body(
        cluster,
        calls.filter(({ worker }) => worker === '1'),
      );
    } finally {
      if (still !== undefined) process.kill(still, 'SIGKILL');
      await cluster.close();
    }
  }

  test('the worker ends itself, the other goes on with its calls, and it is started again', async () => {
    await withStill({ MAX_STALL_SECONDS: '3' }, async (cluster, orphans) => {
      await until(() => orphans.every((call) => call.streams === 2 && isGreeted(call)), 'they are talked to again');
      assert.ok(orphans.length > 0 && orphans.every(({ dials, worker }) => dials === 0 && worker === '2'));
      await until(() => cluster.pids('1').length === 2, 'the worker is back');
      assert.ok(cluster.lines.some(({ level, msg }) => level === 'fatal' && /stands still/.test(String(msg))));
    });
  });

  test('a question about one of its calls is answered by the other before Twilio asks again', async () => {
    await withStill({ MAX_STALL_SECONDS: '0' }, async (_cluster, orphans) => {
      for (const { carried } of orphans) carried.mediaStream?.drop();
      await until(() => orphans.every(({ worker }) => worker === '2'), 'the other one answers');
      await until(() => orphans.every((call) => call.streams === 2 && isGreeted(call)), 'they are talked to again');
      assert.ok(orphans.every(({ dials, problems }) => dials === 0 && !problems.includes(11200)));
    });
  });
});

describe('a cluster that is told to stop', () => {
  test('new callers go to a human, calls finish, and then it ends', async () => {
    // Long enough that it still listens when the late callers come, however slow the machine is.
    const cluster = await ClusterRig.spawn(2, { DRAIN_SECONDS: '60' }).listening();
    try {
      const calls = Array.from({ length: 4 }, () => cluster.call());
      await until(() => calls.every(isGreeted), 'everybody is greeted');
      cluster.signal('SIGTERM');
      await until(() => cluster.words.includes('4 call(s) in progress may finish'), 'it says how many calls there are');
      // The order reaches each worker a moment after it is announced: who comes to one before is talked to.
      let late = cluster.call();
      for (let tries = 0; tries < 20; tries++) {
        await until(() => late.dials === 1 || isGreeted(late), 'the late caller is put through, or talked to');
        if (late.dials === 1) break;
        late = cluster.call();
      }
      assert.equal(late.dials, 1, 'the late caller is put through');
      assert.ok(calls.every(({ carried, dials, streams }) => !carried.isOver && dials === 0 && streams === 1));
      await cluster.hangUpAll();
      assert.equal(await cluster.ended(), 0);
    } finally {
      await cluster.close();
    }
  });

  test('a second signal does not wait for calls', async () => {
    const cluster = await ClusterRig.spawn(1, { DRAIN_SECONDS: '60' }).listening();
    try {
      const call = cluster.call();
      await until(() => isGreeted(call), 'the caller is greeted');
      cluster.signal('SIGINT');
      await until(() => cluster.words.includes('Stopping: 1 call(s)'), 'it drains');
      cluster.signal('SIGINT');
      assert.equal(await cluster.ended(), 1);
    } finally {
      await cluster.close();
    }
  });
});
