import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainSchema } from './plain-schema.js';

test('a plain schema of arguments is told to the model as it is', () => {
  const schema = {
    type: 'object',
    properties: {
      number: { type: 'string', description: 'The number of the order.' },
      how: { type: 'string', enum: ['post', 'courier'] },
      count: { type: 'integer', minimum: 1, maximum: 9 },
      when: { type: 'string', format: 'date' },
      lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] } },
    },
    required: ['number'],
  };
  assert.deepEqual(plainSchema(schema), schema);
});

test('the top of a schema holds type, properties and required alone, because a service refuses the session for anything else', () => {
  const schema = plainSchema({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Arguments',
    type: 'object',
    description: 'What to find.',
    properties: { number: { type: 'string' } },
    required: ['number', 'other'],
    additionalProperties: false,
    anyOf: [{ required: ['number'] }],
    not: { required: ['x'] },
  });
  assert.deepEqual(schema, { type: 'object', properties: { number: { type: 'string' } }, required: ['number'] });
});

test('rules that not every model knows are left out of a schema, and no pattern passes', () => {
  const schema = plainSchema({
    type: 'object',
    properties: {
      a: { type: 'string', pattern: '^(a+)+$', contentEncoding: 'base64', format: 'regex' },
      b: { type: ['string', 'null'], default: null },
      c: { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'A count.' },
      d: { oneOf: [{ type: 'string' }, { type: 'number' }] },
      e: { const: 7 },
      f: { type: 'array' },
      g: true,
      h: { type: 'object', patternProperties: { '.*': {} } },
      i: { type: 'file' },
    },
  });
  assert.deepEqual(schema, {
    type: 'object',
    properties: {
      a: { type: 'string' },
      b: { type: 'string' },
      c: { type: 'integer', description: 'A count.' },
      d: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      e: { enum: [7] },
      f: { type: 'array', items: {} },
      g: {},
      h: { type: 'object', properties: {} },
      i: {},
    },
  });
});

test('references inside a schema are filled in, and parts that all apply are joined', () => {
  const schema = plainSchema({
    type: 'object',
    properties: {
      address: { $ref: '#/$defs/address', description: 'Where to.' },
      person: { allOf: [{ $ref: '#/$defs/named' }, { properties: { age: { type: 'integer' } }, required: ['age'] }] },
    },
    $defs: {
      address: { type: 'object', properties: { city: { type: 'string' } } },
      named: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    },
  });
  assert.deepEqual(schema, {
    type: 'object',
    properties: {
      address: { type: 'object', properties: { city: { type: 'string' } }, description: 'Where to.' },
      person: {
        type: 'object',
        properties: { name: { type: 'string' }, age: { type: 'integer' } },
        required: ['name', 'age'],
      },
    },
  });
});

test('a schema that no model can be told costs its tool, with the reason', () => {
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`p${i}`, { type: 'string' }]));
  const long = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`p${i}`, { type: 'string', description: 'x'.repeat(290) }]),
  );
  let deep: object = { type: 'string' };
  for (let i = 0; i < 50_000; i++) deep = { type: 'array', items: deep };
  const cases: [unknown, RegExp][] = [
    [undefined, /^are not described$/],
    [[], /^are not described$/],
    ['object', /^are not described$/],
    [{ type: 'string' }, /^are no object$/],
    [{ anyOf: [{ type: 'object' }, { type: 'string' }] }, /^are no object$/],
    [{ type: 'object', properties: { a: { $ref: 'https://evil.example.com/s' } } }, /^are described in another place$/],
    [{ type: 'object', properties: { a: { $ref: '#/$defs/none' } } }, /^refer to what is not there$/],
    [{ type: 'object', properties: { a: { $ref: '#' } } }, /^are described in another place$/],
    [{ type: 'object', properties: { a: { $ref: '#/properties/a' } } }, /refer to themselves$/],
    [{ type: 'object', properties: { a: deep } }, /^are nested more than 8 deep/],
    [{ type: 'object', properties: many }, /^have more than 200 parts$/],
    [{ type: 'object', properties: long }, /^are described in more than 6000 characters$/],
    [{ type: 'object', properties: {}, required: ['bad name'] }, /^need one whose name/],
    [{ type: 'object', properties: {}, required: ['__proto__'] }, /^need one whose name/],
    [{ type: 'object', properties: { a: { enum: [{}] } } }, /^have a choice that is no text or number/],
  ];
  for (const [schema, why] of cases) {
    const problem = plainSchema(schema);
    assert.ok(typeof problem === 'string');
    assert.match(problem, why);
  }
});

test('a name that would change the prototype of an object does not reach a schema', () => {
  const schema = JSON.parse(
    '{"type":"object","properties":{"__proto__":{"type":"string"},"a":{"type":"string"}}}',
  ) as unknown;
  assert.deepEqual(Object.keys((plainSchema(schema) as { properties: object }).properties), ['a']);
});
