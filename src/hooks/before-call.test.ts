import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import { createLogger } from '../telemetry/log.js';
import { CallContextHook, type ContextOutcome } from './before-call.js';

const CALL = { callSid: `CA${'1'.repeat(32)}`, from: '+12025550123', to: '+12065550199' };
/** A journal that takes requests and never answers. */
const HUNG = { create: () => new Promise(() => undefined) } as unknown as SharedNotes;

function hook(clock: FakeClock, notes: SharedNotes | undefined, ask: () => unknown) {
  const outcomes: ContextOutcome[] = [];
  const opened = new CallContextHook({
    source: { setting: 'EXTENSIONS', ask: async () => ask() },
    limitMs: 1000,
    clock,
    notes,
    namesFor: () => ({ hasAssistant: () => false, speaks: () => false }),
    count: (outcome) => outcomes.push(outcome),
    log: createLogger({ level: 'silent' }),
  });
  return { opened, outcomes };
}

test('a journal that hangs costs a call a part of its time, and not what the hook knows', async () => {
  const clock = new FakeClock();
  const { opened, outcomes } = hook(clock, HUNG, () => ({ variables: { plan: 'gold' } }));
  const asked = opened.ask(CALL, () => Promise.resolve(false));
  clock.advance(300);
  assert.deepEqual((await asked)?.variables, { plan: 'gold' });
  assert.deepEqual(outcomes, ['known']);
  assert.equal(clock.timers, 0);
});

test('an answer that throws when it is read is no answer', async () => {
  const clock = new FakeClock();
  const trap = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('gold');
      },
    },
  );
  const { opened, outcomes } = hook(clock, undefined, () => trap);
  assert.equal(await opened.ask(CALL, () => Promise.resolve(false)), undefined);
  assert.deepEqual(outcomes, ['failed']);
});
