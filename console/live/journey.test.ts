import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { journeyOf } from './journey.js';

type Unplaced = ConsoleEvent extends infer Event ? (Event extends ConsoleEvent ? Omit<Event, 'id'> : never) : never;
let ids = 0;
const event = (one: Unplaced): ConsoleEvent => ({ id: `w1-${++ids}`, ...one });

const ESCALATED = event({ kind: 'escalation', atMs: 100, trigger: 'phrase', reason: 'billing' });
const RECORD = event({ kind: 'handover', atMs: 200, step: 'record' });
const DIAL = event({ kind: 'handover', atMs: 300, step: 'dial' });
const DIGITS = event({ kind: 'handover', atMs: 400, step: 'digits', digits: 10 });
const bridged = event({ kind: 'dial', atMs: 9000, outcome: 'bridged' });
const busy = event({ kind: 'dial', atMs: 350, outcome: 'busy' });

function statuses(events: readonly ConsoleEvent[], seen: Partial<Parameters<typeof journeyOf>[1]> = {}): string {
  const steps = journeyOf(events, { isOver: false, seesContact: true, ...seen });
  return steps
    .map(({ failure, name, status }) => `${name} ${status}${failure === undefined ? '' : ` ${failure}`}`)
    .join(', ');
}

test('a call that nobody has escalated has no journey', () => {
  assert.deepEqual(journeyOf([event({ kind: 'barge-in', atMs: 5 })], { isOver: false, seesContact: true }), []);
});

test('each step is open until it happens, and the last dial counts', () => {
  assert.equal(
    statuses([ESCALATED, RECORD, DIAL, busy, event({ kind: 'handover', atMs: 900, step: 'dial' })]),
    'record done, dial done, digits open, heard open, lambda open, queue open, agent open, end open',
  );
});

test('of digits that are read twice, and a Lambda that is asked twice, the last counts', () => {
  assert.equal(
    statuses([
      ESCALATED,
      RECORD,
      DIAL,
      DIGITS,
      event({ kind: 'handover', atMs: 500, step: 'heard', digits: 9 }),
      event({ kind: 'handover', atMs: 510, step: 'lambda', status: 'invalid' }),
      event({ kind: 'handover', atMs: 800, step: 'heard', digits: 10 }),
      event({ kind: 'handover', atMs: 810, step: 'lambda', status: 'ani_match' }),
      event({ kind: 'handover', atMs: 820, step: 'no-queue', queue: 'Billing' }),
      event({ kind: 'handover', atMs: 830, step: 'queue', queue: 'Default queue' }),
      event({ kind: 'agent', atMs: 900, step: 'ringing' }),
      event({ kind: 'agent', atMs: 950, step: 'talking' }),
      bridged,
    ]),
    'record done, dial done, digits done, heard done, lambda done, queue done, agent done, end done',
  );
});

test('each failure has the name of its row', () => {
  assert.equal(
    statuses([
      ESCALATED,
      event({ kind: 'handover', atMs: 200, step: 'no-record' }),
      DIAL,
      DIGITS,
      event({ kind: 'handover', atMs: 500, step: 'heard', digits: 0 }),
      event({ kind: 'handover', atMs: 510, step: 'lambda', status: 'failed' }),
      event({ kind: 'handover', atMs: 520, step: 'no-queue', queue: 'Billing' }),
      event({ kind: 'dial', atMs: 600, outcome: 'dropped' }),
    ]),
    'record failed no-record, dial done, digits done, heard failed no-digits, lambda failed token-failed, queue failed no-queue, agent missed, end failed dropped',
  );
});

test('a dial to a telephone has the steps of its briefing in place of those of a contact centre', () => {
  const briefed = event({ kind: 'handover', atMs: 500, step: 'briefed' });
  const taken = event({ kind: 'handover', atMs: 900, step: 'taken' });
  assert.equal(
    statuses([ESCALATED, RECORD, DIAL, briefed]),
    'record done, dial done, briefed done, taken open, end open',
  );
  assert.equal(
    statuses([ESCALATED, RECORD, DIAL, briefed, taken, bridged]),
    'record done, dial done, briefed done, taken done, end done',
  );
  assert.equal(
    statuses([ESCALATED, RECORD, DIAL, briefed, event({ kind: 'dial', atMs: 900, outcome: 'declined' })]),
    'record done, dial done, briefed done, taken missed, end failed declined',
  );
});

test('what happens in a contact centre that tells nothing is unknown, and never made up', () => {
  const hidden = { seesContact: false };
  assert.equal(
    statuses([ESCALATED, RECORD, DIAL, DIGITS], hidden),
    'record done, dial done, digits done, heard unknown, lambda unknown, queue unknown, agent unknown, end open',
  );
  const handed =
    'record done, dial done, digits done, heard unknown, lambda unknown, queue unknown, agent unknown, end done';
  assert.equal(statuses([ESCALATED, RECORD, DIAL, DIGITS, bridged], hidden), handed);
  assert.equal(
    statuses([ESCALATED, RECORD, DIAL, DIGITS, bridged]),
    handed,
    'nor where a softphone exists, but was not used',
  );
});

test('what was never sent was never heard, wherever the contact centre is', () => {
  for (const seesContact of [true, false])
    assert.equal(
      statuses([ESCALATED, RECORD, DIAL, busy], { seesContact }),
      'record done, dial done, digits missed, heard missed, lambda missed, queue missed, agent missed, end failed busy',
    );
});

test('a call that ends before the dial has missed the rest', () => {
  assert.equal(
    statuses([ESCALATED, RECORD], { isOver: true }),
    'record done, dial missed, digits missed, heard missed, lambda missed, queue missed, agent missed, end missed',
  );
});
