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
