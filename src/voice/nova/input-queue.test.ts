import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type InputChunk, InputQueue } from './input-queue.js';

function open(maxAudioMs = 100): { queue: InputQueue; drops: () => number } {
  let drops = 0;
  return { queue: new InputQueue({ maxAudioMs, onDropped: () => drops++ }), drops: () => drops };
}

async function rest(queue: InputQueue): Promise<string[]> {
  const texts: string[] = [];
  for await (const { chunk } of queue) texts.push(Buffer.from(chunk.bytes).toString());
  return texts;
}

function pull(queue: InputQueue): Promise<IteratorResult<InputChunk, undefined>> {
  return queue[Symbol.asyncIterator]().next();
}

describe('the input queue', () => {
  it('the input queue yields everything in order, then ends', async () => {
    const { queue } = open();
    queue.push(['a', 'b']);
    queue.pushAudio('c', 40);
    queue.push(['d']);
    queue.end();
    queue.push(['too late']);
    assert.deepEqual(await rest(queue), ['a', 'b', 'c', 'd']);
  });

  it('the input queue yields an event to a reader that waits', async () => {
    const { queue } = open();
    const first = pull(queue);
    queue.push(['a', 'b']);
    assert.equal(Buffer.from((await first).value?.chunk.bytes ?? []).toString(), 'a');
    queue.end();
    assert.deepEqual(await rest(queue), ['b']);
  });

  it('a full input queue drops the oldest audio and nothing else', async () => {
    const { drops, queue } = open(100);
    queue.push(['start', 'lead silence']);
    for (const name of ['1', '2', '3', '4']) queue.pushAudio(name, 40);
    queue.push(['text begins', 'text ends']);
    queue.pushAudio('5', 40);
    assert.equal(drops(), 3);
    queue.end();
    assert.deepEqual(await rest(queue), ['start', 'lead silence', '4', 'text begins', 'text ends', '5']);
  });

  it('the input queue counts the audio that came since the last read', async () => {
    const { queue } = open(40);
    queue.pushAudio('1', 40);
    queue.pushAudio('2', 40);
    assert.equal(queue.unreadMs, 80);
    await pull(queue);
    assert.equal(queue.unreadMs, 0);
    const waiting = pull(queue);
    queue.pushAudio('3', 40);
    await waiting;
    assert.equal(queue.unreadMs, 0);
  });

  it('an aborted input queue ends at once, even for a reader that waits', async () => {
    const { queue } = open();
    const waiting = pull(queue);
    queue.abort();
    assert.equal((await waiting).done, true);
    const other = open().queue;
    other.push(['never given']);
    other.abort();
    assert.deepEqual(await rest(other), []);
  });

  it('an empty input queue that is ended ends for a reader that waits', async () => {
    const { queue } = open();
    const waiting = pull(queue);
    queue.end();
    assert.equal((await waiting).done, true);
  });

  it('the input queue takes no more events after its reader has left', async () => {
    const { queue } = open();
    queue.push(['a', 'b']);
    for await (const { chunk } of queue) {
      assert.equal(Buffer.from(chunk.bytes).toString(), 'a');
      break;
    }
    assert.equal((await pull(queue)).done, true);
  });
});
