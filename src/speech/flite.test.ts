import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rms } from '../audio/level.js';
import { speak } from './flite.js';

test('synthesised speech begins with its first sound after 20 to 40 ms', async () => {
  for (const text of ['Sure.', 'We are open from nine to five.', 'Hello, how can I help you?']) {
    const samples = await speak(text, 'slt', 1);
    assert.ok(samples.length > 8_000, text);
    const firstMs = samples.findIndex((sample) => Math.abs(sample) > 200 * 0.6) / 16;
    assert.ok(firstMs >= 20 && firstMs <= 40, `${text}: ${firstMs} ms`);
  }
});

test('the embedded voices are as loud as a person on the telephone, within two decibels', async () => {
  for (const voice of ['slt', 'rms', 'awb'] as const) {
    const samples = await speak('We are open Monday to Friday, from nine in the morning until six.', voice, 1);
    const frames = Array.from({ length: Math.floor(samples.length / 320) }, (_, index) =>
      rms(samples.subarray(index * 320, (index + 1) * 320)),
    );
    const active = frames.filter((level) => level >= Math.max(...frames) / 30);
    const power = active.reduce((sum, level) => sum + level * level, 0) / active.length;
    const level = 10 * Math.log10(power / 32_768 ** 2);
    assert.ok(Math.abs(level + 18) <= 2, `${voice}: ${level.toFixed(1)} dBFS`);
  }
});
