import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpeechDetector } from './speech-detector.js';

class Rig {
  readonly events: string[] = [];
  private heardMs = 0;
  private readonly detector = new SpeechDetector({
    onStarted: () => this.events.push(`started ${this.heardMs}`),
    onStopped: () => this.events.push(`stopped ${this.heardMs}`),
  });

  /** Returns a tone whose root mean square is `level`. */
  hear(level: number, durationMs: number): void {
    for (let ms = 0; ms < durationMs; ms += 20) {
      this.heardMs += 20;
      const pcm = Int16Array.from({ length: 160 }, (_, index) =>
        Math.round(level * Math.SQRT2 * Math.sin(index * 0.7)),
      );
      this.detector.push(pcm);
    }
  }
}

describe('the speech detector', () => {
  it('speech is detected after 60 ms and its end after 600 ms', () => {
    const rig = new Rig();
    rig.hear(0, 500);
    rig.hear(3000, 1000);
    rig.hear(0, 1000);
    assert.deepEqual(rig.events, ['started 560', 'stopped 2100']);
  });

  it('a click is not speech, and a short pause between words does not end it', () => {
    const rig = new Rig();
    rig.hear(0, 500);
    rig.hear(3000, 40);
    rig.hear(0, 500);
    assert.deepEqual(rig.events, []);
    rig.hear(3000, 300);
    rig.hear(0, 560);
    rig.hear(3000, 300);
    assert.deepEqual(rig.events, ['started 1100']);
  });

  it('comfort noise is not speech', () => {
    const rig = new Rig();
    rig.hear(120, 5000);
    rig.hear(300, 5000);
    assert.deepEqual(rig.events, []);
  });

  it('a loud room raises the noise floor, and speech in it is still detected', () => {
    const rig = new Rig();
    rig.hear(0, 200);
    rig.hear(600, 20_000);
    assert.equal(rig.events.length, 2);
    assert.match(rig.events[1] ?? '', /^stopped/);
    rig.hear(5000, 400);
    assert.equal(rig.events.length, 3);
    rig.hear(600, 1000);
    assert.equal(rig.events.length, 4);
  });
});
