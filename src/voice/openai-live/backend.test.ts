import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { Backend } from './backend.js';

function open() {
  const clock = new FakeClock();
  const log: string[] = [];
  const backend = new Backend({
    clock,
    send: (build) => {
      const { item, type } = JSON.parse(build('e')) as { type: string; item?: { call_id?: string } };
      log.push(item === undefined ? type : (item.call_id ?? 'text'));
    },
    onBegun: () => log.push('begun'),
    onResult: () => log.push('result'),
    onDone: (isTold) => log.push(isTold ? 'told' : 'untold'),
  });
  const call = (toolCallId: string): boolean =>
    backend.takes({ type: 'backend-call', delegationId: 'd', toolCallId, name: 't', arguments: '{}' });
  const started = (delegationId = 'd') => backend.takes({ type: 'backend-started', delegationId });
  const done = (delegationId = 'd') =>
    backend.takes({ type: 'backend-done', delegationId, status: 'completed', usage: undefined });
  return { backend, call, clock, done, log, started, take: () => log.splice(0) };
}

describe('the backend of GPT-Live', () => {
  it('it continues once it is at rest and has the results of all its calls', () => {
    const { backend, call, done, started, take } = open();
    backend.delegated('d');
    started();
    assert.equal(call('a'), true);
    assert.equal(call('a'), false);
    call('b');
    assert.equal(backend.result('a', '{}'), true);
    assert.equal(backend.result('a', '{}'), false);
    done();
    assert.deepEqual(take(), ['begun']);
    assert.equal(backend.isWaiting, true);
    backend.result('b', '{}');
    assert.deepEqual(take(), ['a', 'b', 'response.create']);
    assert.equal(backend.isBusy, true);
    started();
    done();
    assert.deepEqual(take(), ['result']);
    backend.modelBegan();
    assert.deepEqual(take(), ['told']);
    assert.equal(backend.isBusy, false);
  });

  it('a text of the caller waits until the backend is at rest', () => {
    const { backend, done, started, take } = open();
    backend.delegated('d');
    started();
    backend.typed('4711');
    assert.deepEqual(take(), ['begun']);
    done();
    assert.deepEqual(take(), ['text', 'response.create']);
    // The response to it belongs to no delegation.
    started('');
    done('');
    assert.deepEqual(take(), ['result']);
    backend.close();
  });

  it('a result that the model does not tell in time is reported, also if it was speaking when the result came', () => {
    const { backend, clock, done, started, take } = open();
    started();
    done();
    clock.advance(500);
    backend.modelEnded(0);
    assert.deepEqual(take(), ['begun', 'result']);
    clock.advance(4500);
    assert.deepEqual(take(), ['untold']);
  });

  it('a model that speaks on after the result has told it', () => {
    const { backend, clock, done, started, take } = open();
    started();
    done();
    clock.advance(2000);
    backend.modelEnded(800);
    assert.deepEqual(take(), ['begun', 'result', 'told']);
    assert.equal(clock.timers, 0);
  });
});
