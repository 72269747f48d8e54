import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { SilencePadding } from './silence-padding.js';

describe('a line that sends nothing while the caller is silent', () => {
  test('gives silence once the caller has stopped, until the speech has ended', () => {
    const clock = new FakeClock();
    let givenMs = 0;
    const gap = new SilencePadding({ clock, giveSilence: (ms) => (givenMs += ms) });
    clock.advance(5000);
    gap.speechStarted();
    for (let at = 0; at < 2000; at += 20) {
      gap.audioCame();
      clock.advance(20);
    }
    assert.equal(givenMs, 0);
    clock.advance(600);
    assert.equal(givenMs, 1000);
    gap.stop();
    clock.advance(60_000);
    assert.equal(givenMs, 1000);
    gap.audioCame();
    gap.speechStarted();
    clock.advance(60_000);
    assert.equal(givenMs, 7000, 'not for ever');
    assert.equal(clock.timers, 0);
  });
});
