import assert from 'node:assert/strict';
import { test } from 'node:test';
import { speak } from './flite.js';

test('synthesised speech begins with its first sound after 20 to 40 ms', async () => {
  for (const text of ['Sure.', 'We are open from nine to five.', 'Hello, how can I help you?']) {
    const samples = await speak(text, 'slt', 1);
    assert.ok(samples.length > 8_000, text);
    const firstMs = samples.findIndex((sample) => Math.abs(sample) > 200) / 16;
    assert.ok(firstMs >= 20 && firstMs <= 40, `${text}: ${firstMs} ms`);
  }
});
