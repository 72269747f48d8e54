import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EventReceiver, type ReceivedEvent, type ReceiverFault } from '../sim/hooks/event-receiver.js';
import type { Clock } from '../src/base/clock.js';
import { EVENTS_SECRET, counts, eventSettings, hasEnd, typesOf, withReceiver } from './support/event-rig.js';
import { freePort } from './support/free-port.js';
import { type PairOptions, withPair } from './support/gateway-pair.js';
import { Scene } from './support/handover-scene.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'call-events-'));
after(() => rmSync(folder, { recursive: true }));

const HANDED_OVER = ['call.started', 'call.escalated', 'call.handover', 'call.ended'];

/** Checks that the events of each call came in their order. */
function inOrder(events: readonly ReceivedEvent[]): void {
  const last = new Map<string, number>();
  for (const { call, sequence } of events) {
    const callSid = call.call_sid;
    assert.equal(sequence, (last.get(callSid) ?? 0) + 1, JSON.stringify(events.map((event) => event.id)));
    last.set(callSid, sequence);
  }
}

for (const pipeline of [true, false]) {
  const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';

  test(`the receiver is told of a call from its start to its end, signed and in order, ${mode}`, async () => {
    await withReceiver({ pipeline }, async (rig, receiver) => {
      const scene = await new Scene(rig).asksForHuman();
      rig.provider.last.emit({ type: 'usage', inputTokens: 120, outputTokens: 45 });
      await scene.ends('handed_over');
      await until(() => hasEnd(receiver), 'the last event');
      const { events } = receiver;
      assert.deepEqual(typesOf(events), HANDED_OVER);
      inOrder(events);
      const [started, escalated, handover, last] = events;
      const { call_sid: callSid, direction, from, to } = started?.call ?? {};
      assert.deepEqual([callSid, direction, from, to], [scene.call.callSid, 'inbound', '+12025550123', '+12065550199']);
      assert.deepEqual(escalated?.data, { trigger: 'phrase', reason: 'requested_human' });
      const handoverId = rig.screens[0]?.attributes['handover_id'];
      assert.deepEqual(handover?.data, { outcome: 'bridged', handover_id: handoverId });
      const { duration_seconds: seconds, ended_at: endedAt, providers, ...rest } = last?.data ?? {};
      assert.deepEqual(rest, {
        outcome: 'handed_over',
        assistant: 'default',
        tokens: { input: 120, output: 45 },
        handover_id: handoverId,
        recording: null,
      });
      assert.ok(Number(seconds) > 0 && !Number.isNaN(Date.parse(String(endedAt))));
      const [session] = providers as { name: string; seconds: number }[];
      assert.ok(session?.name === 'scripted' && session.seconds > 0 && session.seconds <= Number(seconds) + 1);
      const sent = JSON.stringify(receiver.taken);
      assert.doesNotMatch(sent, /human agent/, 'no transcript without its setting');
      rig.leaks.wrote('what the receiver got, except numbers', sent.replaceAll('2025550123', ''));
      await counts(rig, 'gateway_call_events_total{outcome="delivered"}', 4);
    });
  });

  test(`the last event holds what was said if the operator wants that, ${mode}`, async () => {
    await withReceiver({ pipeline, env: { CALL_EVENTS_TRANSCRIPT: 'true' } }, async (rig, receiver) => {
      const scene = await new Scene(rig).asksForHuman();
      await scene.ends('handed_over');
      await until(() => hasEnd(receiver), 'the last event');
      const turns = receiver.events.at(-1)?.data['transcript'] as { speaker: string; text: string }[];
      assert.ok(
        turns.some(({ speaker, text }) => speaker === 'caller' && text === 'I want to speak to a human agent.'),
      );
    });
  });

  test(`a receiver that never answers holds up no call, ${mode}`, async () => {
    await withReceiver({ pipeline }, async (rig, receiver) => {
      receiver.plan({ type: 'hang' }, 1000);
      const scenes = Array.from({ length: 3 }, () => new Scene(rig));
      await until(() => rig.provider.sessions.length === 3, 'the calls');
      await until(() => scenes.every((scene) => scene.events('stream-started').length === 1), 'the streams');
      rig.provider.last.callerSays('I want to speak to a human agent.');
      await until(() => rig.screens.length === 1, 'the agent');
      for (const scene of scenes) scene.call.hangup();
      await until(() => rig.running.gateway.activeCalls === 0, 'the ends');
    });
  });
}

const FAULTS: readonly (readonly [what: string, fault: ReceiverFault, isRepeated: boolean])[] = [
  ['fails', { type: 'status', status: 500 }, false],
  ['refuses', { type: 'status', status: 403 }, false],
  ['redirects', { type: 'redirect' }, false],
  ['resets the connection', { type: 'reset' }, false],
  ['takes an event and resets the connection', { type: 'lost' }, true],
  ['takes an event and answers too late', { type: 'late', delayMs: 15_000 }, true],
  ['takes an event and never answers', { type: 'hang' }, true],
];

for (const [what, fault, isRepeated] of FAULTS) {
  test(`an event is sent again with the same id to a receiver that ${what}, and later ones wait for it`, async () => {
    await withReceiver({}, async (rig, receiver) => {
      receiver.plan(fault, 2);
      const scene = new Scene(rig);
      await scene.talking();
      scene.call.hangup();
      await until(() => hasEnd(receiver), 'the last event');
      assert.deepEqual(typesOf(receiver.events), ['call.started', 'call.ended']);
      inOrder(receiver.events);
      const ids = new Set(receiver.taken.map(({ id }) => id));
      assert.equal(receiver.taken.length, ids.size + (isRepeated ? 2 : 0));
      await counts(rig, 'gateway_call_event_failures_total', 2);
      assert.equal(rig.log().match(/was not taken, and is tried again/g)?.length, 1, 'the first try is logged');
    });
  });
}

test('an event that is never taken becomes a dead letter, and the next one is sent', async () => {
  await withReceiver({ env: { CALL_EVENTS_MAX_TRIES: '3' } }, async (rig, receiver) => {
    receiver.plan({ type: 'status', status: 500 }, 3);
    const scene = new Scene(rig);
    await scene.talking();
    scene.call.hangup();
    await until(() => hasEnd(receiver), 'the last event');
    assert.deepEqual(typesOf(receiver.events), ['call.ended']);
    await counts(rig, 'gateway_call_events_total{outcome="dead"}', 1);
    assert.match(rig.log(), /an event of a call was never taken, and is kept as a dead letter/);
  });
});

test('functions of an extension are told of a call, and what they throw is in no log', async () => {
  const module = join(folder, 'told.mjs');
  writeFileSync(
    module,
    `let tries = 0;
     export const onCallEvent = (event) => {
       if (tries++ === 0) throw new Error('the customer is platinum plus');
       globalThis.toldOfCalls.push(event.type);
     };
     export const afterCall = async (event) => void globalThis.toldOfCalls.push('after ' + event.data.outcome);`,
  );
  const told: string[] = [];
  Object.assign(globalThis, { toldOfCalls: told });
  const rig = await startRig({ clock: scaledClock(30), env: { EXTENSIONS: module } });
  try {
    rig.leaks.secret('platinum plus');
    const scene = new Scene(rig);
    await scene.talking();
    scene.call.hangup();
    await until(() => told.length === 3, 'the functions');
    assert.deepEqual(told, ['call.started', 'call.ended', 'after caller_hung_up']);
  } finally {
    await rig.close();
    Object.assign(globalThis, { toldOfCalls: undefined });
  }
});

test('without a receiver nothing of a call is kept for one', async () => {
  const rig = await startRig({ clock: scaledClock(30) });
  try {
    const scene = new Scene(rig);
    await scene.talking();
    scene.call.hangup();
    await until(() => scene.outcome !== undefined, 'the end');
    await counts(rig, 'gateway_call_events_total{outcome="delivered"}', 0);
  } finally {
    await rig.close();
  }
});

describe('events of calls that two gateways share', { skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  for (const pipeline of [true, false]) {
    const mode = pipeline ? 'through the pipeline' : 'through the direct bridge';

    test(`no event is lost or told twice when the receiver is down and another gateway takes the call over, ${mode}`, async () => {
      const port = await freePort();
      const env = eventSettings(`http://127.0.0.1:${port}/call-events`);
      let receiver: EventReceiver | undefined;
      try {
        await withPair(redis.url, { env, pipeline } satisfies PairOptions, async (pair) => {
          await until(() => pair.first.events.some(({ type }) => type === 'turn'), 'the greeting');
          pair.asked = pair.second;
          pair.call.mediaStream?.drop();
          await until(() => pair.second.events.some(({ type }) => type === 'stream-started'), 'the other gateway');
          pair.second.provider.last.callerSays('I want to speak to a human agent.');
          await until(() => pair.second.events.some(({ type }) => type === 'ended'), 'the end');
          receiver = await startedAt(port, pair.clock);
          const { taken } = receiver;
          await until(() => taken.some(({ type }) => type === 'call.ended'), 'the last event');
          assert.deepEqual(typesOf(receiver.events), HANDED_OVER);
          inOrder(receiver.events);
          assert.equal(taken.length, receiver.events.length);
        });
      } finally {
        await receiver?.close();
      }
    });
  }

  test('a call whose end only another gateway hears of has one end', async () => {
    let receiver: EventReceiver | undefined;
    const port = await freePort();
    try {
      await withPair(redis.url, { env: eventSettings(`http://127.0.0.1:${port}/call-events`) }, async (pair) => {
        receiver = await startedAt(port, pair.clock);
        const { taken } = receiver;
        await until(() => pair.first.events.some(({ type }) => type === 'turn'), 'the greeting');
        const { callSid } = pair.call;
        const form = new URLSearchParams({ CallSid: callSid, CallStatus: 'completed' });
        await pair.second.running.gateway.answer('/twilio/call-status', form);
        await pair.clock.skip(21_000);
        await until(() => taken.some(({ type }) => type === 'call.ended'), 'the end');
        pair.call.hangup();
        await until(() => pair.first.events.some(({ type }) => type === 'ended'), 'the end on the first gateway');
        await pair.clock.skip(5000);
        assert.deepEqual(typesOf(taken), ['call.started', 'call.ended']);
        assert.equal(taken[1]?.data['outcome'], 'caller_hung_up');
      });
    } finally {
      await receiver?.close();
    }
  });

  test('a call whose gateway dies between the journal and the events has an end once Twilio reports it to another one', async () => {
    const receiver = await new EventReceiver({ secret: EVENTS_SECRET, clock: scaledClock(30) }).start();
    const settings = eventSettings(receiver.url);
    let third: Rig | undefined;
    try {
      // The first one tells nothing, as one that dies before it could.
      await withPair(redis.url, { secondEnv: settings }, async (pair) => {
        const streams = (rig: Rig): number => rig.events.filter(({ type }) => type === 'stream-started').length;
        await until(() => pair.first.events.some(({ type }) => type === 'turn'), 'the greeting');
        pair.asked = pair.second;
        pair.call.mediaStream?.drop();
        await until(() => streams(pair.second) === 1, 'the other gateway');
        pair.asked = pair.first;
        pair.call.mediaStream?.drop();
        await until(() => streams(pair.first) === 2, 'the first gateway again');
        await pair.second.running.close();
        pair.call.hangup();
        const isOver = (): boolean =>
          pair.first.events.some((event) => event.type === 'ended' && event.outcome === 'caller_hung_up');
        await until(isOver, 'the end');
        const env = { REDIS_URL: redis.url, JOURNAL_KEY: 'cd'.repeat(32), ...settings };
        third = await startRig({ clock: pair.clock, env });
        const form = new URLSearchParams({ CallSid: pair.call.callSid, CallStatus: 'completed' });
        await third.running.gateway.answer('/twilio/call-status', form);
        await pair.clock.skip(21_000);
        await until(() => hasEnd(receiver), 'the last event');
        assert.deepEqual(typesOf(receiver.events), ['call.started', 'call.ended']);
        assert.equal(receiver.events[1]?.data['outcome'], 'caller_hung_up');
      });
    } finally {
      await third?.close();
      await receiver.close();
    }
  });

  test('the events of a gateway that dies are sent by another one', async () => {
    const port = await freePort();
    const env = eventSettings(`http://127.0.0.1:${port}/call-events`);
    let receiver: EventReceiver | undefined;
    try {
      await withPair(redis.url, { env }, async (pair) => {
        await until(() => pair.first.events.some(({ type }) => type === 'turn'), 'the greeting');
        pair.call.hangup();
        await until(() => pair.first.events.some(({ type }) => type === 'ended'), 'the end');
        const noted = (): boolean => /an event of a call was not taken/.test(pair.first.log());
        await until(noted, 'the first try');
        // It is stopped with its events unsent. Nothing tells the other one.
        await pair.first.running.close();
        receiver = await startedAt(port, pair.clock);
        const { taken } = receiver;
        await until(() => taken.some(({ type }) => type === 'call.ended'), 'the other gateway sends them');
        assert.deepEqual(typesOf(receiver.events), ['call.started', 'call.ended']);
      });
    } finally {
      await receiver?.close();
    }
  });

  test('events that Redis does not take are kept until it does', async () => {
    const own = await RedisServer.start();
    const clock = scaledClock(30);
    const receiver = await new EventReceiver({ secret: EVENTS_SECRET, clock }).start();
    const env = { ...eventSettings(receiver.url), REDIS_URL: own.url, JOURNAL_KEY: 'cd'.repeat(32) };
    const rig = await startRig({ clock, env });
    try {
      await own.kill();
      const scene = new Scene(rig);
      await scene.talking();
      scene.call.hangup();
      await until(() => scene.outcome !== undefined, 'the end');
      assert.deepEqual(receiver.taken, []);
      await own.start();
      await until(() => hasEnd(receiver), 'the last event');
      assert.deepEqual(typesOf(receiver.events), ['call.started', 'call.ended']);
    } finally {
      await rig.close();
      await receiver.close();
      await own.stop();
    }
  });
});

async function startedAt(port: number, clock: Clock): Promise<EventReceiver> {
  return new EventReceiver({ secret: EVENTS_SECRET, port, clock }).start();
}
