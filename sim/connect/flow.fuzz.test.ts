import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../test/support/fake-clock.js';
import { ODD_JSON, fuzz } from '../../test/support/fuzz.js';
import { DigitInput } from './digit-input.js';
import { type Flow, type FlowAction, loadFlow } from './flow.js';
import { newContact } from './flow-contact.js';
import { lintFlow } from './flow-lint.js';
import { type FlowEnd, FlowRunner } from './flow-runner.js';

const DEFAULT_QUEUE = 'arn:queue/default';
const FLOW = loadFlow('contact-flow', {
  default_queue_arn: DEFAULT_QUEUE,
  lambda_arn: 'arn:lambda',
  whisper_flow_arn: 'arn:whisper',
  guide_flow_arn: 'arn:guide',
});
const NAMES = FLOW.Actions.map(({ Identifier }) => Identifier);

interface Change {
  at: number;
  how: string;
  to: string;
  key: number;
  value: unknown;
}

/** The deployed flow with some of its actions wired elsewhere, left out, or with other parameters. */
const FLOWS = fc
  .array(
    fc.record({
      at: fc.nat(FLOW.Actions.length - 1),
      how: fc.constantFrom('next', 'error', 'no errors', 'remove', 'parameter', 'no parameter', 'type', 'end', 'none'),
      to: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...NAMES) }, fc.constantFrom('nowhere', '')),
      key: fc.nat(),
      value: ODD_JSON,
    }),
    { maxLength: 4 },
  )
  .map((changes) => changes.reduce<Flow>(changed, structuredClone(FLOW)));

function changed(flow: Flow, { at, how, key, to, value }: Change): Flow {
  const actions = flow.Actions.flatMap((action, index): FlowAction[] => {
    if (index !== at % flow.Actions.length) return [action];
    const { Errors = [], ...transitions } = action.Transitions;
    const name = Object.keys(action.Parameters)[key % Math.max(1, Object.keys(action.Parameters).length)] ?? 'Unknown';
    switch (how) {
      case 'next':
        return [{ ...action, Transitions: { ...action.Transitions, NextAction: to } }];
      case 'error':
        return [
          { ...action, Transitions: { ...transitions, Errors: Errors.map((error) => ({ ...error, NextAction: to })) } },
        ];
      case 'no errors':
        return [{ ...action, Transitions: transitions }];
      case 'parameter':
        return [{ ...action, Parameters: { ...action.Parameters, [name]: value } }];
      case 'no parameter':
        return [{ ...action, Parameters: {} }];
      case 'type':
        return [{ ...action, Type: flow.Actions[key % flow.Actions.length]?.Type ?? '' }];
      case 'end':
        return [{ ...action, Type: 'DisconnectParticipant', Transitions: {} }];
      default:
        return how === 'remove' && flow.Actions.length > 1 ? [] : [action];
    }
  });
  return { ...flow, Actions: actions };
}

test('the flow linter throws on no flow, and a flow without a fault in its wiring leads the caller to a queue', () =>
  fuzz(FLOWS, async (flow) => {
    const problems = lintFlow(flow, 'call');
    assert.ok(problems.length < 500);
    const { end, steps } = await run(flow, () => Promise.resolve({ token_status: 'invalid', route_to_queue: 'false' }));
    assert.ok(steps <= 1000);
    const hasOwnParameters = flow.Actions.every((action) => {
      const original = FLOW.Actions.find(({ Identifier }) => Identifier === action.Identifier);
      return (
        original?.Type === action.Type && JSON.stringify(original.Parameters) === JSON.stringify(action.Parameters)
      );
    });
    if (problems.length === 0 && hasOwnParameters) assert.equal(typeof end, 'object', JSON.stringify(end));
  }));

test('whatever the Lambda answers, the deployed flow leads the caller to a queue', () => {
  const answer = fc.oneof(
    ODD_JSON,
    fc.dictionary(
      fc.constantFrom('token_status', 'success', 'route_to_queue', 'queue_arn', 'summary', 'other'),
      ODD_JSON,
    ),
    fc.dictionary(
      fc.constantFrom('token_status', 'route_to_queue', 'queue_arn', 'priority'),
      fc.constantFrom('valid', 'used', 'true', DEFAULT_QUEUE, 'arn:queue/full', ''),
    ),
    fc.constantFrom('throw', 'hang'),
  );
  return fuzz(answer, async (given) => {
    const lambda = (): Promise<unknown> => {
      if (given === 'throw') return Promise.reject(new Error('the function failed'));
      return given === 'hang' ? new Promise(() => undefined) : Promise.resolve(given);
    };
    const { end } = await run(FLOW, lambda);
    assert.equal(typeof end, 'object', JSON.stringify(end));
  });
});

/** Runs a flow for a caller who presses nothing. */
async function run(flow: Flow, lambda: () => Promise<unknown>): Promise<{ end: FlowEnd; steps: number }> {
  const clock = new FakeClock();
  let steps = 0;
  const runner = new FlowRunner(
    {
      clock,
      input: new DigitInput(clock),
      lambda,
      queues: new Map([
        [DEFAULT_QUEUE, { name: 'default', hasRoom: true }],
        ['arn:queue/full', { name: 'full', hasRoom: false }],
      ]),
      onStep: () => steps++,
      onMessage: () => undefined,
    },
    newContact({
      contactId: 'contact',
      customerNumber: '+12025550123',
      systemNumber: '+18005550100',
      isGone: () => false,
      pause: () => Promise.resolve(),
    }),
  );
  const result: { end?: FlowEnd; thrown?: unknown } = {};
  runner.run(flow).then(
    (end) => (result.end = end),
    (error: unknown) => (result.thrown = error),
  );
  for (let turn = 0; turn < 20_000 && Object.keys(result).length === 0; turn++) {
    await setImmediate();
    clock.advance(10_000);
  }
  const { end, thrown } = result;
  assert.equal(thrown, undefined, String(thrown));
  assert.ok(end !== undefined, 'the flow has an end');
  return { end, steps };
}
