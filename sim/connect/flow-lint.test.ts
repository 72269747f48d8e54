import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flow, type FlowAction, loadFlow } from './flow.js';
import { lintFlow } from './flow-lint.js';

test('the flows that are deployed have no problem', () => {
  assert.deepEqual(lintFlow(loadFlow('contact-flow')), []);
  assert.deepEqual(lintFlow(loadFlow('agent-whisper')), []);
});

/** The contact flow with `id` replaced by what `change` makes of it; undefined removes it. */
function changed(id: string, change: (action: FlowAction) => FlowAction | readonly FlowAction[] | undefined): Flow {
  const flow = loadFlow('contact-flow');
  return {
    ...flow,
    Actions: flow.Actions.flatMap((action) => (action.Identifier === id ? (change(action) ?? []) : action)),
  };
}

const to = (action: FlowAction, transitions: FlowAction['Transitions']): FlowAction => ({
  ...action,
  Transitions: { ...action.Transitions, ...transitions },
});

const RULES: readonly (readonly [rule: string, flow: Flow, problem: RegExp])[] = [
  ['version', { ...loadFlow('contact-flow'), Version: '1' }, /version/],
  ['start', { ...loadFlow('contact-flow'), StartAction: 'nowhere' }, /start action nowhere/],
  ['unique identifiers', changed('sorry', (action) => [action, action]), /sorry: the identifier stands twice/],
  ['characters', changed('sorry', (action) => ({ ...action, Identifier: 'so/rry' })), /so\/rry: the identifier/],
  ['length', changed('sorry', (action) => ({ ...action, Identifier: 'x'.repeat(51) })), /too long/],
  ['targets', changed('sorry', () => undefined), /leads to sorry, which does not exist/],
  ['types', changed('sorry', (action) => ({ ...action, Type: 'CheckStaffing' })), /no action type CheckStaffing/],
  [
    'required errors',
    changed('redeem', (action) => to(action, { Errors: [] })),
    /redeem: the error branch NoMatchingError is missing/,
  ],
  [
    'allowed errors',
    changed('second-copy', (action) => to(action, { Errors: [{ ErrorType: 'NoMatchingError', NextAction: 'sorry' }] })),
    /second-copy: has no error branch/,
  ],
  [
    'both loop conditions',
    changed('second-copy', (action) => to(action, { Conditions: [] })),
    /needs exactly the conditions/,
  ],
  [
    'conditions only where allowed',
    changed('redeem', (action) =>
      to(action, { Conditions: [{ NextAction: 'sorry', Condition: { Operator: 'Equals', Operands: ['x'] } }] }),
    ),
    /redeem: cannot have conditions/,
  ],
  ['terminals', changed('bye', (action) => to(action, { NextAction: 'sorry' })), /bye: ends the flow/],
  [
    'a way on',
    changed('redeem', (action) => ({ ...action, Transitions: { Errors: action.Transitions.Errors ?? [] } })),
    /redeem: has no NextAction/,
  ],
  [
    'reachability',
    changed('keep-context', (action) =>
      to(action, { NextAction: 'whisper', Errors: [{ ErrorType: 'NoMatchingError', NextAction: 'whisper' }] }),
    ),
    /keep-crm: cannot be reached/,
  ],
  [
    'no hanging up before a queue',
    changed('no-context', (action) => to(action, { NextAction: 'sorry' })),
    /bye: hangs up on a caller/,
  ],
  [
    'no endless round',
    changed('no-context', (action) => to(action, { NextAction: 'collect-token' })),
    /without a Loop/,
  ],
  [
    'size',
    changed('sorry', (action) =>
      Array.from({ length: 251 }, (_, index) => ({ ...action, Identifier: `sorry${index}` })),
    ),
    /more than 250/,
  ],
];

for (const [rule, flow, problem] of RULES) {
  test(`the linter sees: ${rule}`, () => {
    assert.match(lintFlow(flow).join('\n'), problem);
  });
}

test('the linter sees a flow that ends without a queue for the caller', () => {
  const flow = changed('no-context', (action) => [
    to(action, { NextAction: 'quit' }),
    { Identifier: 'quit', Type: 'EndFlowExecution', Parameters: {}, Transitions: {} },
  ]);
  assert.match(lintFlow(flow).join('\n'), /quit: ends without a queue/);
});
