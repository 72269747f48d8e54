import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appends, piecesOf } from './client-events.js';
import { liveSettings } from './session-settings.js';

const base = { model: 'm', backendModel: 'b', voice: 'v', instructions: 'You are Ada.', tools: [], turns: [] };

test('the model that speaks knows what its backend can do, and the backend how', () => {
  const tools = [{ name: 'look_up', description: 'Looks up\nan order.', parameters: { type: 'object' } }];
  const { delegation, instructions } = liveSettings({ ...base, tools });
  assert.match(instructions, /^You are Ada\..*- Looks up an order\./s);
  assert.doesNotMatch(instructions, /look_up/);
  assert.match(delegation.responses.instructions, /You are Ada\.$/);
  assert.equal(delegation.responses.tools[0]?.name, 'look_up');
  assert.equal('input' in liveSettings(base), false);
});

test('of a long conversation GPT-Live gets the newest turns that it takes, and is told that the rest is missing', () => {
  const turns = Array.from({ length: 150 }, (_, n) => ({
    speaker: n % 2 === 0 ? ('caller' as const) : ('assistant' as const),
    text: `Turn ${n}. ${'x'.repeat(n === 149 ? 5000 : 100)}`,
    itemId: `${n}`,
    interrupted: false,
  }));
  const input = liveSettings({ ...base, turns }).input ?? [];
  const texts = input.map(({ content: [{ text }] }) => text);
  assert.ok(input.length <= 128);
  assert.ok(texts.join('').length <= 13_000);
  assert.match(texts[0] ?? '', /left out/);
  assert.match(texts.at(-1) ?? '', /^Turn 149\./);
  assert.equal(texts.at(-1)?.length, 2000);
  assert.match(texts.at(-2) ?? '', /^Turn 148\./);
});

test('a text that is too long for one append becomes several, split between words', () => {
  const text = Array.from({ length: 400 }, (_, n) => `word${n}`).join(' ');
  const pieces = piecesOf(text, 1200);
  assert.equal(pieces.join(' '), text);
  assert.ok(pieces.length > 1 && pieces.every(({ length }) => length <= 1200));
  assert.deepEqual(
    piecesOf('x'.repeat(2500), 1200).map(({ length }) => length),
    [1200, 1200, 100],
  );
  assert.deepEqual(JSON.parse(appends('thinking', 'Hi.')[0]?.('e1') ?? ''), {
    type: 'session.thinking.append',
    event_id: 'e1',
    delegation_id: null,
    content: 'Hi.',
  });
});
