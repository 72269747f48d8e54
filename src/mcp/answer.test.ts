import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, refusalOf } from './answer.js';

const text = (words: string): { type: string; text: string } => ({ type: 'text', text: words });

test('the text of a result reaches the model, and JSON in it as JSON', () => {
  assert.deepEqual(answerOf({ content: [text('Sent'), text('on Monday.')] }, 1000).output, {
    result: 'Sent\non Monday.',
  });
  assert.deepEqual(answerOf({ content: [text('{"day":"Monday"}')], structuredContent: { other: 1 } }, 1000).output, {
    result: { day: 'Monday' },
  });
  assert.deepEqual(answerOf({ content: [] }, 1000).output, { status: 'ok' });
  assert.deepEqual(answerOf({}, 1000).output, { status: 'ok' });
});

test('structured content stands in for a text that is missing', () => {
  assert.deepEqual(answerOf({ content: [], structuredContent: { day: 'Monday' } }, 1000).output, {
    result: { day: 'Monday' },
  });
});

test('images, sounds, files and links are named and not passed on', () => {
  const { output } = answerOf(
    {
      content: [
        { type: 'image', data: 'SECRET', mimeType: 'image/png' },
        { type: 'audio', data: 'SECRET', mimeType: `audio/wav\n${'x'.repeat(500)}` },
        { type: 'resource', resource: { uri: 'file:///a.txt', text: 'SECRET' } },
        { type: 'resource_link', uri: 'https://a.example.com', name: 'an order' },
        { type: 'hologram', data: 'SECRET' },
        7,
        text('Blue.'),
      ],
    },
    1000,
  );
  assert.deepEqual(output, {
    result: [
      '[image image/png, which cannot be shown]',
      '[audio, which cannot be shown]',
      '[a file file:///a.txt, which cannot be shown]',
      '[a link an order, which cannot be shown]',
      '[something that cannot be shown]',
      '[something that cannot be shown]',
      'Blue.',
    ].join('\n'),
  });
});

test('a result that is too long is cut, and says so', () => {
  const { output } = answerOf({ content: [text('x'.repeat(500_000))] }, 4000);
  assert.equal(output['result'], `${'x'.repeat(4000)} [cut here; 496000 more characters]`);
  // Half of an emoji is no character.
  assert.match(
    String(answerOf({ content: [text(`${'x'.repeat(199)}😀😀`)] }, 200).output['result']),
    /^x{199} \[cut here/,
  );
});

test('a result fits into the answer of a tool, whatever characters it has', () => {
  for (const sign of ['"', '\u0000', '\\', '\n', '\ud800', 'é', '[']) {
    const json = JSON.stringify(answerOf({ content: [text(sign.repeat(100_000))] }, 15_000).output);
    assert.ok(json.length < 16_000, `${JSON.stringify(sign)} ${json.length}`);
  }
});

test('JSON that is nested without end stays a text', () => {
  const nested = `${'['.repeat(2000)}${']'.repeat(2000)}`;
  assert.deepEqual(answerOf({ content: [text(nested)] }, 15_000).output, { result: nested });
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.deepEqual(answerOf({ structuredContent: deep }, 15_000).output, { result: '[a result that cannot be shown]' });
});

test('the error of a tool is an error that the model can talk about', () => {
  assert.deepEqual(answerOf({ content: [text('No such order.')], isError: true }, 1000), {
    isError: true,
    output: { error: 'No such order.' },
  });
  assert.deepEqual(answerOf({ isError: true }, 1000).output, { error: 'The tool has failed.' });
  assert.equal(
    refusalOf('x'.repeat(9000), 4000).output['error'],
    `${'x'.repeat(500)} [cut here; 8500 more characters]`,
  );
});
