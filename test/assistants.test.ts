import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { isTandemError } from '../src/base/errors.js';
import { ownLines } from '../src/prompts/lines/index.js';
import { defineTool } from '../src/voice/tools.js';
import { Scene, recordsOf } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { ScriptedProvider } from './support/scripted-provider.js';

const SPEED = 30;
const FRENCH = '+12065550110';
const SHUT = '+12065550111';
const BUSY = '+12065550112';
const SALES_QUEUE = 'arn:aws:connect:us-east-1:123456789012:instance/i/queue/sales';

const folder = mkdtempSync(join(tmpdir(), 'assistants-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const tool = (name: string) =>
  defineTool({ name, description: name, parameters: z.object({}), run: () => Promise.resolve({}) });

describe('assistants by the number called', () => {
  let rig: Rig;
  const second = new ScriptedProvider('second');

  before(async () => {
    file('french.json', {
      name: 'boutique',
      language: 'fr-FR',
      instructions: 'Vous répondez pour une boutique.',
      tools: ['order_status'],
      voices: { second: 'ambre' },
    });
    rig = await startRig({
      clock: scaledClock(SPEED),
      fallbacks: [second],
      tools: [tool('order_status'), tool('book')],
      env: {
        ASSISTANT_PROMPT: 'technical',
        ASSISTANTS_FILE: file('assistants.json', {
          [FRENCH]: { prompt: './french.json', provider: 'second', fallback: ['scripted'], queue: SALES_QUEUE },
          [BUSY]: { provider: 'second', fallback: [] },
          [SHUT]: { hours: { timezone: 'Etc/UTC', week: {} } },
        }),
      },
    });
  });
  after(() => rig.close());

  test('a number without an entry is answered by the default assistant with all its tools', async () => {
    const scene = new Scene(rig);
    await scene.talking();
    const { options } = rig.provider.last;
    assert.match(options.greeting ?? '', /technical support/);
    assert.match(options.instructions, /^You answer the telephone.*You are technical support/s);
    assert.deepEqual(scene.toolNames, ['transfer_to_human', 'end_call', 'order_status', 'book']);
    scene.call.hangup();
    await scene.ends('caller_hung_up');
  });

  test('a number with its own assistant has its language, provider, voice, tools and queue', async () => {
    const call = rig.call(undefined, { to: FRENCH });
    await until(() => second.sessions.length === 1, 'the session');
    const session = second.last;
    assert.equal(session.options.greeting, ownLines('fr')?.greeting);
    assert.equal(session.options.language, 'fr-FR');
    assert.equal(session.options.wish?.voices['second'], 'ambre');
    assert.deepEqual(
      session.options.tools.map(({ name }) => name),
      ['transfer_to_human', 'end_call', 'order_status'],
    );
    await until(
      () => rig.events.some((event) => event.type === 'stream-started' && event.callSid === call.callSid),
      'the stream',
    );
    session.callerSays('Je veux parler à un conseiller.');
    await call.whenEnded();
    assert.deepEqual(session.said, [ownLines('fr')?.lines.handover]);
    const [screen] = rig.screens;
    assert.equal(screen?.attributes['language'], 'fr-FR');
    const records = await recordsOf(rig);
    const record = records.find(({ handover_id }) => handover_id === screen?.attributes['handover_id']);
    assert.equal(record?.['queue_arn'], SALES_QUEUE);
  });

  test('the providers of a number fail over in its own order and speak its own language', async () => {
    const before = rig.provider.sessions.length;
    const sessionsBefore = second.sessions.length;
    const call = rig.call(undefined, { to: FRENCH });
    await until(
      () => rig.events.some((event) => event.type === 'stream-started' && event.callSid === call.callSid),
      'the stream',
    );
    assert.equal(second.sessions.length, sessionsBefore + 1);
    assert.equal(rig.provider.sessions.length, before);
    second.last.emit({ type: 'ended', reason: 'gone' });
    second.isSlow = true;
    second.onOpen = (session) => session.emit({ type: 'ended', reason: 'gone' });
    await until(() => rig.provider.sessions.length === before + 1, 'the other provider');
    assert.equal(rig.provider.last.options.greeting, ownLines('fr')?.lines.takenOver);
    call.hangup();
    await call.whenEnded();
  });

  test('a call is refused when the providers of its number are full, and other numbers are still answered', async () => {
    second.isFull = true;
    const sessions = second.sessions.length;
    const busy = rig.call(undefined, { to: BUSY });
    await busy.whenEnded();
    assert.match(rig.log(), new RegExp(`"call_sid":"${busy.callSid}","reason":"provider_limit"`));
    const other = new Scene(rig);
    await other.talking();
    other.call.hangup();
    await other.ends('caller_hung_up');
    assert.equal(second.sessions.length, sessions);
    second.isFull = false;
  });

  test('outside the hours no agent is dialled, and the assistant offers to take a message', async () => {
    const scene = new Scene(rig, undefined, { to: SHUT });
    await scene.asksForHuman();
    await scene.talking(2);
    assert.equal(scene.dials, 0);
    assert.match(scene.opening, /none of my colleagues is free/);
    assert.ok(scene.toolNames.includes('take_message'));
    scene.call.hangup();
    await scene.ends('caller_hung_up');
  });
});

test('a gateway with a mistake in ASSISTANTS_FILE does not start', async () => {
  const path = file('wrong.json', { [FRENCH]: { provider: 'third' } });
  await assert.rejects(
    startRig({ env: { ASSISTANTS_FILE: path } }),
    (error: unknown) =>
      isTandemError(error) && /"\+12065550110": there is no provider "third", only scripted/.test(error.message),
  );
});
