import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import { TandemError } from '../../base/errors.js';
import { FailoverPlan } from './failover-plan.js';
import { ProviderBreaker } from './provider-breaker.js';

test('no provider is tried once less than two seconds are left for an outage, even if one has not been tried', () => {
  const [lost, other] = [new ScriptedProvider('a'), new ScriptedProvider('b')];
  const plan = (): FailoverPlan =>
    new FailoverPlan({ providers: [lost, other], breaker: new ProviderBreaker(new FakeClock()), lost, sinceMs: 1000 });
  const error = new TandemError('VOICE_STALLED', 'No answer.');
  assert.equal(plan().next(error, 8400)?.provider, other);
  assert.equal(plan().next(error, 8600), undefined);
});

/** The first two tries after an input was refused, and whether the provider then cools for other calls. */
function refusal({ hasTalked }: { hasTalked: boolean }): { tries: (string | undefined)[]; isCooling: boolean } {
  const [a, b] = [new ScriptedProvider('a'), new ScriptedProvider('b')];
  const breaker = new ProviderBreaker(new FakeClock());
  const plan = new FailoverPlan({ providers: [a, b], breaker, lost: a, sinceMs: 0, hasTalked });
  const refused = new TandemError('VOICE_PROTOCOL', 'Not valid.');
  const tries = [plan.next(refused, 0)?.provider.name, plan.next(refused, 0)?.provider.name];
  return { tries, isCooling: breaker.isCooling('a') };
}

test('an input refused by a provider that has talked is tried once anew and cools nobody for other calls', () => {
  assert.deepEqual(refusal({ hasTalked: true }), { tries: ['a', 'b'], isCooling: false });
});

test('a provider that refuses what it is sent before it has talked is given up at once and cools', () => {
  const { tries, isCooling } = refusal({ hasTalked: false });
  assert.equal(tries[0], 'b');
  assert.equal(isCooling, true);
});

test('a provider that has failed in another call is tried after one that has not, and is tried if it is the last', () => {
  const [lost, cooled, fresh] = [new ScriptedProvider('a'), new ScriptedProvider('b'), new ScriptedProvider('c')];
  const breaker = new ProviderBreaker(new FakeClock());
  const error = new TandemError('VOICE_THROTTLED', 'Too many.');
  breaker.failed('b', error);
  const plan = new FailoverPlan({ providers: [lost, cooled, fresh], breaker, lost, sinceMs: 0 });
  assert.deepEqual(
    [1, 2].map(() => plan.next(error, 0)?.provider.name),
    ['c', 'b'],
  );
});
