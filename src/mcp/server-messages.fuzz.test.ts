import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ODD_JSON, fuzz, nearly } from '../../test/support/fuzz.js';
import { toolDefinition } from '../voice/tools.js';
import { answerOf } from './answer.js';
import { MessageLines } from './message-lines.js';
import { offerOf } from './offer.js';

const TOOL = {
  name: 'find_order',
  title: 'Find',
  description: 'Where an order is.',
  inputSchema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      number: { type: ['string', 'null'], pattern: '^[0-9]+$', description: 'The number.' },
      lines: { type: 'array', items: { $ref: '#/$defs/line' }, minItems: 1 },
      how: { anyOf: [{ const: 'post' }, { enum: ['courier', 2, null] }], default: 'post' },
      when: { allOf: [{ type: 'string' }, { format: 'date' }] },
    },
    required: ['number'],
    $defs: { line: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] } },
  },
};
const KNOWN = new Set(
  'type description enum minimum maximum minLength maxLength minItems maxItems format default items properties required anyOf'.split(
    ' ',
  ),
);

test('whatever an MCP server lists, only tools reach a model that every model takes', async () => {
  await fuzz(
    fc.array(nearly(TOOL), { maxLength: 5 }),
    (listed) => {
      const { offered, refused } = offerOf(listed, { server: 'shop', allowed: undefined, isTaken: () => false });
      assert.equal(offered.length + refused.length, listed.length);
      for (const tool of offered) {
        const { description, name, parameters } = toolDefinition({ ...tool, run: () => Promise.resolve() });
        assert.match(name, /^shop_[A-Za-z0-9_-]{1,59}$/);
        assert.ok(description.length <= 1024);
        assert.ok(Object.keys(parameters).every((key) => ['type', 'properties', 'required'].includes(key)));
        assert.equal(parameters['type'], 'object');
        checkWords(parameters);
        tool.parameters.safeParse({});
      }
    },
    { runs: 400 },
  );
});

function checkWords(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    assert.ok(KNOWN.has(key), key);
    if (key === 'properties') for (const each of Object.values(value as object)) checkWords(each);
    else if (key === 'items') checkWords(value);
    else if (key === 'anyOf') for (const each of value as unknown[]) checkWords(each);
  }
}

const RESULT = {
  content: [
    { type: 'text', text: '{"a":1}' },
    { type: 'image', data: 'AAAA', mimeType: 'image/png' },
    { type: 'resource', resource: { uri: 'file:///a', text: 'b' } },
  ],
  structuredContent: { a: 1 },
  isError: false,
};

test('whatever an MCP server answers, the model gets a bounded answer', async () => {
  await fuzz(fc.record({ result: nearly(RESULT), most: fc.integer({ min: 200, max: 15_000 }) }), ({ most, result }) => {
    const given = typeof result === 'object' && result !== null ? (result as Record<string, unknown>) : {};
    const { output } = answerOf(given, most);
    assert.ok(JSON.stringify(output).length < 16_000);
  });
});

test('whatever a program writes, its lines are those of the bytes', async () => {
  const bytes = fc.array(
    fc.oneof(
      ODD_JSON.map((value) => JSON.stringify(value)),
      fc.string(),
      fc.constant('\n'),
    ),
  );
  await fuzz(fc.record({ texts: bytes, size: fc.integer({ min: 1, max: 50 }) }), ({ size, texts }) => {
    const all = Buffer.from(texts.join('\n'));
    const seen: string[] = [];
    const lines = new MessageLines({
      onLine: (line) => seen.push(line),
      onSkipped: () => assert.fail('a line is short'),
    });
    for (let at = 0; at < all.length; at += size) lines.push(all.subarray(at, at + size));
    const expected = all
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.trim());
    assert.deepEqual(
      seen,
      expected.filter((line) => line !== ''),
    );
  });
});
