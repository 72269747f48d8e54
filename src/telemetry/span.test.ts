import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootIdOf, traceIdOf } from './span.js';
import { linkIn } from './trace-link.js';

test('the id of a trace begins with the second of the call and does not tell the CallSid without the key', () => {
  const startedAtMs = Date.UTC(2026, 0, 1, 0, 0, 1, 999);
  const id = traceIdOf('pepper', 'CA1', startedAtMs);
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(parseInt(id.slice(0, 8), 16), Date.UTC(2026, 0, 1, 0, 0, 1) / 1000);
  assert.equal(id, traceIdOf('pepper', 'CA1', startedAtMs));
  assert.notEqual(id.slice(8), traceIdOf('pepper', 'CA2', startedAtMs).slice(8));
  assert.notEqual(id.slice(8), traceIdOf('another', 'CA1', startedAtMs).slice(8));
  assert.match(rootIdOf(id), /^[0-9a-f]{16}$/);
});

test("a load balancer's header becomes a link if xray is among the propagators, and traceparent with tracecontext", () => {
  const xray = {
    'x-amzn-trace-id':
      'Self=1-67891234-12456789abcdef012345678a;Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1',
  };
  const link = { traceId: '67891233abcdef012345678912345678', spanId: '53995c3f42cd8ad8' };
  assert.deepEqual(linkIn(xray, ['tracecontext', 'xray']), link);
  assert.equal(linkIn(xray, ['tracecontext', 'baggage']), undefined);
  const alone = { 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678' };
  assert.deepEqual(linkIn(alone, ['xray']), { traceId: link.traceId, spanId: '2345678912345678' });
  const traceparent = { traceparent: `00-${link.traceId}-${link.spanId}-01` };
  assert.deepEqual(linkIn(traceparent, ['tracecontext']), link);
  for (const bad of ['', '00', `00-${'0'.repeat(32)}-${link.spanId}-01`, `00-${link.traceId}-${link.spanId}-01-x`])
    assert.equal(linkIn({ traceparent: bad }, ['tracecontext']), undefined, bad);
});
