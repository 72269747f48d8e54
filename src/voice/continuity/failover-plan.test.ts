import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { ScriptedProvider } from '../../../test/support/scripted-provider.js';
import { TandemError } from '../../base/errors.js';
import { FailoverPlan } from './failover-plan.js';
import { ProviderBreaker } from './provider-breaker.js';

function planOf(hasTalked: boolean): { plan: FailoverPlan; breaker: ProviderBreaker; names: () => string[] } {
  const [a, b] = [new ScriptedProvider('a'), new ScriptedProvider('b')];
  const breaker = new ProviderBreaker(new FakeClock());
  const plan = new FailoverPlan({ providers: [a, b], breaker, lost: a, nowMs: 0, hasTalked });
  const refused = new TandemError('VOICE_PROTOCOL', 'Not valid.');
  const names = (): string[] => [
    plan.next(refused, 0)?.provider.name ?? '',
    plan.next(refused, 0)?.provider.name ?? '',
  ];
  return { plan, breaker, names };
}

describe('failover', () => {
  it('an input refused by a provider that has talked is tried once anew and cools nobody for other calls', () => {
    const { breaker, names } = planOf(true);
    assert.deepEqual(names(), ['a', 'b']);
    assert.equal(breaker.isCooling('a'), false);
  });

  it('a provider that refuses what it is sent before it has talked is given up at once and cools', () => {
    const { breaker, names } = planOf(false);
    assert.equal(names()[0], 'b');
    assert.equal(breaker.isCooling('a'), true);
  });
});
