import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { BargeIn } from './barge-in.js';

function open(): { clock: FakeClock; bargeIn: BargeIn; line: { isLoud: boolean }; heard: () => number } {
  const clock = new FakeClock();
  const line = { isLoud: false };
  let heard = 0;
  const bargeIn = new BargeIn({ clock, isLoud: () => line.isLoud, onSpeech: () => heard++ });
  return { clock, bargeIn, line, heard: () => heard };
}

describe('the two signs of a barge-in', () => {
  it('speech that the service notices on a loud line is the caller', () => {
    const { bargeIn, heard, line } = open();
    line.isLoud = true;
    bargeIn.loud();
    assert.equal(heard(), 0);
    bargeIn.noticed();
    assert.equal(heard(), 1);
  });

  it('speech that the service notices just before the line is loud is the caller, once', () => {
    const { bargeIn, clock, heard } = open();
    bargeIn.noticed();
    clock.advance(500);
    bargeIn.loud();
    bargeIn.loud();
    assert.equal(heard(), 1);
  });

  it('speech that the service notices on a quiet line is noise', () => {
    const { bargeIn, clock, heard } = open();
    bargeIn.noticed();
    clock.advance(501);
    bargeIn.loud();
    assert.equal(heard(), 0);
  });
});
