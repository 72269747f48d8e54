import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Faults } from '../sim/faults/faults.js';
import { Phones } from '../sim/handset/phones.js';
import { startGateway } from '../src/app/start-gateway.js';
import type { CallWithEvents } from '../src/console/messages.js';
import { readConfig } from '../src/config/config.js';
import { type SpeechEngine, openSpeechEngine } from '../src/speech/engine.js';
import { ask } from './support/asking.js';
import { PagePhone, toneOf } from './support/page-phone.js';
import { until } from './support/rig.js';

const QUIET = new Writable({ write: (_chunk, _encoding, done) => done() });
/** The embedded voice thinks and speaks in real time, beside other tests. */
const SLOW_MS = 180_000;

interface Scene {
  base: string;
  engine: SpeechEngine;
  open: (page: 'phone' | 'agent') => Promise<PagePhone>;
}

async function withGateway(env: Record<string, string>, body: (scene: Scene) => Promise<void>): Promise<void> {
  const engine = await openSpeechEngine();
  const config = readConfig({ PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'error', MAX_LOOP_DELAY_MS: '0', ...env });
  const openPhones = (parts: ConstructorParameters<typeof Phones>[0]): Promise<Phones> =>
    Promise.resolve(new Phones(parts));
  const openFaults = (parts: ConstructorParameters<typeof Faults>[0]): Promise<Faults> =>
    Promise.resolve(new Faults(parts));
  const running = await startGateway(config, { engine, logDestination: QUIET, openPhones, openFaults });
  const base = `http://127.0.0.1:${running.gateway.port}`;
  const pages: PagePhone[] = [];
  try {
    await body({
      base,
      engine,
      open: async (page) => {
        const opened = await PagePhone.open(base, page);
        pages.push(opened);
        return opened;
      },
    });
  } finally {
    for (const page of pages) page.close();
    await running.close();
    await engine.close();
  }
}

async function sessionOf(base: string): Promise<Record<string, unknown>> {
  return (await ask(base, '/console/api/session')).json();
}

test('a caller on the softphone asks for a human, an agent at the desk answers, both hear each other, and both see the end', async () => {
  await withGateway({}, async ({ base, engine, open }) => {
    const { agent, phone } = await sessionOf(base);
    assert.deepEqual([phone, agent], [true, true]);
    const caller = await open('phone');
    const desk = await open('agent');
    await until(() => desk.last?.state === 'waiting', 'the desk to wait');
    caller.send({ type: 'call', from: '+4930901820' });
    await until(() => caller.last?.state === 'talking', 'the assistant', SLOW_MS);
    await until(() => caller.heard.length > 100, 'the greeting', SLOW_MS);
    caller.speak(await engine.synthesize('I want to speak to a human agent.', { voice: 'rms' }));
    await until(() => desk.last?.state === 'ringing', 'the desk to ring', SLOW_MS);
    assert.equal(caller.last?.state, 'dialling');
    const { attributes, callSid, view, whisper } = desk.last as unknown as {
      attributes: Record<string, string>;
      callSid: string;
      view: { bar: { label: string; value: string }[] };
      whisper: string;
    };
    assert.equal(callSid, caller.last?.callSid);
    assert.equal(attributes['token_status'], 'valid');
    assert.equal(attributes['customer_phone'], '+4930901820');
    assert.match(attributes['summary'] ?? '', /human/i);
    assert.notEqual(whisper, '');
    assert.equal(view.bar.find(({ label }) => label === 'Caller')?.value, '+4930901820');
    assert.doesNotMatch(JSON.stringify(desk.told), /"\d{10}"/, 'no token is told');

    desk.send({ type: 'answer' });
    await until(() => caller.last?.state === 'with-human', 'the agent');
    assert.equal(desk.last?.state, 'talking');
    desk.speak(toneOf(697, 2000));
    await until(() => caller.toneLevel(697, 300) > 4000, 'the caller to hear the agent');
    caller.speak(toneOf(1633, 2000));
    await until(() => desk.toneLevel(1633, 300) > 4000, 'the agent to hear the caller');
    const { events } = (await ask(base, `/console/api/calls/${callSid}`)).json() as unknown as CallWithEvents;
    assert.deepEqual(
      events.flatMap((event) => (event.kind === 'agent' ? [event.step] : [])),
      ['ringing', 'talking'],
    );
    const handover = events.flatMap((event) => (event.kind === 'handover' ? [event] : []));
    assert.deepEqual(
      new Set(handover.map(({ step }) => step)),
      new Set(['record', 'dial', 'digits', 'heard', 'lambda', 'queue']),
    );
    const known = handover.map(({ atMs: _at, id: _id, kind: _kind, ...step }) => step);
    for (const step of [
      { step: 'heard', digits: 10 },
      { step: 'lambda', status: 'valid' },
      { step: 'queue', queue: 'Default queue' },
    ])
      assert.ok(
        known.some((one) => isDeepStrictEqual(one, step)),
        JSON.stringify(known),
      );
    assert.doesNotMatch(JSON.stringify(handover), /\d{10}/, 'no token is in an event');
    desk.send({ type: 'hangup' });
    await until(() => caller.last?.state === 'ended', 'the end for the caller');
    assert.deepEqual([desk.last?.state, desk.last?.['outcome']], ['ended', 'agent-hung-up']);
    assert.deepEqual(caller.states, ['ringing', 'talking', 'leaving', 'dialling', 'with-human', 'ended']);
  });
});

test('without a desk the contact waits in the queue, and a desk that opens then rings at once', async () => {
  await withGateway({}, async ({ open }) => {
    const caller = await open('phone');
    caller.send({ type: 'call' });
    await until(() => caller.heard.length > 100, 'the greeting', SLOW_MS);
    caller.send({ type: 'digit', digit: '0' });
    await until(() => caller.last?.state === 'dialling', 'the dial', SLOW_MS);
    const ringback = (): number => caller.toneLevel(440, 400);
    await until(() => ringback() > 500, 'the ringing tone');
    const [first, second] = [await open('agent'), await open('agent')];
    await until(() => [first, second].every(({ last }) => last?.state === 'ringing'), 'both desks to ring', SLOW_MS);
    second.send({ type: 'answer' });
    await until(() => first.last?.state === 'ended', 'the other desk to stop');
    assert.equal(first.last?.['outcome'], 'answered-elsewhere');
    assert.equal(caller.last?.state, 'with-human');
    caller.send({ type: 'hangup' });
    await until(() => second.last?.state === 'ended', 'the end at the desk');
    assert.equal(second.last?.['outcome'], 'caller-hung-up');
    assert.equal(caller.last?.state, 'ended');
  });
});

test('a caller who hangs up while it rings at the desk is gone for the gateway, too', async () => {
  await withGateway({}, async ({ base, open }) => {
    const caller = await open('phone');
    caller.send({ type: 'call' });
    await until(() => caller.heard.length > 100, 'the greeting', SLOW_MS);
    const callSid = caller.last?.callSid ?? '';
    caller.send({ type: 'digit', digit: '0' });
    await until(() => caller.last?.state === 'dialling', 'the dial', SLOW_MS);
    caller.send({ type: 'hangup' });
    let outcome: string | undefined;
    for (let times = 0; outcome === undefined && times < 200; times++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      outcome = ((await ask(base, `/console/api/calls/${callSid}`)).json() as unknown as CallWithEvents).call.outcome;
    }
    assert.equal(outcome, 'caller_hung_up');
  });
});

test('with a real carrier there is neither a softphone nor a desk', async () => {
  const env = { TWILIO_AUTH_TOKEN: 'a-token', USE_LOCAL_DYNAMODB: 'true', PUBLIC_HOST: 'gateway.example.com' };
  await withGateway(env, async ({ base, open }) => {
    const { agent, phone } = await sessionOf(base);
    assert.deepEqual([phone, agent], [false, false]);
    await assert.rejects(open('phone'), /404/);
    await assert.rejects(open('agent'), /404/);
    assert.equal((await ask(base, '/console/phone')).status, 404);
  });
});
