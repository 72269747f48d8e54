import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { AudioChunk } from '../../audio/chunk.js';
import { mulawToPcm } from '../../audio/g711.js';
import { CallerAudio } from './caller-audio.js';
import { pcmFromBase64 } from './pcm.js';

interface Rig {
  clock: FakeClock;
  audio: CallerAudio;
  /** The lengths of the events sent. */
  sentMs: number[];
  samples: number[];
  listened: number;
}

function open(mergeMs = 40): Rig {
  const clock = new FakeClock();
  const rig: Rig = {
    clock,
    sentMs: [],
    samples: [],
    listened: 0,
    audio: new CallerAudio({
      clock,
      mergeMs,
      send: (base64, audioMs) => {
        rig.sentMs.push(audioMs);
        rig.samples.push(...pcmFromBase64(base64));
      },
      listen: (pcm) => {
        rig.listened += pcm.length;
      },
    }),
  };
  return rig;
}

function frame(value = 0x20, sizeBytes = 160): AudioChunk {
  return AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(sizeBytes).fill(value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('caller audio for Nova', () => {
  it('caller audio for Nova is linear PCM at the same rate, with two frames in an event', () => {
    const rig = open();
    const bytes = Uint8Array.from({ length: 320 }, (_, index) => index % 256);
    rig.audio.push(AudioChunk.fromBytes('mulaw', 8000, bytes.subarray(0, 160)));
    assert.deepEqual(rig.sentMs, []);
    rig.audio.push(AudioChunk.fromBytes('mulaw', 8000, bytes.subarray(160)));
    assert.deepEqual(rig.sentMs, [40]);
    assert.deepEqual(rig.samples, [...mulawToPcm(bytes)]);
    assert.equal(rig.listened, 320);
  });

  it('caller audio for Nova keeps every sample in order, whatever the size of the frames', () => {
    const rig = open();
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 256);
    for (let at = 0, size = 1; at < 1000; at += size, size = (size * 3) % 97 || 1) {
      rig.audio.push(AudioChunk.fromBytes('mulaw', 8000, bytes.subarray(at, at + size)));
    }
    rig.audio.flush();
    assert.deepEqual(rig.samples, [...mulawToPcm(bytes)]);
  });

  it('caller audio for Nova begins with silence and continues with it in real time', () => {
    const rig = open();
    rig.audio.begin(200);
    assert.equal(sum(rig.sentMs), 200);
    rig.clock.advance(1000);
    assert.equal(sum(rig.sentMs), 1200);
    assert.ok(rig.samples.every((sample) => sample === 0));
    rig.audio.close();
    assert.equal(rig.clock.timers, 0);
  });

  it('caller audio that arrives in bursts gets no silence added', () => {
    const rig = open();
    rig.audio.begin(200);
    for (let burst = 0; burst < 20; burst++) {
      rig.audio.push(frame(0x20, 180 * 8));
      rig.clock.advance(180);
    }
    rig.audio.flush();
    assert.equal(sum(rig.sentMs), 200 + 20 * 180);
    rig.audio.close();
  });

  it('a gap in caller audio is filled from its beginning, after the collected frames', () => {
    const rig = open();
    rig.audio.begin(200);
    rig.audio.push(frame());
    rig.clock.advance(190);
    assert.equal(sum(rig.sentMs), 200);
    rig.clock.advance(810);
    // 20 ms of the caller, then one second of silence in place of missing audio.
    assert.equal(sum(rig.sentMs), 200 + 20 + 1000);
    assert.notEqual(rig.samples[1600], 0);
    assert.equal(rig.samples[1600 + 160], 0);
    rig.audio.close();
  });

  it('caller audio that its receiver closes stays closed', () => {
    const clock = new FakeClock();
    const audio: CallerAudio = new CallerAudio({
      clock,
      mergeMs: 40,
      send: () => {
        if (clock.now() > 0) audio.close();
      },
      listen: () => undefined,
    });
    audio.begin(100);
    assert.equal(clock.timers, 1);
    clock.advance(1000);
    assert.equal(clock.timers, 0);
  });

  it('the silence for Nova after a sleep of the process is bounded', () => {
    const rig = open();
    rig.audio.begin(200);
    let nowMs = 0;
    const late = new CallerAudio({
      clock: {
        now: () => nowMs,
        epochMs: () => 0,
        setTimer: (delayMs, callback) => rig.clock.setTimer(delayMs, callback),
      },
      mergeMs: 40,
      send: (_base64, audioMs) => rig.sentMs.push(audioMs),
      listen: () => undefined,
    });
    rig.audio.close();
    rig.sentMs.length = 0;
    late.begin(100);
    nowMs = 60_000;
    rig.clock.advance(100);
    assert.equal(sum(rig.sentMs), 100 + 1000);
    late.close();
  });
});
