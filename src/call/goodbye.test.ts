import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/fake-clock.js';
import { Playback } from '../twilio/playback.js';
import { Goodbye } from './goodbye.js';

const nothing = (): void => undefined;

/** When a goodbye that the session does not begin is given up, in milliseconds. */
async function givenUpAfter(waitsMs: number): Promise<number> {
  const clock = new FakeClock();
  const sink = { sendAudio: nothing, sendMark: nothing, sendClear: nothing };
  const playback = new Playback({ sink, clock, onIdle: nothing, onUnknownMark: nothing });
  const goodbye = new Goodbye({ sayId: 'g', line: 'Goodbye.', clock, playback, waitsMs });
  const startedMs = clock.now();
  let endedMs: number | undefined;
  void goodbye.spoken.then((wasSpoken) => {
    assert.equal(wasSpoken, false);
    endedMs = clock.now();
  });
  for (let step = 0; step < 50; step++) {
    clock.advance(100);
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
