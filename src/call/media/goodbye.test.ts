import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { AudioChunk } from '../../audio/chunk.js';
import { Playback } from '../../twilio/playback.js';
import { Goodbye } from './goodbye.js';

const nothing = (): void => undefined;

/** Returns after how many milliseconds a goodbye is given up if the session delivers only `givenMs` of it, at once. */
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

test('Twilio says a goodbye that does not begin, and says it sooner if the caller has waited before', async () => {
  assert.equal(await givenUpAfter(0), 2000);
  assert.equal(await givenUpAfter(1500), 2000);
  assert.equal(await givenUpAfter(2800), 700);
  assert.equal(await givenUpAfter(9000), 300);
});

test('Twilio soon says a goodbye that breaks off in the middle', async () => {
  assert.equal(await givenUpAfter(0, 1500), 2700);
});
