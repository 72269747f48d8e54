import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import { STARTED } from '../../test/support/told-event.js';
import { EventReceiver, parseReceiverFault } from './event-receiver.js';

const SECRET = 'receiver-secret-0123';
const clock = new FakeClock();
const ENDED = {
  ...STARTED,
  id: 'c0ffee-ended',
  type: 'call.ended',
  sequence: 2,
  data: {
    outcome: 'completed',
    ended_at: '2026-01-01T00:00:10.000Z',
    duration_seconds: 10,
    providers: [{ name: 'openai', seconds: 9.5 }],
    tokens: { input: 1, output: 2 },
    handover_id: null,
    assistant: 'default',
    recording: null,
  },
};

let receiver: EventReceiver;
before(async () => {
  receiver = await new EventReceiver({ secret: SECRET, clock }).start();
});
after(() => receiver.close());

interface Sent {
  body: string;
  method?: string;
  path?: string;
  type?: string;
  signature?: string | undefined;
}

function signed(body: string, { secret = SECRET, agoSeconds = 0 } = {}): string {
  const seconds = Math.floor(clock.epochMs() / 1000) - agoSeconds;
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

async function send({ body, method = 'POST', path = '/call-events', type = 'application/json', ...rest }: Sent) {
  const signature = 'signature' in rest ? rest.signature : signed(body);
  const headers = { 'content-type': type, ...(signature === undefined ? {} : { 'tandem-signature': signature }) };
  return (await fetch(`http://127.0.0.1:${receiver.port}${path}`, { method, headers, body, redirect: 'manual' }))
    .status;
}

const body = JSON.stringify(STARTED);
const changed = (change: object): string => JSON.stringify({ ...STARTED, id: 'other', ...change });

const REFUSED: readonly (readonly [what: string, sent: Sent, status: number, refusal: string])[] = [
  ['without a signature', { body, signature: undefined }, 401, 'no-signature'],
  ['with a signature of another form', { body, signature: 'v1=00' }, 401, 'malformed'],
  ['that was signed with another secret', { body, signature: signed(body, { secret: 'x' }) }, 401, 'wrong'],
  ['that was signed six minutes ago', { body, signature: signed(body, { agoSeconds: 360 }) }, 401, 'too-old'],
  ['whose body is not the signed one', { body: `${body} `, signature: signed(body) }, 401, 'wrong'],
  ['that is no POST', { body, method: 'PUT' }, 405, 'not-a-post'],
  ['to another path', { body, path: '/' }, 404, 'another-path'],
  ['of another content type', { body, type: 'text/plain' }, 415, 'another-type'],
  ['of more than a megabyte', { body: ' '.repeat(1_100_000) }, 413, 'too-large'],
  ['that is not JSON', { body: '{' }, 400, 'not-json'],
  ['of a type that does not exist', { body: changed({ type: 'call.begun' }) }, 422, 'not-an-event'],
  ['without a sequence', { body: changed({ sequence: undefined }) }, 422, 'not-an-event'],
  ['whose sequence is 0', { body: changed({ sequence: 0 }) }, 422, 'not-an-event'],
  ['whose time is no time', { body: changed({ created: 'now' }) }, 422, 'not-an-event'],
  ['whose call has no id', { body: changed({ call: { ...STARTED.call, call_sid: '' } }) }, 422, 'not-an-event'],
  ['with a field that the guide does not have', { body: changed({ token: '1' }) }, 422, 'not-an-event'],
  ['with data of another type', { body: changed({ data: ENDED.data }) }, 422, 'not-an-event'],
];

for (const [what, sent, status, refusal] of REFUSED) {
  test(`the receiver of events refuses a request ${what}`, async () => {
    const before = receiver.taken.length;
    assert.equal(await send(sent), status);
    assert.equal(receiver.refusals.at(-1), refusal);
    assert.equal(receiver.taken.length, before);
  });
}

test('the receiver of events takes an event again, and refuses another one with its id', async () => {
  assert.equal(await send({ body }), 204);
  assert.equal(await send({ body }), 204);
  assert.equal(await send({ body: JSON.stringify(ENDED) }), 204);
  assert.equal(await send({ body: JSON.stringify({ ...ENDED, id: STARTED.id }) }), 409);
  assert.deepEqual([receiver.taken.length, receiver.events.length], [3, 2]);
  receiver.forget(STARTED.call.call_sid);
  assert.equal(receiver.taken.length, 0);
});

test('the receiver of events answers a ping and takes nothing', async () => {
  assert.equal(await send({ body: '{"type":"ping"}' }), 204);
  assert.equal(receiver.taken.length, 0);
});

test('faults of the receiver strike in the order of planning, as often as planned', async () => {
  for (const text of ['status:503*2', 'redirect']) {
    const planned = parseReceiverFault(text);
    assert.ok(planned !== undefined);
    receiver.plan(planned.fault, planned.times);
  }
  const statuses = [];
  for (let n = 0; n < 4; n++) statuses.push(await send({ body }));
  assert.deepEqual(statuses, [503, 503, 307, 204]);
  assert.equal(receiver.taken.length, 1);
  receiver.forget(STARTED.call.call_sid);
});

test('a fault of the receiver that does not exist is not planned', () => {
  for (const text of ['status:200', 'status', 'late', 'lost*x', '']) assert.equal(parseReceiverFault(text), undefined);
});
