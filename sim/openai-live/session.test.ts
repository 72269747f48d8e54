import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sound } from '../../test/support/openai-sim.js';
import { TELEPHONE, startLiveSim } from '../../test/support/live-sim.js';
import { until } from '../../test/support/rig.js';
import { loudnessEar } from '../model/ear.js';
import type { PlannedFault } from '../model/faults.js';
import { callTool, scriptedBrain, speak } from '../model/script.js';

const RESPONSES = {
  delegation: {
    type: 'responses',
    responses: {
      model: 'gpt-5.6-luna',
      tools: [{ type: 'function', name: 'order_status', description: 'Looks up an order.', parameters: {} }],
    },
  },
};
const append = (kind: string, content: string, eventId = 'a') => ({
  type: `session.${kind}.append`,
  event_id: eventId,
  delegation_id: null,
  content,
});
const hears = (...texts: string[]) => loudnessEar({ texts });

test('the stream of GPT-Live runs in real time with its silence, and stands still without audio of the caller', async (t) => {
  const { client, clock } = await startLiveSim(t);
  const live = await client().start();
  await live.live(500);
  assert.deepEqual([live.heardMs('all'), live.heardMs('loud')], [500, 0]);
  clock.advance(1000);
  await live.settled();
  assert.equal(live.heardMs('all'), 500);
});

test('GPT-Live can leave the silence between its words out', async (t) => {
  const { client } = await startLiveSim(t, {
    manners: { silence: 'left-out' },
    brain: scriptedBrain([[speak('Hi.', { durationMs: 300 })]]),
  });
  const live = await client().start();
  live.send(append('commentary', 'Greet.'));
  await live.live(1500);
  assert.deepEqual([live.heardMs('all'), live.heardMs('loud')], [300, 300]);
});

test('GPT-Live speaks on a commentary, not on instructions, and confirms both once they have reached it', async (t) => {
  const { client, session } = await startLiveSim(t, { brain: scriptedBrain(['Good morning.']) });
  const live = await client().start();
  live.send(append('instructions', 'Greet with "Good morning."', 'i1'));
  await live.settled();
  assert.equal(live.of('session.instructions.appended').length, 0);
  await live.live(1000);
  assert.equal((await live.next('session.instructions.appended'))['client_event_id'], 'i1');
  assert.equal(live.heardMs('loud'), 0);
  live.send(append('commentary', 'Begin.', 'c1'));
  await live.live(2000);
  assert.equal(live.said('output'), 'Good morning.');
  assert.equal((await live.next('session.commentary.appended'))['client_event_id'], 'c1');
  assert.deepEqual(session().memory, [
    { role: 'system', text: 'Greet with "Good morning."' },
    { role: 'assistant', text: 'Good morning.' },
  ]);
  for (const refused of [
    append('thinking', 'x'.repeat(2001)),
    append('thinking', ''),
    { type: 'session.thinking.append', content: 'no id' },
    { ...append('thinking', 'x'), delegation_id: 'item_1' },
  ])
    assert.notEqual(await live.refusalOf(refused), undefined, JSON.stringify(refused));
});

test('GPT-Live writes the caller down in pieces with times and without an end, and answers', async (t) => {
  const { client } = await startLiveSim(t, {
    ear: hears('Where is my order now, please?'),
    brain: scriptedBrain(['On its way.']),
  });
  const live = await client().start();
  await live.live(600, await sound(600));
  await live.live(2500);
  const pieces = live.of('session.input_transcript.delta');
  assert.equal(live.said('input'), 'Where is my order now, please?');
  assert.ok(pieces.length > 1 && pieces.every(({ end_ms: end, start_ms: start }) => start <= end));
  assert.equal(live.said('output'), 'On its way.');
});

test('GPT-Live stops when the caller speaks and remembers what it said, unless it does not yield', async (t) => {
  for (const yields of [true, false]) {
    const long = 'one two three four five six seven eight nine ten';
    const { client, session } = await startLiveSim(t, {
      brain: scriptedBrain([[speak(long, { durationMs: 3000 })]]),
      manners: { yields },
    });
    const live = await client().start();
    live.send(append('commentary', 'Count.'));
    await live.live(1500);
    await live.live(600, await sound(600));
    await live.live(3000);
    const remembered = session().memory.at(-1)?.text ?? '';
    assert.equal(remembered === long, !yields, remembered);
    assert.equal(live.said('output').trim(), remembered);
    assert.equal(live.heardMs('loud') < 2500, yields);
  }
});

test('a task of GPT-Live goes to its backend, whose call waits for the result and a request to continue', async (t) => {
  const { client } = await startLiveSim(t, {
    ear: hears('Where is order 7?'),
    brain: scriptedBrain([[callTool('order_status', { number: '7' })], 'It arrives tomorrow.']),
  });
  const live = await client().start(RESPONSES);
  await live.live(400, await sound(400));
  await live.live(2000);
  const { delegation } = await live.next('session.delegation.created');
  assert.equal((delegation as { target: string }).target, 'responses');
  const [done] = live.backend('response.output_item.done');
  const item = done?.['item'] as { call_id: string; name: string; arguments: string };
  assert.deepEqual([item.name, item.arguments], ['order_status', '{"number":"7"}']);
  const [completed] = live.backend('response.completed');
  assert.deepEqual((completed?.['response'] as { output: unknown[] } | undefined)?.output, []);

  assert.match((await live.refusalOf({ type: 'response.create' }))?.['message'] as string, /No tool output found/);
  const output = (callId: string) => ({
    type: 'response.item.create',
    item: { type: 'function_call_output', call_id: callId, output: '{}' },
  });
  assert.notEqual(await live.refusalOf(output('call_of_nobody')), undefined);
  live.send(output(item.call_id));
  live.send({ type: 'response.create' });
  await live.live(3000);
  assert.match(live.said('output'), /One moment\..*It arrives tomorrow\./);
  assert.deepEqual(live.backend('response.created').length, 2);
});

test('GPT-Live with client delegation has no backend to give a result to', async (t) => {
  const { client } = await startLiveSim(t);
  const live = await client().start();
  live.send({ type: 'response.create' });
  const { error } = await live.next('error');
  assert.match((error as { message: string }).message, /requires Responses delegation/);
});

test('audio that comes faster than it was spoken is heard in real time, or at once', async (t) => {
  for (const hearsHow of ['in-time', 'at-once'] as const) {
    const { client, session } = await startLiveSim(t, { manners: { hears: hearsHow } });
    const live = await client().start();
    live.append(new Uint8Array(16_000).fill(0xff));
    await live.live(500);
    assert.equal(session().behindMs, hearsHow === 'in-time' ? 2000 : 0);
  }
});

test('GPT-Live refuses audio that its format cannot have, and speaks in the format of the session', async (t) => {
  const { client, session } = await startLiveSim(t, { brain: scriptedBrain([[speak('Hi.', { durationMs: 200 })]]) });
  for (const [nth, format] of [
    TELEPHONE,
    { type: 'audio/pcma', rate: 8000 },
    { type: 'audio/pcm', rate: 16_000 },
    { type: 'audio/pcm', rate: 24_000 },
  ].entries()) {
    const live = await client().start({ audio: { format } });
    const bytesPerMs = (format.rate / 1000) * (format.type === 'audio/pcm' ? 2 : 1);
    live.send({ type: 'session.input_audio.append', audio: 'not base64' });
    await live.next('error');
    live.send({ type: 'session.input_audio.append', audio: 'AAA=' });
    live.send({ type: 'session.input_audio.append', audio: 'AAAA' });
    await live.settled();
    // Three bytes are no whole samples of 16 bits.
    assert.equal(live.of('error').length, format.type === 'audio/pcm' ? 2 : 1);
    live.append(new Uint8Array(200 * bytesPerMs));
    await live.settled();
    assert.ok(Math.abs(session(nth).callerAudio.length - 200 * 8) <= 5);
    live.send({ type: 'session.close' });
    await live.whenClosed();
  }
});

test('GPT-Live says how long a session was when it ends, for the client or at its limit', async (t) => {
  const { client, clock } = await startLiveSim(t, { sessionSeconds: 5 });
  const first = await client().start();
  await first.live(1000);
  first.send({ type: 'session.close', event_id: 'bye' });
  const closed = await first.next('session.closed');
  assert.deepEqual([closed['reason'], closed['usage']], ['close_requested', { seconds: 1 }]);
  assert.equal((await first.whenClosed()).code, 1000);
  const second = await client().start();
  clock.advance(5000);
  assert.equal((await second.next('session.closed'))['reason'], 'expired');
  await second.whenClosed();
});

test('the faults of GPT-Live strike in the answer, the session and the backend that they are planned for', async (t) => {
  const at = (fault: PlannedFault['fault']): PlannedFault =>
    ({ when: { at: 'answer', ms: 500 }, fault }) as PlannedFault;
  const brain = scriptedBrain([[speak('a b c d e f g', { durationMs: 2000 })]]);
  for (const [fault, check] of [
    [{ type: 'close', code: 1011 }, 'closed'],
    [{ type: 'reset' }, 'closed'],
    [{ type: 'blocked' }, 'closed'],
    [{ type: 'malformed' }, 'broken'],
    [{ type: 'unknown-event' }, 'goes on'],
    [{ type: 'error', class: 'throttled' }, 'goes on'],
  ] as const) {
    const { client } = await startLiveSim(t, { brain, faults: [at(fault)] });
    const live = await client().start();
    live.send(append('commentary', 'Speak.'));
    if (check === 'closed') {
      await live.liveUntilClosed();
      // A reset can lose what was sent right before it.
      assert.ok(live.heardMs('loud') >= 400 && live.heardMs('loud') <= 500);
      if (fault.type === 'blocked') assert.equal((await live.next('session.closed'))['reason'], 'content');
      continue;
    }
    await live.live(3000);
    assert.equal(live.heardMs('loud'), 2000);
    assert.equal(live.broken.length, check === 'broken' ? 1 : 0);
  }
});

test('the host of GPT-Live writes a text by the Responses API, and knows its models', async (t) => {
  const { sim } = await startLiveSim(t, { apiKeys: ['sk-right'], brain: scriptedBrain([], [speak('In short.')]) });
  const ask = (body: object, key = 'sk-right') =>
    fetch(`${sim.url}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const good = await ask({ model: 'gpt-5.6-luna', instructions: 'Sum up.', input: 'Caller: Hi.', store: false });
  const { output, status } = (await good.json()) as { status: string; output: { content: { text: string }[] }[] };
  assert.deepEqual([status, output[0]?.content[0]?.text], ['completed', 'In short.']);
  assert.equal((await ask({ model: 'gpt-5.6-luna', input: 'x', temperature: 'hot' })).status, 400);
  assert.equal((await ask({ model: 'gpt-of-nobody', input: 'x' })).status, 400);
  assert.equal((await ask({ model: 'gpt-5.6-luna', input: 'x' }, 'sk-wrong')).status, 401);
  for (const [model, status] of [
    ['gpt-live-1', 200],
    ['gpt-5.6-luna', 200],
    ['gpt-of-nobody', 404],
  ] as const) {
    const found = await fetch(`${sim.url}/models/${model}`, { headers: { authorization: 'Bearer sk-right' } });
    assert.equal(found.status, status);
  }
  await until(() => sim.live.written.length === 1, 'the request is kept');
});
