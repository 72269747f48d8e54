import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isTandemError } from '../src/base/errors.js';
import { ClusterRig } from './support/cluster-rig.js';
import { startRig } from './support/rig.js';

const status = async (url: string, headers: Record<string, string> = {}): Promise<number> => {
  const response = await fetch(url, { headers });
  await response.arrayBuffer();
  return response.status;
};

test('/metrics on the main port answers this machine and no request that a proxy forwarded', async () => {
  const rig = await startRig();
  try {
    const metrics = `${rig.base}/metrics`;
    const direct = await fetch(metrics);
    assert.equal(direct.status, 200);
    assert.match(await direct.text(), /^gateway_active_sessions 0$/m);
    assert.equal(await status(metrics, { 'x-forwarded-for': '127.0.0.1' }), 403);
    assert.equal(await status(metrics, { forwarded: 'for=127.0.0.1' }), 403);
    assert.equal(await status(metrics, { via: '1.1 proxy' }), 403);
    assert.equal(await status(`${rig.base}/health`, { 'x-forwarded-for': '127.0.0.1' }), 200);
    assert.equal(rig.running.gateway.metricsPort, undefined);
  } finally {
    await rig.close();
  }
});

test('/metrics is on METRICS_PORT alone if that is set, and nothing else is there', async () => {
  const rig = await startRig({ env: { METRICS_PORT: '0' } });
  let port: number | undefined;
  try {
    port = rig.running.gateway.metricsPort;
    const base = `http://127.0.0.1:${port}`;
    const metrics = await fetch(`${base}/metrics`);
    assert.equal(metrics.status, 200);
    assert.match(await metrics.text(), /^gateway_active_sessions 0$/m);
    assert.equal(await status(`${base}/metrics`, { 'x-forwarded-for': '10.0.0.1' }), 200);
    assert.equal(await status(`${base}/health`), 404);
    assert.equal(await status(`${rig.base}/metrics`), 404);
    assert.equal((await fetch(`${base}/metrics`, { method: 'POST' })).status, 405);
  } finally {
    await rig.close();
  }
  await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`));
});

test('a METRICS_PORT that is in use ends the start with an error that names it', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = taken.address() as AddressInfo;
    await assert.rejects(startRig({ env: { METRICS_PORT: String(port) } }), (error) => {
      return isTandemError(error) && error.code === 'PORT_IN_USE' && error.message.includes('METRICS_PORT');
    });
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test('METRICS_PORT of a cluster is one port, on which any worker answers for all', async () => {
  const free = createServer();
  await new Promise<void>((resolve) => {
    free.listen(0, '127.0.0.1', resolve);
  });
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const cluster = await ClusterRig.spawn(2, { METRICS_PORT: String(port) }).listening();
  try {
    for (let request = 0; request < 3; request++) {
      const metrics = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
      assert.equal(metrics.status, 200);
      assert.match(await metrics.text(), /^gateway_workers 2$/m);
    }
    assert.equal(await status(`${cluster.base}/metrics`), 404);
  } finally {
    await cluster.close();
  }
});
