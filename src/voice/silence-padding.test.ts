import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { SilencePadding } from './silence-padding.js';

describe('silence padding', () => {
  test('a line that sends nothing after the caller stops is padded with silence until the speech ends', () => {
    const clock = new FakeClock();
    let sentMs = 0;
    const padding = new SilencePadding({ clock, sendSilence: (ms) => (sentMs += ms) });
    clock.advance(5000);
    padding.speechStarted();
    for (let at = 0; at < 2000; at += 20) {
      padding.audioCame();
      clock.advance(20);
    }
    assert.equal(sentMs, 0);
    clock.advance(600);
    assert.equal(sentMs, 1000);
    padding.stop();
    clock.advance(60_000);
    assert.equal(sentMs, 1000);
    padding.audioCame();
    padding.speechStarted();
    clock.advance(60_000);
    assert.equal(sentMs, 7000, 'the padding is bounded');
    assert.equal(clock.timers, 0);
  });
});
