import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withOpenAi } from '../../../test/support/openai-rig.js';
import { defaultPrompt } from '../../prompts/built-in.js';
import { realtimeUrl } from './account.js';
import { renewalTimes } from './lifetime.js';

test('the WebSocket URL keeps the path of OPENAI_BASE_URL', () => {
  assert.equal(
    realtimeUrl('https://api.openai.com/v1', 'gpt-realtime-2.1'),
    'wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1',
  );
  assert.equal(realtimeUrl('http://127.0.0.1:9/v1/', 'a b'), 'ws://127.0.0.1:9/v1/realtime?model=a+b');
  assert.equal(realtimeUrl('https://x.example/openai/v1?k=1', 'm'), 'wss://x.example/openai/v1/realtime?k=1&model=m');
});

test('an OpenAI session is renewed before it ends, whatever renewal time is configured', () => {
  assert.deepEqual(renewalTimes(3_300_000, 3_600_000), { afterMs: 3_300_000, forceAfterMs: 3_480_000 });
  assert.deepEqual(renewalTimes(60_000, 3_600_000), { afterMs: 60_000, forceAfterMs: 240_000 });
  for (const [renewAfterMs, lifetimeMs] of [
    [3_590_000, 3_600_000],
    [3_300_000, 1_800_000],
    [3_300_000, 12_000],
  ] as const) {
    const { afterMs, forceAfterMs } = renewalTimes(renewAfterMs, lifetimeMs);
    assert.ok(afterMs <= forceAfterMs && forceAfterMs < lifetimeMs, `${afterMs} ${forceAfterMs} ${lifetimeMs}`);
  }
});

test('the lifetime that a session names moves the renewal of later ones', () =>
  withOpenAi(async ({ service, open, provider, recorder, clock }) => {
    assert.deepEqual(provider.renewal, { afterMs: 3_300_000, forceAfterMs: 3_480_000 });
    service.isSilent = true;
    open();
    (await service.connected()).agree(clock.epochMs() / 1000 + 1200);
    await recorder.nth('ready');
    assert.deepEqual(provider.renewal, { afterMs: 1_100_000, forceAfterMs: 1_170_000 });
  }));

test('an expiry that a wrong wall clock makes too early is not believed', () =>
  withOpenAi(async ({ service, open, provider, recorder, clock }) => {
    const { renewal } = provider;
    service.isSilent = true;
    open();
    // The clock of this machine is an hour ahead.
    (await service.connected()).agree(clock.epochMs() / 1000 + 5);
    await recorder.nth('ready');
    assert.deepEqual(provider.renewal, renewal);
  }));

test('a missing key or a bad URL opens no connection, and the error names the variable', async () => {
  for (const [options, name] of [
    [{ apiKey: undefined }, 'OPENAI_API_KEY'],
    [{ apiKey: '' }, 'OPENAI_API_KEY'],
    [{ apiKey: 'sk-very-secret\nX: y' }, 'OPENAI_API_KEY'],
    [{ baseUrl: 'api.openai.com' }, 'OPENAI_BASE_URL'],
    [{ baseUrl: 'ftp://api.openai.com/v1' }, 'OPENAI_BASE_URL'],
  ] as const) {
    await withOpenAi(async ({ provider, open, recorder, service }) => {
      const named = (error: { code: string; message: string }): boolean => {
        assert.equal(error.code, 'CONFIG_INVALID');
        assert.match(error.message, new RegExp(name));
        assert.doesNotMatch(error.message, /secret/);
        return true;
      };
      await assert.rejects(provider.prepare(), named);
      open();
      named((await recorder.nth('failed')).error);
      assert.equal(service.connections.length, 0);
    }, options);
  }
});

test('closing the OpenAI provider closes its sessions without an event', () =>
  withOpenAi(async ({ ready, provider, recorder }) => {
    await provider.prepare();
    const { connection } = await ready();
    const closed = new Promise((resolve) => connection.socket.once('close', resolve));
    await provider.close();
    assert.equal(await closed, 1000);
    assert.deepEqual(recorder.types, ['ready']);
  }));

test('the billed organization and project are sent in headers', () =>
  withOpenAi(
    async ({ ready }) => {
      const { headers } = (await ready()).connection.request;
      assert.equal(headers['openai-organization'], 'org-1');
      assert.equal(headers['openai-project'], 'proj-1');
    },
    { organization: 'org-1', project: 'proj-1' },
  ));

test('a caller has the same keyed hash as identifier in every call, and a caller without a number has none', async () => {
  const identifiers = async (safetyKey: string | undefined): Promise<unknown[]> => {
    const seen: unknown[] = [];
    for (const session of [
      { callerNumber: '+12025550123', conversationId: 'a' },
      { callerNumber: '+12025550123', conversationId: 'b' },
      { callerNumber: '+12025550124', conversationId: 'a' },
      { callerNumber: undefined, conversationId: 'a' },
      { callerNumber: undefined, conversationId: 'b' },
    ]) {
      await withOpenAi(
        async ({ ready }) =>
          void seen.push((await ready(session)).connection.request.headers['openai-safety-identifier']),
        { safetyKey },
      );
    }
    return seen;
  };
  const [first, again, other, withheld, withheldAgain] = await identifiers('key-1');
  assert.match(String(first), /^[0-9a-f]{32}$/);
  assert.equal(first, again);
  assert.equal(new Set([first, other, withheld, withheldAgain]).size, 4);
  assert.notEqual((await identifiers('key-2'))[0], first);
  // Without a key the number could be found from its hash by trying.
  assert.deepEqual((await identifiers(undefined)).slice(0, 2), [withheld, withheldAgain]);
});

test("a call's preferred voice applies only to the provider it names", async () => {
  for (const [voices, voice] of [
    [{ openai: 'cedar', nova: 'amy' }, 'cedar'],
    [{ nova: 'amy' }, 'marin'],
  ] as const) {
    await withOpenAi(async ({ open, service }) => {
      open({ wish: { voices, providers: undefined, lines: defaultPrompt.lines } });
      const { session } = await (await service.connected()).next('session.update');
      assert.equal((session as { audio: { output: { voice: string } } }).audio.output.voice, voice);
    });
  }
});
