import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Turn } from '../history.js';
import { seedItems } from './conversation-seed.js';

interface Item {
  type: string;
  event_id: string;
  item: { type: string; role: string; content: { type: string; text: string }[] };
}

function items(turns: readonly Turn[]): Item[] {
  return seedItems(turns).map((build, index) => JSON.parse(build(`e${index}`)) as Item);
}

function turn(speaker: Turn['speaker'], text: string): Turn {
  return { speaker, text, itemId: `i-${text}`, interrupted: false };
}

test('an earlier conversation is seeded as text, the caller as input and the assistant as output', () => {
  const seeded = items([turn('caller', 'Hello "you"'), turn('caller', ' '), turn('assistant', 'Good morning.')]);
  assert.deepEqual(seeded, [
    {
      type: 'conversation.item.create',
      event_id: 'e0',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello "you"' }] },
    },
    {
      type: 'conversation.item.create',
      event_id: 'e1',
      item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Good morning.' }] },
    },
  ]);
});

test('a long conversation is seeded as a summary and its last turns', () => {
  const turns = Array.from({ length: 30 }, (_, n) => turn(n % 2 === 0 ? 'caller' : 'assistant', `words ${n}`));
  const seeded = items(turns);
  assert.deepEqual(
    seeded.map(({ item }) => item.role),
    ['system', 'user', 'assistant', 'user', 'assistant'],
  );
  const summary = seeded[0]?.item.content[0]?.text ?? '';
  assert.match(summary, /Caller: words 0\nYou: words 1\n/);
  assert.match(summary, /You: words 25$/);
  assert.equal(seeded[1]?.item.content[0]?.text, 'words 26');
});

test('the summary of a very long conversation is bounded and keeps the newest turns', () => {
  const turns = Array.from({ length: 400 }, (_, n) => turn('caller', `${n} ${'x'.repeat(500)}`));
  const summary = items(turns)[0]?.item.content[0]?.text ?? '';
  assert.ok(summary.length < 3200, String(summary.length));
  assert.match(summary, /Caller: 395 x/);
  assert.doesNotMatch(summary, /Caller: 1 x/);
});

test('a call without a conversation seeds no items', () => {
  assert.deepEqual(items([]), []);
});
