import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallIds } from './call-ids.js';
import { createLogger } from './log.js';

function logged(ids: CallIds) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const log = createLogger({ level: 'trace', ids, destination });
  const idsOf = (line: Record<string, unknown> | undefined) => [
    line?.['call_sid'],
    line?.['stream_sid'],
    line?.['conversation_id'],
    line?.['handover_id'],
  ];
  return { log, last: () => idsOf(lines.at(-1)), raw: lines };
}

test('a line that has one id of a call gets the others that are known by then', () => {
  const ids = new CallIds();
  const { last, log } = logged(ids);
  const ofCall = log.child({ call_sid: 'CA1', conversation_id: 'c1' });
  ids.note('CA1', { conversation_id: 'c1' });
  ofCall.info('ringing');
  assert.deepEqual(last(), ['CA1', undefined, 'c1', undefined]);
  ids.note('CA1', { stream_sid: 'MZ1' });
  const ofModel = log.child({ conversation_id: 'c1' });
  ofModel.info('a line of the model');
  assert.deepEqual(last(), ['CA1', 'MZ1', 'c1', undefined]);
  ids.note('CA1', { handover_id: 'H1' });
  for (const field of [{ call_sid: 'CA1' }, { stream_sid: 'MZ1' }, { conversation_id: 'c1' }, { handover_id: 'H1' }]) {
    log.warn(field, 'a line with one id');
    assert.deepEqual(last(), ['CA1', 'MZ1', 'c1', 'H1']);
  }
  log.info({ handover_id: undefined, call_sid: 'CA1' }, 'a line with an empty id');
  assert.deepEqual(last(), ['CA1', 'MZ1', 'c1', 'H1']);
});

test('the latest stream and handover count, an id in the line wins, and a lost handover is no longer named', () => {
  const ids = new CallIds();
  const { last, log } = logged(ids);
  ids.note('CA1', { conversation_id: 'c1', stream_sid: 'MZ1', handover_id: 'H1' });
  ids.note('CA1', { stream_sid: 'MZ2', handover_id: 'H2' });
  log.info({ call_sid: 'CA1' }, 'now');
  assert.deepEqual(last(), ['CA1', 'MZ2', 'c1', 'H2']);
  log.info({ handover_id: 'H1' }, 'of the first handover');
  assert.deepEqual(last(), ['CA1', 'MZ2', 'c1', 'H1']);
  ids.note('CA1', { handover_id: undefined });
  log.info({ call_sid: 'CA1' }, 'dialled without a record');
  assert.deepEqual(last(), ['CA1', 'MZ2', 'c1', undefined]);
});

test('lines of no call, of an unknown call and without fields stay as they are', () => {
  const ids = new CallIds();
  const { last, log, raw } = logged(ids);
  ids.note('CA1', { conversation_id: 'c1' });
  log.info('listening');
  assert.deepEqual(Object.keys(raw.at(-1) ?? {}), ['level', 'time', 'msg']);
  log.info({ call_sid: 'CA2' }, 'unknown');
  assert.deepEqual(last(), ['CA2', undefined, undefined, undefined]);
  log.error(new Error('private'));
  assert.deepEqual(last(), [undefined, undefined, undefined, undefined]);
});

test('an ended call is remembered for a while, and a live one always', () => {
  const ids = new CallIds();
  ids.note('live', { conversation_id: 'l' });
  for (let call = 0; call <= 2000; call++) {
    ids.note(`CA${call}`, { conversation_id: `c${call}`, stream_sid: `MZ${call}` });
    ids.end(`CA${call}`);
  }
  assert.deepEqual(ids.missingFrom({ conversation_id: 'l' }), { call_sid: 'live' });
  assert.deepEqual(ids.missingFrom({ stream_sid: 'MZ1' }), { call_sid: 'CA1', conversation_id: 'c1' });
  assert.deepEqual(ids.missingFrom({ stream_sid: 'MZ0' }), {}, 'the oldest is forgotten');
  ids.note('CA1', { stream_sid: 'MZ-new' });
  ids.note('other', {});
  ids.end('other');
  assert.deepEqual(ids.missingFrom({ conversation_id: 'c1' }), { call_sid: 'CA1', stream_sid: 'MZ-new' });
});
