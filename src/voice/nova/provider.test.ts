import assert from 'node:assert/strict';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { fault, scriptedBrain, speak } from '../../../sim/model/script.js';
import { type PlannedNovaFault, novaFault } from '../../../sim/nova/faults.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { withNova } from '../../../test/support/nova-rig.js';
import { SIMULATED_CREDENTIALS } from '../../../sim/nova/nova-sim.js';
import { until } from '../../../test/support/rig.js';
import { isTandemError } from '../../base/errors.js';

function code(expected: string): (error: unknown) => boolean {
  return (error) => isTandemError(error) && error.code === expected;
}

async function failureOf(planned: PlannedNovaFault['fault'], when: PlannedNovaFault['when']): Promise<string> {
  let failed = '';
  const faults = [{ when, fault: planned } as PlannedNovaFault];
  await withNova({ sim: { faults, brain: scriptedBrain(['Welcome.']) } }, async ({ open }) => {
    const call = open();
    failed = await call.failure();
    assert.equal(call.of('failed').length, 1);
    assert.equal(call.events.at(-1)?.type, 'failed');
    call.session.sendText('Nobody is there.');
    call.session.close();
  });
  return failed;
}

describe('the Nova provider', () => {
  it('a retired Nova model fails the start with what to do', async () => {
    await withNova({ provider: { modelId: 'amazon.nova-sonic-v1:0' } }, async ({ provider }) => {
      await assert.rejects(
        provider.prepare(),
        (error) => code('CONFIG_INVALID')(error) && /NOVA_MODEL_ID/.test(String(error)),
      );
    });
  });

  it('an unknown region for Nova is only a warning', async () => {
    await withNova({ provider: { region: 'eu-central-1' } }, async ({ logged, provider }) => {
      await provider.prepare();
      assert.deepEqual([logged[0]?.['level'], logged[0]?.['region']], [40, 'eu-central-1']);
    });
    await withNova({}, async ({ logged, provider }) => {
      await provider.prepare();
      assert.deepEqual(logged, []);
    });
  });

  it('missing AWS credentials fail the start of Nova', async () => {
    const missing = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    await withNova({ provider: { credentials: () => Promise.reject(missing) } }, async ({ provider }) => {
      await assert.rejects(provider.prepare(), code('VOICE_REFUSED'));
    });
  });

  it('the start of Nova waits three seconds for credentials at most', async () => {
    const clock = new FakeClock();
    const never = (): Promise<never> => new Promise(() => undefined);
    await withNova({ clock, provider: { credentials: never } }, async ({ logged, provider }) => {
      const prepared = provider.prepare();
      clock.advance(3000);
      await prepared;
      assert.equal(logged[0]?.['level'], 40);
      assert.equal(clock.timers, 0);
    });
  });

  it('the renewal of a Nova session is due before the service ends it', async () => {
    await withNova({}, async ({ provider }) => {
      assert.equal(provider.name, 'nova');
      assert.deepEqual(provider.renewal, { afterMs: 360_000, forceAfterMs: 440_000 });
    });
  });

  it('a Nova session is renewed before its credentials end, and a wrong clock does not renew it again and again', async () => {
    const clock = new FakeClock();
    for (const [leftMs, afterMs, forceAfterMs] of [
      [3_600_000, 360_000, 440_000],
      [400_000, 280_000, 370_000],
      [20_000, 60_000, 60_000],
      [-3_600_000, 360_000, 440_000],
    ] as const) {
      const expiration = new Date(clock.epochMs() + leftMs);
      const credentials = { ...SIMULATED_CREDENTIALS, expiration };
      await withNova({ clock, provider: { credentials } }, async ({ open, provider }) => {
        const call = open({ greeting: undefined });
        await until(() => call.of('ready').length === 1, 'the session');
        assert.deepEqual(provider.renewal, { afterMs, forceAfterMs }, `${leftMs} ms left`);
      });
    }
  });

  it('closing the Nova provider ends its sessions in order and leaves no connection', async () => {
    const clock = new FakeClock();
    await withNova({ clock, sim: { brain: scriptedBrain(['Welcome.']) } }, async ({ open, provider, seen }) => {
      const call = open();
      await until(() => call.of('ready').length === 1, 'the session');
      const before = call.events.length;
      await provider.close();
      await until(() => seen().end !== undefined, 'the end');
      assert.deepEqual(seen().end, { type: 'orderly' });
      assert.equal(call.events.length, before);
      assert.equal(clock.timers, 0);
    });
  });

  it('a Nova session that is closed before it is accepted is dropped at once', async () => {
    const clock = new FakeClock();
    await withNova(
      { clock, sim: { faults: [{ when: { at: 'connect' }, fault: { type: 'silent' } }] } },
      async ({ open, provider }) => {
        const call = open();
        call.session.close();
        assert.equal(clock.timers, 0);
        await provider.close();
        assert.deepEqual(call.events, []);
      },
    );
  });

  it('a Nova session is ready when the request is accepted, before any output', async () => {
    const server = createServer();
    server.on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
      stream.resume();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    try {
      await withNova({ provider: { endpointUrl: `http://127.0.0.1:${port}` } }, async ({ open }) => {
        const call = open();
        await until(() => call.of('ready').length === 1, 'the session');
        assert.equal(await call.failure(), 'VOICE_STALLED', 'a greeting that never comes');
      });
    } finally {
      server.close();
    }
  });

  it('a Nova session sends silence while the carrier sends no audio', async () => {
    const clock = new FakeClock();
    await withNova({ clock, sim: { brain: scriptedBrain([]) } }, async ({ open, seen }) => {
      const call = open({ greeting: undefined });
      await until(() => call.of('ready').length === 1, 'the session');
      await until(() => seen().audio.durationMs === 200, 'the lead');
      clock.advance(5000);
      await until(() => seen().audio.durationMs === 5200, 'five seconds of silence');
      call.session.close();
    });
  });
});

describe('failures of a Nova session', () => {
  const connect = { at: 'connect' } as const;
  const turn = { at: 'turn', turn: 1 } as const;

  it('a Nova session that is refused fails with VOICE_REFUSED', async () => {
    assert.equal(await failureOf({ type: 'refuse', status: 403 }, connect), 'VOICE_REFUSED');
    assert.equal(await failureOf({ type: 'refuse', status: 404 }, connect), 'VOICE_REFUSED');
  });

  it('a Nova session over the quota fails as throttled', async () => {
    assert.equal(await failureOf({ type: 'refuse', status: 429 }, connect), 'VOICE_THROTTLED');
    await withNova({ sim: { maxSessions: 1, brain: scriptedBrain(['Welcome.']) } }, async ({ open, seen }) => {
      const first = open();
      await first.response(1);
      assert.equal(await open().failure(), 'VOICE_THROTTLED');
      first.session.close();
      await until(() => seen().end !== undefined, 'the end of the first');
      await open().response(1);
    });
  });

  it('an answer in place of Nova that names no reason is named by its status', async () => {
    for (const [status, code] of [
      [429, 'VOICE_THROTTLED'],
      [302, 'VOICE_UNREACHABLE'],
      [408, 'VOICE_UNREACHABLE'],
      [403, 'VOICE_REFUSED'],
      [500, 'VOICE_FAILED'],
      [502, 'VOICE_FAILED'],
    ] as const)
      assert.equal(await failureOf({ type: 'refuse', status, by: 'proxy' }, connect), code, String(status));
  });

  it('a Nova session without any answer has stalled', async () => {
    assert.equal(await failureOf({ type: 'silent' }, connect), 'VOICE_STALLED');
    assert.equal(await failureOf({ type: 'stall' }, turn), 'VOICE_STALLED');
  });

  it('a Nova session without a service is unreachable', async () => {
    assert.equal(await failureOf({ type: 'reset' }, connect), 'VOICE_UNREACHABLE');
    await withNova({ provider: { endpointUrl: 'http://127.0.0.1:1' } }, async ({ open }) => {
      assert.equal(await open().failure(), 'VOICE_UNREACHABLE');
    });
  });

  it('a fault of the Nova service fails the session as retryable', async () => {
    assert.equal(await failureOf({ type: 'refuse', status: 500 }, connect), 'VOICE_FAILED');
    assert.equal(await failureOf({ type: 'refuse', status: 503 }, connect), 'VOICE_FAILED');
    assert.equal(await failureOf({ type: 'instability' }, turn), 'VOICE_FAILED');
    assert.equal(await failureOf({ type: 'exception', exception: 'modelStreamErrorException' }, turn), 'VOICE_FAILED');
    assert.equal(await failureOf({ type: 'exception', exception: 'internalServerException' }, turn), 'VOICE_FAILED');
  });

  it('a Nova session that reaches the time limit has expired', async () => {
    assert.equal(await failureOf({ type: 'exception', exception: 'modelTimeoutException' }, turn), 'VOICE_EXPIRED');
    await withNova({ sim: { sessionSeconds: 3 } }, async ({ open }) => {
      assert.equal(await open().failure(), 'VOICE_EXPIRED');
    });
  });

  it('blocked content and a protocol error fail a Nova session with their codes', async () => {
    assert.equal(await failureOf({ type: 'blocked' }, turn), 'VOICE_BLOCKED');
    assert.equal(await failureOf({ type: 'exception', exception: 'validationException' }, turn), 'VOICE_PROTOCOL');
  });

  it('a Nova session that ends without an error is unreachable', async () => {
    assert.equal(await failureOf({ type: 'close', code: 0 }, turn), 'VOICE_UNREACHABLE');
    assert.equal(await failureOf({ type: 'rst-stream' }, turn), 'VOICE_UNREACHABLE');
    assert.equal(await failureOf({ type: 'reset' }, turn), 'VOICE_UNREACHABLE');
  });

  it('a Nova service that stops reading audio has stalled', async () => {
    const brain = scriptedBrain(['Welcome.', [novaFault({ type: 'stop-reading' }), speak('Never mind.')]]);
    await withNova({ sim: { brain } }, async ({ anomalies, open }) => {
      const call = open();
      await call.response(1);
      call.session.sendText('Hello?');
      assert.equal(await call.failure(), 'VOICE_STALLED');
      assert.match(call.of('failed')[0]?.error.message ?? '', /takes no more audio/);
      assert.ok(anomalies.every((kind) => kind === 'audio-dropped'));
    });
  });

  it('a failed Nova session releases its connection', async () => {
    const faults: PlannedNovaFault[] = [{ when: turn, fault: { type: 'stall' } }];
    await withNova({ sim: { faults, brain: scriptedBrain(['Welcome.']) } }, async ({ open, seen }) => {
      await open().failure();
      await until(() => seen().end !== undefined, 'the end');
      assert.deepEqual(seen().end, { type: 'client-gone' });
    });
  });

  it('a failed Nova session writes nothing to the console', async (test) => {
    const warn = test.mock.method(console, 'warn', () => undefined);
    await failureOf({ type: 'refuse', status: 403 }, connect);
    assert.equal(warn.mock.callCount(), 0);
  });

  it('a Nova session continues after unknown and unreadable events', async () => {
    const brain = scriptedBrain([[fault({ type: 'malformed' }), fault({ type: 'unknown-event' }), speak('Welcome.')]]);
    await withNova({ sim: { brain } }, async ({ anomalies, open }) => {
      const call = open();
      await call.response(1);
      assert.deepEqual(call.said(), ['Welcome.']);
      assert.deepEqual(anomalies, ['malformed-event', 'unknown-event']);
    });
  });
});
