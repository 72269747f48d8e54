import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterRig } from './support/cluster-rig.js';
import { Scene } from './support/handover-scene.js';
import { startRig, until } from './support/rig.js';

const EVERY_SECOND = { METRICS_EMF_NAMESPACE: 'Tandem/test', METRICS_EMF_SECONDS: '1' };

/** The lines of metrics in a log. */
const linesIn = (lines: readonly Record<string, unknown>[]): Record<string, unknown>[] =>
  lines.filter((line) => '_aws' in line);

test('a gateway writes a line of metrics every METRICS_EMF_SECONDS, and what is left when it stops', async () => {
  const rig = await startRig({ env: EVERY_SECOND });
  const read = (): Record<string, unknown>[] =>
    linesIn(
      rig
        .log()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    );
  const sum = (name: string): number => read().reduce((total, line) => total + Number(line[name]), 0);
  try {
    const scene = new Scene(rig);
    await scene.talking();
    await until(() => read().some((line) => line['ActiveSessions'] === 1), 'a line with the call');
    await scene.asksForHuman();
    await scene.ends('handed_over');
  } finally {
    await rig.close();
  }
  assert.equal(sum('CallsEnded'), 1);
  assert.equal(sum('HandoversStarted'), 1);
  assert.equal(sum('HandoversFailed'), 0);
});

test('without METRICS_EMF_NAMESPACE no line of metrics is written', async () => {
  const rig = await startRig();
  const scene = new Scene(rig);
  try {
    await scene.talking();
    scene.call.hangup();
    await scene.ends('caller_hung_up');
  } finally {
    await rig.close();
  }
  assert.ok(!rig.log().includes('_aws'));
});

test('several gateways behind one port write one line for all of them', async () => {
  const cluster = await ClusterRig.spawn(2, EVERY_SECOND).listening();
  try {
    const calls = [cluster.call(), cluster.call()];
    await until(() => calls.every(({ heardMs }) => heardMs >= 200), 'both callers are greeted');
    assert.deepEqual(new Set(calls.map(({ worker }) => worker)), new Set(['1', '2']));
    await until(() => linesIn(cluster.lines).some((line) => line['ActiveSessions'] === 2), 'a line with both calls');
  } finally {
    await cluster.close();
  }
});
