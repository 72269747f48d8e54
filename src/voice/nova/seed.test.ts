import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Turn } from '../history.js';
import { historyBlocks, splitText } from './history-blocks.js';
import { InputEvents } from './input-events.js';
import { type Seed, type SeedOptions, createSeed } from './seed.js';

function turn(speaker: Turn['speaker'], text: string): Turn {
  return { speaker, text, itemId: text, interrupted: false };
}

function seedOf(session: Partial<SeedOptions['session']> & { turns?: Turn[] }): Seed {
  let ids = 0;
  return createSeed({
    session: {
      answersLast: false,
      conversation: { turns: session.turns ?? [], isPlaying: false },
      greeting: undefined,
      instructions: 'Be kind.',
      tools: [],
      ...session,
    },
    events: new InputEvents({ promptName: 'p', audioName: 'a' }),
    newId: () => `c${++ids}`,
    voice: 'amy',
    endpointingSensitivity: 'HIGH',
    isBlind: false,
  });
}

interface Sent {
  name: string;
  body: Record<string, unknown>;
}

function sent(seed: Seed): Sent[] {
  return seed.setup.map((json) => {
    const { event } = JSON.parse(json) as { event: Record<string, Record<string, unknown>> };
    const [name = '', body = {}] = Object.entries(event)[0] ?? [];
    return { name, body };
  });
}

/** Returns the text blocks as [role, text]. */
function blocks(seed: Seed): [unknown, string][] {
  const found: [unknown, string][] = [];
  for (const { body, name } of sent(seed)) {
    if (name === 'contentStart' && body['type'] === 'TEXT') found.push([body['role'], '']);
    const last = found.at(-1);
    if (name === 'textInput' && last !== undefined) last[1] += body['content'] as string;
  }
  return found;
}

describe('the seed of a Nova session', () => {
  it('the seed of a Nova session has the order that the service needs', () => {
    const events = sent(seedOf({ greeting: 'Hello there.', turns: [turn('caller', 'Hi.')] }));
    assert.deepEqual(
      events.map(({ body, name }) =>
        name === 'contentStart' ? `${String(body['type'])} ${String(body['role'])}` : name,
      ),
      [
        'sessionStart',
        'promptStart',
        'TEXT SYSTEM',
        'textInput',
        'contentEnd',
        'TEXT USER',
        'textInput',
        'contentEnd',
        'AUDIO USER',
      ],
    );
    for (const { body, name } of events) {
      if (name === 'contentStart' && body['type'] === 'TEXT') assert.equal(body['interactive'], false);
    }
  });

  it('the seed makes Nova greet with the system text and an opening text of the caller', () => {
    const seed = seedOf({ greeting: 'Hello there.' });
    const system = blocks(seed).filter(([role]) => role === 'SYSTEM');
    assert.equal(system.length, 1);
    assert.match(system[0]?.[1] ?? '', /^Be kind\.\n\n.*"Hello there\."$/s);
    assert.equal(seed.opening, 'Hello.');
  });

  it('the seed without a greeting has no opening text', () => {
    const seed = seedOf({});
    assert.deepEqual(blocks(seed), [['SYSTEM', 'Be kind.']]);
    assert.equal(seed.opening, undefined);
  });

  it('the seed sends the unanswered turns of the caller as opening text and not as history', () => {
    const turns = [
      turn('caller', 'Hi.'),
      turn('assistant', 'Hello.'),
      turn('caller', 'Where is'),
      turn('caller', 'it?'),
    ];
    const seed = seedOf({ answersLast: true, turns });
    assert.equal(seed.opening, 'Where is it?');
    assert.deepEqual(blocks(seed).slice(1), [
      ['USER', 'Hi.'],
      ['ASSISTANT', 'Hello.'],
    ]);
    assert.deepEqual(blocks(seedOf({ turns })).at(-1), ['USER', 'Where is it?']);
  });

  it('the seed sends a question of the caller as opening text although the assistant has said something since', () => {
    const turns = [turn('caller', 'Where is it?'), turn('assistant', 'One moment, please.')];
    const seed = seedOf({ answersLast: true, turns });
    assert.equal(seed.opening, 'Where is it?');
    assert.deepEqual(blocks(seed).at(-1), ['ASSISTANT', 'One moment, please.']);
    assert.equal(seedOf({ answersLast: true, turns: [turn('assistant', 'Hello.')] }).opening, undefined);
  });

  it('the history in the seed begins with the caller and alternates', () => {
    const turns = [
      turn('assistant', 'Welcome.'),
      turn('caller', 'One.'),
      turn('caller', ' '),
      turn('caller', 'Two.'),
      turn('assistant', 'Three.'),
      turn('assistant', 'Four.'),
    ];
    assert.deepEqual(historyBlocks(turns), [
      { role: 'USER', texts: ['Hello.'] },
      { role: 'ASSISTANT', texts: ['Welcome.'] },
      { role: 'USER', texts: ['One. Two.'] },
      { role: 'ASSISTANT', texts: ['Three. Four.'] },
    ]);
  });

  it('the seed keeps the newest turns of a history that is too long', () => {
    const turns = Array.from({ length: 200 }, (_, index) =>
      turn(index % 2 === 0 ? 'caller' : 'assistant', `${index} ${'x'.repeat(500)}`),
    );
    const history = historyBlocks(turns);
    const sizeBytes = history.flatMap(({ texts }) => texts).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    assert.ok(sizeBytes <= 40_000 && sizeBytes > 38_000, String(sizeBytes));
    assert.match(history.at(-1)?.texts[0] ?? '', /^199 /);
    assert.equal(history[0]?.role, 'USER');
  });

  it('the seed folds a history of more than 40 blocks into 40 that still begin with the caller and alternate', () => {
    for (const count of [40, 41, 42, 43, 300]) {
      const turns = Array.from({ length: count }, (_, index) =>
        turn(index % 2 === 0 ? 'caller' : 'assistant', `turn ${index}.`),
      );
      const history = historyBlocks(turns);
      assert.ok(history.length <= 40 && history.length >= 39, `${count}: ${history.length}`);
      assert.ok(history.every(({ role }, index) => role === (index % 2 === 0 ? 'USER' : 'ASSISTANT')));
      const text = history.map(({ texts }) => texts.join('')).join('\n');
      for (const { text: said } of turns) assert.equal(text.split(said).length, 2, said);
      if (count === 40) assert.equal(history[0]?.texts[0], 'turn 0.');
      else assert.match(text, /^Earlier in this call:\nCaller: turn 0\.\nAssistant: turn 1\./);
    }
  });

  it('the seed sends no history text of more than 1000 bytes', () => {
    const history = historyBlocks([turn('caller', 'größer '.repeat(400))]);
    const texts = history[0]?.texts ?? [];
    assert.ok(texts.length > 1);
    for (const text of texts) assert.ok(Buffer.byteLength(text) <= 1000);
    assert.equal(texts.join('').trim(), 'größer '.repeat(400).trim());
  });

  it('text is split without losing or breaking a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 4, max: 50 }),
        (text, maxBytes) => {
          const pieces = splitText(text, maxBytes);
          assert.equal(pieces.join(''), text);
          for (const piece of pieces) {
            assert.ok(Buffer.byteLength(piece) <= maxBytes);
            assert.equal(Buffer.from(piece).toString(), piece);
          }
        },
      ),
    );
  });
});
