import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOW_KINDS, type Flow, type FlowAction, type FlowName, loadFlow } from './flow.js';
import { lintFlow } from './flow-lint.js';

test('the flow linter finds no problem in the deployed flows', () => {
  for (const [name, kind] of Object.entries(FLOW_KINDS))
    assert.deepEqual(lintFlow(loadFlow(name as FlowName), kind), [], name);
});

/** Returns a flow with the action `id` replaced by the result of `change`, or removed if that is `undefined`. */
function changed(
  id: string,
  change: (action: FlowAction) => FlowAction | readonly FlowAction[] | undefined,
  name: FlowName = 'contact-flow',
): Flow {
  const flow = loadFlow(name);
  return {
    ...flow,
    Actions: flow.Actions.flatMap((action) => (action.Identifier === id ? (change(action) ?? []) : action)),
  };
}

const to = (action: FlowAction, transitions: FlowAction['Transitions']): FlowAction => ({
  ...action,
  Transitions: { ...action.Transitions, ...transitions },
});

/** Returns a flow with parameters of the action `id` replaced, or left out if they are `undefined`. */
function given(id: string, parameters: Readonly<Record<string, unknown>>, name: FlowName = 'contact-flow'): Flow {
  return changed(
    id,
    (action) => ({
      ...action,
      Parameters: Object.fromEntries(
        Object.entries({ ...action.Parameters, ...parameters }).filter(([, value]) => value !== undefined),
      ),
    }),
    name,
  );
}

/** Returns the guide with other data for the view without context. */
const shown = (data: Readonly<Record<string, unknown>>): Flow => {
  const { Parameters } = loadFlow('agent-guide').Actions.find(({ Type }) => Type === 'ShowView') as FlowAction;
  return given('show-no-context', { ViewData: { ...(Parameters['ViewData'] as object), ...data } }, 'agent-guide');
};

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
    /keep-crm-contact: cannot be reached/,
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
  [
    'a transfer that no queue was set for',
    {
      ...loadFlow('contact-flow'),
      Actions: loadFlow('contact-flow').Actions.map((action) => {
        const past = { queue: 'whisper', next: 'to-queue', error: 'sorry' };
        if (action.Identifier === 'which-queue')
          return {
            ...action,
            Transitions: {
              NextAction: past.queue,
              Errors: [{ ErrorType: 'NoMatchingCondition', NextAction: past.queue }],
            },
          };
        if (action.Identifier !== past.next) return action;
        const errors = ['QueueAtCapacity', 'NoMatchingError'].map((ErrorType) => ({
          ErrorType,
          NextAction: past.error,
        }));
        return to(action, { Errors: errors });
      }),
    },
    /bye: hangs up on a caller who was in no queue/,
  ],
  [
    'a token that is read while the flow is logged',
    given('logging-off', { FlowLoggingBehavior: 'Enabled' }),
    /collect-token: writes a token to the log(.|\n)*redeem: writes a token to the log/,
  ],
  [
    'a log that stays off after the token',
    given('logging-on', { FlowLoggingBehavior: 'Disabled' }),
    /to-queue: leaves the log off/,
  ],
  [
    'a block without a position',
    { ...loadFlow('contact-flow'), Metadata: { ActionMetadata: {} } },
    /bye: has no position for the designer/,
  ],
  [
    'a block that is drawn over another',
    {
      ...loadFlow('contact-flow'),
      Metadata: {
        ActionMetadata: {
          ...loadFlow('contact-flow').Metadata?.ActionMetadata,
          bye: { position: { x: 240, y: 90 } },
        },
      },
    },
    /bye: is drawn over another block/,
  ],
  [
    'a switch of the buffer that is neither on nor off',
    given('buffer-on', { EnableDTMFBuffer: 'yes' }),
    /is not True or/,
  ],
  [
    'a buffer that also reads',
    given('buffer-on', { StoreInput: 'True' }),
    /buffer-on: the parameter StoreInput is not/,
  ],
  ['a priority of none', given('priority-3', { QueuePriority: '0' }), /priority-3: .*QueuePriority is no number/],
  [
    'an engine that Polly does not have',
    given('set-voice', { TextToSpeechEngine: 'Loud' }),
    /set-voice: .*is not Standard/,
  ],
  [
    'an attribute of the flow without a value',
    given('lines-de', { FlowAttributes: { voice: 'Vicki' } }),
    /lines-de: .*voice is no object/,
  ],
  ['a hook on an event that does not exist', given('guide', { EventHooks: { AgentScreen: '${a}' } }), /is no event/],
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
    assert.match(lintFlow(flow, 'call').join('\n'), problem);
  });
}

const GUIDE_RULES: readonly (readonly [rule: string, flow: Flow, problem: RegExp])[] = [
  [
    'a view that is logged',
    given('logging-off', { FlowLoggingBehavior: 'Enabled' }, 'agent-guide'),
    /show-context: writes what was said to the log/,
  ],
  ['a view that is not shown', shown({ Sections: undefined }), /has no Sections/],
  ['a view that the agent cannot leave', shown({ Back: undefined }), /cannot leave it/],
  ['a field that the view does not have', shown({ Footer: 'x' }), /has Footer, which the view Detail does not know/],
  ['a misspelt path in a view', shown({ Heading: '$.Attribute.reason' }), /Heading holds \$\.Attribute\.reason/],
  ['markup in a view', shown({ Sections: [{ TemplateString: '<b>$.Attributes.summary</b>' }] }), /no list of Items/],
  ['an item without a label', shown({ AttributeBar: [{ Value: 'x' }] }), /item whose Label is no text/],
  [
    'a link without an address',
    shown({ AttributeBar: [{ Label: 'CRM', Value: 'x', LinkType: 'external' }] }),
    /a link that is not external with a Url/,
  ],
  [
    'a link that is none',
    shown({ AttributeBar: [{ Label: 'CRM', Value: 'x', Url: 'https://a' }] }),
    /a Url without a LinkType/,
  ],
  [
    'a view without its version',
    given('show-no-context', { ViewResource: { Id: 'arn:aws:connect:eu-west-2:aws:view/detail' } }, 'agent-guide'),
    /is no ARN of one of Connect's own views/,
  ],
  [
    'a view without a time limit',
    given('show-no-context', { InvocationTimeLimitSeconds: undefined }, 'agent-guide'),
    /InvocationTimeLimitSeconds is missing/,
  ],
  [
    'a view without the branch for its time limit',
    changed(
      'show-context',
      (action) => to(action, { Errors: [{ ErrorType: 'NoMatchingError', NextAction: 'bye' }] }),
      'agent-guide',
    ),
    /show-context: the error branch TimeLimitExceeded is missing/,
  ],
];

for (const [rule, flow, problem] of GUIDE_RULES) {
  test(`the flow linter reports ${rule} in a guide`, () => {
    assert.match(lintFlow(flow, 'guide').join('\n'), problem);
  });
}

test('the flow linter reports a block in a kind of flow that cannot hold it', () => {
  assert.match(lintFlow(loadFlow('agent-guide'), 'call').join('\n'), /ShowView is not possible in a call flow/);
  assert.match(
    lintFlow(loadFlow('contact-flow'), 'guide').join('\n'),
    /TransferContactToQueue is not possible in a guide/,
  );
  assert.match(
    lintFlow(loadFlow('contact-flow'), 'whisper').join('\n'),
    /GetParticipantInput is not possible in a whisper/,
  );
  assert.match(
    lintFlow(loadFlow('agent-whisper'), 'guide').join('\n'),
    /EndFlowExecution is not possible in a guide flow/,
  );
});

test('the flow linter reports a flow that ends without a queue for the caller', () => {
  const flow = changed('no-context', (action) => [
    to(action, { NextAction: 'quit' }),
    { Identifier: 'quit', Type: 'EndFlowExecution', Parameters: {}, Transitions: {} },
  ]);
  assert.match(lintFlow(flow, 'call').join('\n'), /quit: ends without a queue/);
});
