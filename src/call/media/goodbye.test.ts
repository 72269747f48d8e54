import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { AudioChunk } from '../../audio/chunk.js';
import { Playback } from '../../twilio/playback.js';
import { Goodbye } from './goodbye.js';

const nothing = (): void => undefined;

/** When a goodbye of which the session gives only so much, at once, is given up, in milliseconds. */
async function givenUpAfter(waitsMs: number, givenMs = 0): Promise<number> {
  const clock = new FakeClock();
  const marks: string[] = [];
  const sink = { sendAudio: nothing, sendMark: (name: string) => void marks.push(name), sendClear: nothing };
  const playback = new Playback({ sink, clock, onIdle: nothing, onUnknownMark: nothing });
  const goodbye = new Goodbye({ sayId: 'g', clock, playback, waitsMs });
  const startedMs = clock.now();
  if (givenMs > 0) playback.play('i', AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(givenMs * 8)));
  let endedMs: number | undefined;
  void goodbye.end.then((end) => {
    assert.equal(end, 'unsaid');
    endedMs = clock.now();
  });
  for (let step = 0; step < 50; step++) {
    clock.advance(100);
    if (clock.now() - startedMs >= givenMs) for (const name of marks.splice(0)) playback.onMark(name);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(clock.timers, 0);
  return (endedMs ?? Number.NaN) - startedMs;
}

test('a goodbye that does not begin is left to Twilio, and sooner when the caller has waited before', async () => {
  assert.equal(await givenUpAfter(0), 2000);
  assert.equal(await givenUpAfter(1500), 2000);
  assert.equal(await givenUpAfter(2800), 700);
  assert.equal(await givenUpAfter(9000), 300);
});

test('a goodbye that ends in its middle is left to Twilio soon', async () => {
  assert.equal(await givenUpAfter(0, 1500), 2700);
});
