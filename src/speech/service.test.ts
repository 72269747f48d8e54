import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerReply } from './protocol.js';
import type { SherpaVad } from './recognizer.js';
import { SpeechService } from './service.js';

/** Speech of 320 ms, then silence of 640 ms, in whole steps of the detector. */
const UTTERANCE = Buffer.concat([new Uint8Array(2560).fill(0), new Uint8Array(5120).fill(0xff)]);

/** Detects every loud sample. Throws while `isBroken`. */
class LoudnessVad implements SherpaVad {
  isBroken = false;
  private isLoud = false;

  acceptWaveform(samples: Float32Array): void {
    if (this.isBroken) throw new Error('The detector is broken.');
    this.isLoud = samples.some((sample) => Math.abs(sample) > 0.1);
  }
  isDetected(): boolean {
    return this.isLoud;
  }
  clear(): void {}
  reset(): void {}
}

function open(transcribe: (mulaw: Uint8Array) => string) {
  const replies: WorkerReply[] = [];
  const vads: LoudnessVad[] = [];
  const returned: SherpaVad[] = [];
  const service = new SpeechService({
    hearing: {
      recognizer: { transcribe },
      vads: {
        take: () => {
          const vad = new LoudnessVad();
          vads.push(vad);
          return vad;
        },
        giveBack: (vad) => void returned.push(vad),
      },
    },
    synthesize: () => Promise.reject(new Error('It cannot speak.')),
    reply: (message) => void replies.push(message),
  });
  return { replies, vads, returned, service };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => setImmediate(resolve));
  });
}

test('an utterance on which the recogniser throws costs no other utterance', async () => {
  let calls = 0;
  const { replies, service } = open(() => {
    if (++calls === 1) throw new Error('The recogniser is broken.');
    return 'hello';
  });
  for (const stream of [1, 2]) service.handle({ type: 'open-stream', stream });
  service.handle({ type: 'stream-audio', stream: 1, mulaw: UTTERANCE });
  await turn();
  for (const stream of [1, 2]) service.handle({ type: 'stream-audio', stream, mulaw: UTTERANCE });
  await turn();
  assert.deepEqual(
    replies.filter(({ type }) => type === 'utterance-failed' || type === 'stream-text'),
    [
      { type: 'utterance-failed', stream: 1 },
      { type: 'stream-text', stream: 1, text: 'hello' },
      { type: 'stream-text', stream: 2, text: 'hello' },
    ],
  );
});

test('a stream on which the voice detector throws ends alone, and its detector is not used again', async () => {
  const { replies, returned, service, vads } = open(() => 'hello');
  for (const stream of [1, 2]) service.handle({ type: 'open-stream', stream });
  (vads[0] as LoudnessVad).isBroken = true;
  for (const stream of [1, 2]) service.handle({ type: 'stream-audio', stream, mulaw: UTTERANCE });
  await turn();
  for (const stream of [1, 2]) service.handle({ type: 'close-stream', stream });
  assert.deepEqual(
    replies.filter(({ type }) => type === 'stream-failed' || type === 'stream-text'),
    [
      { type: 'stream-failed', stream: 1 },
      { type: 'stream-text', stream: 2, text: 'hello' },
    ],
  );
  assert.deepEqual(returned, [vads[1]]);
});

test('ten minutes of audio are recognised in short steps', async () => {
  const sizes: number[] = [];
  const { replies, service } = open((mulaw) => {
    sizes.push(mulaw.length);
    return `part ${sizes.length}`;
  });
  service.handle({ type: 'transcribe', id: 7, mulaw: new Uint8Array(600 * 8000) });
  while (replies.length === 0) await turn();
  assert.equal(sizes.length, 24);
  assert.ok(sizes.every((size) => size <= 200_000));
  assert.equal(replies[0]?.type === 'text' && replies[0].text.startsWith('part 1 part 2 '), true);
});

test('a synthesiser that fails answers its request', async () => {
  const { replies, service } = open(() => '');
  service.handle({ type: 'synthesize', id: 9, text: 'Hello.', voice: 'slt', rate: 1, language: 'en' });
  await turn();
  assert.deepEqual(replies, [{ type: 'failed', id: 9, what: 'The synthesiser failed.' }]);
});
