import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Faults } from '../sim/faults/faults.js';
import { startGateway } from '../src/app/start-gateway.js';
import { readConfig } from '../src/config/config.js';
import type { CallWithEvents, ConsoleEvent, SessionAnswer } from '../src/console/messages.js';
import { type Answered, type Asking, ask } from './support/asking.js';
import { type PagePhone, toneOf } from './support/page-phone.js';
import { until } from './support/rig.js';
import { ScriptedProvider } from './support/scripted-provider.js';
import { type SimulatedGateway, withSimulatedGateway } from './support/simulated-gateway.js';

const SLOW_MS = 180_000;

async function sessionOf(base: string): Promise<SessionAnswer> {
  return (await ask(base, '/console/api/session')).json() as unknown as SessionAnswer;
}

async function eventsOf(base: string, callSid: string): Promise<ConsoleEvent[]> {
  return ((await ask(base, `/console/api/calls/${callSid}`)).json() as unknown as CallWithEvents).events;
}

/** Waits for an event of a call, and returns it. */
async function eventually<Kind extends ConsoleEvent['kind']>(
  base: string,
  callSid: string,
  kind: Kind,
  is: (event: Extract<ConsoleEvent, { kind: Kind }>) => boolean = () => true,
): Promise<Extract<ConsoleEvent, { kind: Kind }>> {
  const fits = (event: ConsoleEvent): event is Extract<ConsoleEvent, { kind: Kind }> =>
    event.kind === kind && is(event as Extract<ConsoleEvent, { kind: Kind }>);
  let found: Extract<ConsoleEvent, { kind: Kind }> | undefined;
  const deadlineMs = performance.now() + SLOW_MS;
  while (found === undefined && performance.now() < deadlineMs) {
    found = (await eventsOf(base, callSid)).find(fits);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(found, `${kind} on the call`);
  return found;
}

const JSON_TYPE = { 'content-type': 'application/json' };

async function breakCall(base: string, callSid: string, fault: unknown, more: Asking = {}): Promise<Answered> {
  const { csrf } = await sessionOf(base);
  return ask(base, `/console/api/calls/${callSid}/actions/fault`, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'x-console-csrf': csrf },
    body: JSON.stringify({ fault }),
    ...more,
  });
}

/** A caller on the softphone who has heard the greeting. */
async function callerOn({ open }: SimulatedGateway): Promise<{ caller: PagePhone; callSid: string }> {
  const caller = await open('phone');
  caller.send({ type: 'call' });
  await until(() => caller.last?.state === 'talking', 'the assistant');
  await until(() => caller.heard.length > 30, 'the greeting');
  return { caller, callSid: caller.last?.callSid ?? '' };
}

test('the session names what can fail here, and an action that made it fail is an event of the call', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base, lines } = gateway;
    const { faults } = await sessionOf(base);
    assert.deepEqual(faults, ['model-reset', 'model-stall', 'stream-drop', 'store-throttle', 'connect-busy']);
    const { callSid } = await callerOn(gateway);
    const answered = await breakCall(base, callSid, 'store-throttle');
    assert.deepEqual([answered.status, answered.json()], [202, { accepted: true }]);
    const { action, fault } = await eventually(base, callSid, 'operator');
    assert.deepEqual([action, fault], ['fault', 'store-throttle']);
    const line = lines.find(({ msg }) => msg === 'console fault');
    assert.deepEqual([line?.['call_sid'], line?.['fault']], [callSid, 'store-throttle']);
  });
});

test('a model whose connection is reset is connected again, and the caller is told how long they heard nothing', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base, provider } = gateway;
    const { callSid } = await callerOn(gateway);
    provider.last.callerSays('Where is my parcel?');
    assert.equal((await breakCall(base, callSid, 'model-reset')).status, 202);
    const { silenceMs } = await eventually(base, callSid, 'reconnect');
    assert.ok(silenceMs > 0 && silenceMs < 10_000, String(silenceMs));
    assert.equal(provider.sessions.length, 2);
    assert.ok(provider.sessions[0]?.isClosed);
  });
});

test('a model that stalls is replaced by another provider, and the page has who took over', async () => {
  const second = new ScriptedProvider('second');
  await withSimulatedGateway({ fallbacks: [second] }, async (gateway) => {
    const { base, provider } = gateway;
    // The provider that is asked again stalls as well.
    provider.answerWithinMs = 1000;
    provider.onOpen = (session) => {
      if (provider.sessions.length === 1) session.speak('Hello.', 300);
    };
    const { caller, callSid } = await callerOn(gateway);
    assert.equal((await breakCall(base, callSid, 'model-stall')).status, 202);
    caller.speak(toneOf(440, 1500));
    // It works on, and nothing of it arrives.
    provider.sessions[0]?.callerSays('Where is my parcel?');
    const answering = setInterval(() => provider.sessions[0]?.speak('It is on its way.', 300), 300);
    const { from, silenceMs, to } = await eventually(base, callSid, 'failover');
    clearInterval(answering);
    assert.deepEqual([from, to], ['scripted', 'second']);
    assert.ok(silenceMs > 0, String(silenceMs));
    assert.ok(
      !(await eventsOf(base, callSid)).some((event) => event.kind === 'turn' && event.text === 'It is on its way.'),
    );
  });
});

test('a call whose stream is dropped continues in a new one', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base } = gateway;
    const { caller, callSid } = await callerOn(gateway);
    assert.equal((await breakCall(base, callSid, 'stream-drop')).status, 202);
    const { cause, instance } = await eventually(base, callSid, 'resume', ({ silenceMs }) => silenceMs !== undefined);
    assert.equal(cause, 'stream_lost');
    assert.match(instance, /:\d+$/);
    assert.equal(caller.last?.state, 'talking');
  });
});

test('with a throttled store the agent gets the call without its record', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base, open } = gateway;
    const { caller, callSid } = await callerOn(gateway);
    const desk = await open('agent');
    assert.equal((await breakCall(base, callSid, 'store-throttle')).status, 202);
    caller.send({ type: 'digit', digit: '0' });
    await eventually(base, callSid, 'handover', ({ step }) => step === 'no-record');
    await until(() => desk.last?.state === 'ringing', 'the desk to ring', SLOW_MS);
    assert.notEqual(desk.attribute('token_status'), 'valid');
  });
});

test('a contact centre that is busy is reported as a failed dial, and another call is not affected', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base, open } = gateway;
    const { caller, callSid } = await callerOn(gateway);
    const other = await callerOn(gateway);
    const desk = await open('agent');
    assert.equal((await breakCall(base, callSid, 'connect-busy')).status, 202);
    caller.send({ type: 'digit', digit: '0' });
    await eventually(base, callSid, 'dial', ({ outcome }) => outcome === 'busy');
    assert.equal(desk.last?.state, 'waiting');
    other.caller.send({ type: 'digit', digit: '0' });
    await until(() => desk.last?.state === 'ringing', 'the desk to ring for the other caller', SLOW_MS);
    assert.equal(desk.last?.callSid, other.callSid);
  });
});

test('what cannot fail any more is refused with 409, and what does not exist with 404', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base, open } = gateway;
    const { caller, callSid } = await callerOn(gateway);
    for (const fault of ['worker-kill', 'journal-stop', 'no-such-fault', '', undefined, 7, ['model-reset']])
      assert.equal((await breakCall(base, callSid, fault)).status, 404, String(fault));
    assert.equal((await breakCall(base, 'CAunknown', 'model-reset')).status, 404);
    await open('agent');
    caller.send({ type: 'digit', digit: '0' });
    await until(() => caller.last?.state === 'dialling', 'the dial', SLOW_MS);
    for (const fault of ['model-reset', 'model-stall', 'stream-drop', 'store-throttle', 'connect-busy'])
      assert.equal((await breakCall(base, callSid, fault)).status, 409, fault);
    caller.send({ type: 'hangup' });
    await eventually(base, callSid, 'state', ({ state }) => state === 'ended');
    assert.equal((await breakCall(base, callSid, 'model-reset')).status, 409);
  });
});

test('nobody but the console itself can make a call fail', async () => {
  await withSimulatedGateway({}, async (gateway) => {
    const { base, provider } = gateway;
    const { callSid } = await callerOn(gateway);
    const { csrf } = await sessionOf(base);
    const whole = { ...JSON_TYPE, 'x-console-csrf': csrf };
    const attempts: [number, Asking][] = [
      [403, { headers: JSON_TYPE }],
      [403, { headers: { ...JSON_TYPE, 'x-console-csrf': 'guessed' } }],
      [403, { headers: { ...whole, origin: 'http://evil.example' } }],
      [403, { headers: { ...whole, origin: 'http://127.0.0.1:1' } }],
      [403, { headers: { ...whole, 'sec-fetch-site': 'same-site' } }],
      [403, { headers: { ...whole, 'x-forwarded-for': '203.0.113.7' } }],
      [403, { headers: { ...whole, host: 'rebound.example' } }],
      [415, { headers: { 'x-console-csrf': csrf, 'content-type': 'text/plain' } }],
      [405, { method: 'GET', body: undefined }],
    ];
    for (const [status, asking] of attempts)
      assert.equal((await breakCall(base, callSid, 'model-reset', asking)).status, status, JSON.stringify(asking));
    assert.equal(provider.sessions.length, 1);
    assert.equal((await eventsOf(base, callSid)).filter(({ kind }) => kind === 'operator').length, 0);
  });
});

for (const [name, env] of [
  ['a token of Twilio', { TWILIO_AUTH_TOKEN: 'a-token', PUBLIC_HOST: 'gateway.example.com' }],
  ['a public name', { PUBLIC_HOST: 'gateway.example.com', ALLOW_UNSIGNED_WEBHOOKS: 'true' }],
] as const) {
  test(`with ${name} callers may be real, so nothing is loaded that could break a call, and the path does not exist`, async () => {
    let opened = 0;
    const config = readConfig({ PORT: '0', HOST: '127.0.0.1', USE_LOCAL_DYNAMODB: 'true', ...env });
    const running = await startGateway(config, {
      providers: [new ScriptedProvider()],
      logDestination: new Writable({ write: (_chunk, _encoding, done) => done() }),
      openFaults: (parts) => {
        opened++;
        return Promise.resolve(new Faults(parts));
      },
    });
    const base = `http://127.0.0.1:${running.gateway.port}`;
    try {
      assert.deepEqual((await sessionOf(base)).faults, []);
      assert.equal((await breakCall(base, 'CA1', 'model-reset')).status, 404);
      assert.equal((await breakCall(base, 'CA1', 'model-reset', { headers: JSON_TYPE })).status, 404);
      assert.equal((await breakCall(base, 'CA1', 'model-reset', { method: 'GET', body: undefined })).status, 404);
      assert.equal(opened, 0);
    } finally {
      await running.close();
    }
  });
}
