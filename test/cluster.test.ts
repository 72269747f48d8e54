import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sleep, systemClock } from '../src/base/clock.js';
import { OtlpReceiver } from '../sim/otlp/receiver.js';
import type { ReceivedSpan } from '../sim/otlp/spans.js';
import { type ClusterCall, ClusterRig } from './support/cluster-rig.js';
import { until } from './support/rig.js';

const isGreeted = ({ heardMs }: ClusterCall): boolean => heardMs >= 200;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('several gateways behind one port', () => {
  let cluster: ClusterRig;
  const receiver = new OtlpReceiver();
  /** Placed by the first test and kept alive through all the others. */
  const calls: ClusterCall[] = [];

  before(async () => {
    await receiver.start();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '100' };
    cluster = await ClusterRig.spawn(2, env).listening();
  });
  after(async () => {
    await cluster.close();
    await receiver.close();
  });

  test('calls are spread evenly, and each stream reaches the worker that has its call', async () => {
    for (let i = 0; i < 8; i++) calls.push(cluster.call());
    await until(() => calls.every(isGreeted), 'every caller is greeted');
    assert.equal(calls.filter(({ worker }) => worker === '1').length, 4);
    assert.equal(calls.filter(({ worker }) => worker === '2').length, 4);
    assert.ok(calls.every(({ problems, streams }) => streams === 1 && problems.length === 0));
  });

  test('a stream is passed to the worker in its URL, whichever worker accepts the connection', async () => {
    const passed = (): Promise<number> => cluster.metric('gateway_worker_passed_total{kind="stream"}');
    // The system chooses which worker accepts a connection, so of many connections some arrive at the wrong one.
    const names = Array.from({ length: 40 }, (_, index) => String(1 + (index % 2)));
    assert.deepEqual(new Set(await Promise.all(names.map((name) => cluster.upgrade(name)))), new Set([101]));
    assert.ok((await passed()) > 0, 'no stream was passed on');
    assert.equal(await cluster.upgrade('3'), 101, 'a name that no worker has');
  });

  test('/ready and /metrics cover all workers, whichever worker answers', async () => {
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await cluster.ready(), { http: 200, status: 'ready', calls: 8, workers: 2 });
      assert.equal(await cluster.metric('gateway_active_sessions'), 8);
      assert.equal(await cluster.metric('journal_up'), 1);
    }
    const frames = 'gateway_frame_latency_seconds_count{direction="inbound"}';
    const counted = await cluster.metric(frames);
    assert.ok(counted > 8 * 5, `${counted} frames of eight calls`);
  });

  test('when a worker is killed the other resumes its calls, and the primary starts it again', async () => {
    const [pid] = cluster.pids('1');
    const orphans = calls.filter(({ worker }) => worker === '1');
    assert.ok(pid !== undefined && orphans.length > 0);
    process.kill(pid, 'SIGKILL');
    await until(() => orphans.every((call) => call.streams === 2 && isGreeted(call)), 'the orphans are greeted');
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
    await until(() => restarts() === before + 2, 'both workers are new');
    // Calls of the worker that went second moved once, to the new first one. Calls of the first moved twice.
    await until(() => calls.every((call, index) => call.streams > (streams[index] ?? 0)), 'every call was moved');
    // A move in a pause is silent, so an open model session is all that shows it.
    let sessions = 0;
    for (let tries = 0; tries < 200 && sessions < calls.length; tries++) {
      sessions = await cluster.metric('gateway_active_sessions');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(sessions, calls.length, 'every call has a session');
    assert.ok(
      calls.every((call, index) => call.streams - (streams[index] ?? 0) <= 2),
      'no call was moved to and fro',
    );
    assert.ok(calls.every(({ carried, dials }) => !carried.isOver && dials === 0));
    assert.deepEqual(await cluster.ready(), { http: 200, status: 'ready', calls: 9, workers: 2 });
    assert.equal(await cluster.metric('gateway_worker_deaths_total'), 1);
  });

  test('a worker in which nothing caught an error moves its calls, ends, and is started again', async () => {
    const starts = cluster.pids('1').length;
    const pid = cluster.pids('1').at(-1);
    const moved = calls.filter(({ worker }) => worker === '1').map((call) => ({ call, before: call.streams }));
    assert.ok(pid !== undefined && moved.length > 0);
    process.kill(pid, 'SIGURG');
    await until(() => moved.every(({ before, call }) => call.streams > before), 'every call has moved');
    await until(() => cluster.pids('1').length === starts + 1, 'the worker is back');
    assert.ok(calls.every(({ carried, dials }) => !carried.isOver && dials === 0));
    const faults = cluster.lines.filter(({ level }) => level === 'fatal');
    assert.deepEqual(
      faults.map(({ msg, worker }) => [worker, /no part of the gateway caught/.test(String(msg))]),
      [['1', true]],
    );
    assert.doesNotMatch(JSON.stringify(cluster.lines), /private words/);
    assert.equal(await cluster.metric('gateway_worker_deaths_total'), 2);
  });

  test('a call that has moved between workers is one trace, to which each of them has sent its part', async () => {
    const call = calls.toSorted((a, b) => b.streams - a.streams)[0] ?? assert.fail('no call');
    const { callSid } = call.carried;
    call.carried.hangup();
    const roots = (): ReceivedSpan[] =>
      receiver.spans.filter(({ attributes, name }) => name === 'call' && attributes['twilio.call_sid'] === callSid);
    await until(() => roots().length > 0, 'the root of the trace');
    const [root, ...more] = roots();
    assert.deepEqual(more, [], 'one worker sends the root');
    const inTrace = receiver.spans.filter(({ traceId }) => traceId === root?.traceId);
    const streams = inTrace.filter(({ name }) => name === 'stream');
    // A worker that was killed has not sent the span of its stream.
    assert.ok(streams.length >= call.streams - 1 && streams.length > 2, `${streams.length} of ${call.streams} streams`);
    assert.ok(streams.every(({ parentId }) => parentId === root?.spanId));
    const workers = new Set(streams.map(({ resource }) => String(resource['service.instance.id']).slice(-3)));
    assert.deepEqual([...workers].toSorted(), ['-w1', '-w2']);
    assert.ok(
      inTrace.some(({ name }) => name === 'POST /twilio/voice'),
      'the answer to the first webhook',
    );
  });
});

describe('a cluster whose workers have room for one conversation each', () => {
  test('a new caller goes to the worker that has room, even when that worker has more calls', async () => {
    const cluster = await ClusterRig.spawn(2, { MAX_CONCURRENT_CALLS: '2' }).listening();
    try {
      const greeted = async (): Promise<ClusterCall> => {
        const call = cluster.call();
        await until(() => isGreeted(call), 'the caller is greeted');
        return call;
      };
      // A caller who is with an agent takes no room, but still counts as a call of the worker.
      const putThrough = async (): Promise<ClusterCall> => {
        const call = await greeted();
        call.carried.pressDigit('0');
        await until(() => call.dials === 1, 'the caller is put through');
        return call;
      };
      const first = await putThrough();
      const second = await greeted();
      const busy = second.worker;
      assert.notEqual(busy, first.worker);
      for (let i = 0; i < 2; i++) assert.notEqual((await putThrough()).worker, busy, 'the other worker is full');
      assert.equal(await cluster.metric('gateway_refused_calls_total{reason="call_limit"}'), 0);

      await greeted();
      const tooMany = cluster.call();
      await until(() => tooMany.dials === 1, 'both workers are full, so the caller goes to an agent');
      assert.equal(tooMany.streams, 0);
      assert.equal(await cluster.metric('gateway_refused_calls_total{reason="call_limit"}'), 1);
    } finally {
      await cluster.close();
    }
  });
});

test('workers end when their primary is killed, also while a connection is on its way to it', async () => {
  const cluster = await ClusterRig.spawn(2).listening();
  const pids = ['1', '2'].flatMap((worker) => cluster.pids(worker));
  try {
    // Whichever worker accepts a connection for the other one passes it to the primary, which does not confirm it.
    cluster.signal('SIGSTOP');
    for (let tries = 0, isPassed = false; !isPassed; tries++) {
      assert.ok(tries < 40, 'no connection was passed on');
      const answered = cluster.upgrade(tries % 4 < 2 ? '1' : '2').then(
        () => false,
        () => false,
      );
      isPassed = await Promise.race([answered, sleep(systemClock, 1000).then(() => true)]);
    }
  } finally {
    await cluster.close();
  }
  assert.equal(pids.length, 2);
  await until(() => !pids.some(isRunning), 'no worker is left');
});

describe('a cluster with a stalled worker', { concurrency: true }, () => {
  async function withStalled(
    env: Record<string, string>,
    body: (cluster: ClusterRig, orphans: ClusterCall[]) => Promise<void>,
  ) {
    const cluster = await ClusterRig.spawn(2, env).listening();
    /** The worker that stalls for good. Only `finally` ends it. */
    let stalled: number | undefined;
    try {
      const calls = Array.from({ length: 4 }, () => cluster.call());
      await until(() => calls.every(isGreeted), 'every caller is greeted');
      const [pid] = cluster.pids('1');
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGUSR2');
      if (env['MAX_STALL_SECONDS'] === '0') stalled = pid;
      await body(
        cluster,
        calls.filter(({ worker }) => worker === '1'),
      );
    } finally {
      if (stalled !== undefined) process.kill(stalled, 'SIGKILL');
      await cluster.close();
    }
  }

  test('a stalled worker ends itself, the other resumes its calls, and the primary starts it again', async () => {
    await withStalled({ MAX_STALL_SECONDS: '3' }, async (cluster, orphans) => {
      await until(() => orphans.every((call) => call.streams === 2 && isGreeted(call)), 'the orphans are greeted');
      assert.ok(orphans.length > 0 && orphans.every(({ dials, worker }) => dials === 0 && worker === '2'));
      await until(() => cluster.pids('1').length === 2, 'the worker is back');
      assert.ok(cluster.lines.some(({ level, msg }) => level === 'fatal' && /stands still/.test(String(msg))));
    });
  });

  test('the other worker answers a request about a call of a stalled worker before Twilio retries', async () => {
    await withStalled({ MAX_STALL_SECONDS: '0' }, async (_cluster, orphans) => {
      for (const { carried } of orphans) carried.mediaStream?.drop();
      await until(() => orphans.every(({ worker }) => worker === '2'), 'the other worker answers');
      await until(() => orphans.every((call) => call.streams === 2 && isGreeted(call)), 'the orphans are greeted');
      assert.ok(orphans.every(({ dials, problems }) => dials === 0 && !problems.includes(11200)));
    });
  });
});

describe('a cluster that is told to stop', () => {
  test('a draining cluster sends new callers to an agent, lets calls finish, and then exits', async () => {
    // Long enough that the cluster still listens when the late callers arrive, even on a slow machine.
    const cluster = await ClusterRig.spawn(2, { DRAIN_SECONDS: '60' }).listening();
    try {
      const calls = Array.from({ length: 4 }, () => cluster.call());
      await until(() => calls.every(isGreeted), 'every caller is greeted');
      cluster.signal('SIGTERM');
      await until(() => cluster.words.includes('4 call(s) in progress may finish'), 'the cluster announces the drain');
      // Workers learn of the drain a moment after it is announced. A caller who arrives before that is greeted.
      let late = cluster.call();
      for (let tries = 0; tries < 20; tries++) {
        await until(() => late.dials === 1 || isGreeted(late), 'the late caller is put through, or greeted');
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

  test('a cluster that stops as a whole hands its calls over instead of moving them between its workers', async () => {
    // So short that calls leave at once.
    const cluster = await ClusterRig.spawn(2, { DRAIN_SECONDS: '10' }).listening();
    try {
      const calls = Array.from({ length: 2 }, () => cluster.call());
      await until(() => calls.every(isGreeted), 'every caller is greeted');
      cluster.signal('SIGTERM');
      await until(() => calls.every(({ dials, streams }) => dials + streams > 1), 'the calls leave their streams');
      assert.deepEqual(
        calls.map(({ dials, streams }) => [dials, streams]),
        [
          [1, 1],
          [1, 1],
        ],
      );
    } finally {
      await cluster.close();
    }
  });

  test('a fault of the primary shortens a drain: the calls of its workers leave at once, and it ends with code 1', async () => {
    const fault = 'process.on("SIGURG",()=>{throw(new(Error)("private"))})';
    const env = { DRAIN_SECONDS: '3600', NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}` };
    const cluster = await ClusterRig.spawn(2, env).listening();
    try {
      const calls = Array.from({ length: 2 }, () => cluster.call());
      await until(() => calls.every(isGreeted), 'every caller is greeted');
      cluster.signal('SIGTERM');
      await until(() => cluster.words.includes('2 call(s) in progress may finish'), 'the cluster announces the drain');
      cluster.signal('SIGURG');
      await until(() => calls.every(({ dials }) => dials === 1), 'the callers are put through');
      await cluster.hangUpAll();
      assert.equal(await cluster.ended(), 1);
    } finally {
      await cluster.close();
    }
  });

  test('a second signal ends the cluster without waiting for calls', async () => {
    const cluster = await ClusterRig.spawn(1, { DRAIN_SECONDS: '60' }).listening();
    try {
      const call = cluster.call();
      await until(() => isGreeted(call), 'the caller is greeted');
      cluster.signal('SIGINT');
      await until(() => cluster.words.includes('Stopping: 1 call(s)'), 'the cluster drains');
      cluster.signal('SIGINT');
      assert.equal(await cluster.ended(), 1);
    } finally {
      await cluster.close();
    }
  });
});
