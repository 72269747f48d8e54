import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flow, type FlowAction, loadFlow } from './flow.js';
import { lintFlow } from './flow-lint.js';

test('the flow linter finds no problem in the deployed flows', () => {
  assert.deepEqual(lintFlow(loadFlow('contact-flow')), []);
  assert.deepEqual(lintFlow(loadFlow('agent-whisper')), []);
});

/**
 * Returns the contact flow with the action `id` replaced by the result of `change`, or removed if that is `undefined`.
 */
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

/** Returns the contact flow with parameters of the action `id` replaced, or left out if they are `undefined`. */
function given(id: string, parameters: Readonly<Record<string, unknown>>): Flow {
  return changed(id, (action) => ({
    ...action,
    Parameters: Object.fromEntries(
      Object.entries({ ...action.Parameters, ...parameters }).filter(([, value]) => value !== undefined),
    ),
  }));
}

const RULES: readonly (readonly [rule: string, flow: Flow, problem: RegExp])[] = [
  ['an unknown version', { ...loadFlow('contact-flow'), Version: '1' }, /version/],
  [
    'a start action that does not exist',
    { ...loadFlow('contact-flow'), StartAction: 'nowhere' },
    /start action nowhere/,
  ],
  ['a duplicate identifier', changed('sorry', (action) => [action, action]), /sorry: the identifier is used twice/],
  [
    'a forbidden character in an identifier',
    changed('sorry', (action) => ({ ...action, Identifier: 'so/rry' })),
    /so\/rry: the identifier/,
  ],
  [
    'an identifier that is too long',
    changed('sorry', (action) => ({ ...action, Identifier: 'x'.repeat(51) })),
    /too long/,
  ],
  ['a target that does not exist', changed('sorry', () => undefined), /leads to sorry, which does not exist/],
  [
    'an unknown action type',
    changed('sorry', (action) => ({ ...action, Type: 'CheckStaffing' })),
    /no action type CheckStaffing/,
  ],
  [
    'a missing error branch',
    changed('redeem', (action) => to(action, { Errors: [] })),
    /redeem: the error branch NoMatchingError is missing/,
  ],
  [
    'an error branch that is not allowed',
    changed('second-copy', (action) => to(action, { Errors: [{ ErrorType: 'NoMatchingError', NextAction: 'sorry' }] })),
    /second-copy: has no error branch/,
  ],
  [
    'a missing loop condition',
    changed('second-copy', (action) => to(action, { Conditions: [] })),
    /needs exactly the conditions/,
  ],
  [
    'a condition that is not allowed',
    changed('redeem', (action) =>
      to(action, { Conditions: [{ NextAction: 'sorry', Condition: { Operator: 'Equals', Operands: ['x'] } }] }),
    ),
    /redeem: cannot have conditions/,
  ],
  [
    'a transition after the end of the flow',
    changed('bye', (action) => to(action, { NextAction: 'sorry' })),
    /bye: ends the flow/,
  ],
  [
    'a missing NextAction',
    changed('redeem', (action) => ({ ...action, Transitions: { Errors: action.Transitions.Errors ?? [] } })),
    /redeem: has no NextAction/,
  ],
  [
    'an unreachable action',
    changed('keep-context', (action) =>
      to(action, { NextAction: 'whisper', Errors: [{ ErrorType: 'NoMatchingError', NextAction: 'whisper' }] }),
    ),
    /keep-crm: cannot be reached/,
  ],
  [
    'a hang-up before any queue',
    changed('no-context', (action) => to(action, { NextAction: 'sorry' })),
    /bye: hangs up on a caller/,
  ],
  [
    'a transfer to a queue that was never set',
    changed('status-missing', (action) => to(action, { NextAction: 'stay-on' })),
    /bye: hangs up on a caller/,
  ],
  [
    'a Loop whose way out leads back to it',
    changed('still-full', (action) => ({
      ...action,
      Transitions: {
        NextAction: 'to-default-queue',
        Conditions: (action.Transitions.Conditions ?? []).map((condition) => ({
          ...condition,
          NextAction: 'to-default-queue',
        })),
      },
    })),
    /still-full: can run again without a Loop/,
  ],
  [
    'a cycle without a Loop',
    changed('no-context', (action) => to(action, { NextAction: 'collect-token' })),
    /without a Loop/,
  ],
  ['a missing parameter', given('redeem', { LambdaFunctionARN: undefined }), /redeem: .*LambdaFunctionARN is missing/],
  ['an unknown parameter', given('to-queue', { Queue: 'x' }), /to-queue: the parameter Queue is not known/],
  ['a number that is no text', given('second-copy', { LoopCount: 2 }), /LoopCount is no number from 0 to 100/],
  ['a number out of range', given('redeem', { InvocationTimeLimitSeconds: '9' }), /is no number from 1 to 8/],
  ['a queue by its name', given('queue-default', { QueueId: 'Billing' }), /queue-default: .*QueueId is no ARN/],
  [
    'a comparison with a misspelt path',
    given('check-status', { ComparisonValue: '$.Externl.token_status' }),
    /no path/,
  ],
  [
    'an attribute that mixes text and path',
    given('no-context', { Attributes: { summary: 'See $.External.summary' } }),
    /summary is neither a fixed text nor a single path/,
  ],
  ['a message with a misspelt path', given('sorry', { Text: 'Sorry, $.Attribute.name.' }), /holds \$\.Attribute\.name/],
  ['a message with two texts', given('sorry', { SSML: '<speak>Sorry.</speak>' }), /needs exactly one of/],
  ['a message without a text', given('sorry', { Text: undefined }), /sorry: needs exactly one of/],
  [
    'keys that end the input but cannot be typed',
    given('collect-token', { DTMFConfiguration: { InputTerminationSequence: 'A' } }),
    /InputTerminationSequence is not one to five keys/,
  ],
  ['input without a maximum length', given('collect-token', { InputValidation: {} }), /CustomValidation is missing/],
  ['two event hooks in one action', given('whisper', { EventHooks: { A: '${a}', B: '${b}' } }), /more than 1 entry/],
  [
    'an action without parameters',
    changed('bye', (action) => ({ ...action, Parameters: undefined }) as unknown as FlowAction),
    /has no Parameters/,
  ],
  [
    'more than 250 actions',
    changed('sorry', (action) =>
      Array.from({ length: 251 }, (_, index) => ({ ...action, Identifier: `sorry${index}` })),
    ),
    /more than 250/,
  ],
];

for (const [rule, flow, problem] of RULES) {
  test(`the flow linter reports ${rule}`, () => {
    assert.match(lintFlow(flow).join('\n'), problem);
  });
}

test('the flow linter reports a flow that ends without a queue for the caller', () => {
  const flow = changed('no-context', (action) => [
    to(action, { NextAction: 'quit' }),
    { Identifier: 'quit', Type: 'EndFlowExecution', Parameters: {}, Transitions: {} },
  ]);
  assert.match(lintFlow(flow).join('\n'), /quit: ends without a queue/);
});
