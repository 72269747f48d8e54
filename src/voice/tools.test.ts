import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { z } from 'zod';
import { FakeClock } from '../../test/support/fake-clock.js';
import { type AssistantTool, ToolRunner, defineTool, toolDefinition } from './tools.js';

const log = pino({ level: 'silent' });

function runnerOf(tool: AssistantTool) {
  const clock = new FakeClock();
  const results: unknown[] = [];
  const faults: string[] = [];
  const fillers: string[] = [];
  const runner = new ToolRunner({
    tools: [tool],
    clock,
    onFault: (fault) => faults.push(fault),
    context: () => ({ conversationId: 'c1', callerNumber: '+12025550123', log }),
  });
  return {
    clock,
    results,
    faults,
    fillers,
    runner,
    call: (name: string, callArguments: unknown) =>
      runner.run({
        name,
        arguments: callArguments,
        onResult: (output) => results.push(output),
        onFiller: (text) => fillers.push(text),
      }),
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const lookup = defineTool({
  name: 'order_status',
  description: 'Where an order is.',
  parameters: z.object({ number: z.string().regex(/^\d+$/) }),
  run: ({ number }, { callerNumber }) => Promise.resolve({ number, callerNumber, where: 'on its way' }),
});

describe('the tool runner', () => {
  test('a tool is described to the model by its schema', () => {
    const { name, parameters } = toolDefinition(lookup);
    assert.equal(name, 'order_status');
    assert.deepEqual(parameters['required'], ['number']);
    assert.equal('$schema' in parameters, false);
  });

  test("a tool gets the arguments its schema allows, and the caller's number", async () => {
    const rig = runnerOf(lookup);
    rig.call('order_status', { number: '4711', extra: 1 });
    await settle();
    assert.deepEqual(rig.results, [{ number: '4711', callerNumber: '+12025550123', where: 'on its way' }]);
    assert.equal(rig.clock.timers, 0);
  });

  test('a call of an unknown tool, or with wrong arguments, tells the model what is wrong', async () => {
    const rig = runnerOf(lookup);
    rig.call('fly', {});
    rig.call('order_status', { number: 'x' });
    rig.call('order_status', 'not an object');
    await settle();
    assert.equal(rig.results.length, 3);
    assert.match(JSON.stringify(rig.results[0]), /no tool named fly/);
    assert.match(JSON.stringify(rig.results[1]), /number:/);
  });

  test('a tool that throws, returns nothing or returns what JSON cannot hold still answers the model', async () => {
    for (const [run, expected] of [
      [() => Promise.reject(new Error('secret')), /did not work/],
      [() => Promise.resolve(undefined), /"ok"/],
      [() => Promise.resolve(() => 1), /did not work/],
      [() => Promise.resolve(10n), /did not work/],
      [() => Promise.resolve('x'.repeat(20_000)), /did not work/],
      [
        () => {
          throw new Error('at once');
        },
        /did not work/,
      ],
    ] as const) {
      const rig = runnerOf({ ...lookup, run });
      rig.call('order_status', { number: '1' });
      await settle();
      assert.equal(rig.results.length, 1);
      assert.match(JSON.stringify(rig.results[0]), expected);
      assert.doesNotMatch(JSON.stringify(rig.results[0]), /secret/);
    }
  });

  test('a schema that throws, and a transform that rejects or does not end, still answer the model', async () => {
    const boom = (): never => {
      throw new Error('secret');
    };
    const odd = (schema: object): AssistantTool['parameters'] => schema as unknown as AssistantTool['parameters'];
    const unreadable = { path: [Symbol('secret')], message: 'odd' };
    for (const [parameters, expected] of [
      [z.object({}).transform(boom), /did not work/],
      [z.object({}).transform(() => Promise.reject(new Error('secret'))), /did not work/],
      [z.object({}).refine(boom), /did not work/],
      [odd({ safeParseAsync: boom }), /did not work/],
      [odd({ safeParseAsync: () => undefined }), /did not work/],
      [odd({ safeParseAsync: () => ({ success: false, error: { issues: [unreadable] } }) }), /do not fit/],
      [z.object({}).transform(() => new Promise(() => undefined)), /took too long/],
      [z.object({}).transform(() => Promise.resolve({ number: '5' })), /"number":"5"/],
    ] as const) {
      const rig = runnerOf({ ...lookup, parameters });
      rig.call('order_status', {});
      await settle();
      if (rig.results.length === 0) rig.clock.advance(10_000);
      assert.equal(rig.results.length, 1);
      assert.match(JSON.stringify(rig.results[0]), expected);
      assert.equal(rig.clock.timers, 0);
    }
  });

  test('an answer is plain data, whatever code was in the result', async () => {
    let reads = 0;
    const result = {
      get state() {
        if (++reads > 1) throw new Error('read twice');
        return 'sent';
      },
    };
    const rig = runnerOf({ ...lookup, run: () => Promise.resolve(result) });
    rig.call('order_status', { number: '1' });
    await settle();
    assert.deepEqual(rig.results, [{ state: 'sent' }]);
    assert.equal(JSON.stringify(rig.results), '[{"state":"sent"}]');
  });

  test('each fault of a tool is counted by its kind, also one of the session that gets the answer', async () => {
    const rig = runnerOf({ ...lookup, run: () => Promise.reject(new Error()) });
    rig.call('order_status', { number: '1' });
    rig.runner.run({
      name: 'order_status',
      arguments: { number: '1' },
      onFiller: assert.fail,
      onResult: () => {
        throw new Error('the session is broken');
      },
    });
    await settle();
    assert.deepEqual(rig.faults, ['failed', 'failed', 'unanswered']);
  });

  test('a tool that hangs is answered once after its timeout, and is aborted', async () => {
    let signal: AbortSignal | undefined;
    let finish: (value: unknown) => void = () => undefined;
    const rig = runnerOf({
      ...lookup,
      timeoutMs: 3000,
      run: (_parameters, context) => {
        ({ signal } = context);
        return new Promise((resolve) => (finish = resolve));
      },
    });
    rig.call('order_status', { number: '1' });
    await settle();
    rig.clock.advance(2999);
    assert.equal(rig.results.length, 0);
    rig.clock.advance(1);
    assert.match(JSON.stringify(rig.results), /took too long/);
    assert.equal(signal?.aborted, true);
    finish('late');
    await settle();
    assert.equal(rig.results.length, 1);
    assert.equal(rig.clock.timers, 0);
  });

  test('the filler is said only if the tool takes a moment', async () => {
    let finish: (value: unknown) => void = () => undefined;
    const rig = runnerOf({
      ...lookup,
      filler: 'Let me look.',
      run: () => new Promise((resolve) => (finish = resolve)),
    });
    rig.call('order_status', { number: '1' });
    await settle();
    rig.clock.advance(599);
    assert.deepEqual(rig.fillers, []);
    rig.clock.advance(1);
    assert.deepEqual(rig.fillers, ['Let me look.']);
    finish('done');
    await settle();
    rig.call('order_status', { number: '2' });
    await settle();
    finish('done');
    await settle();
    rig.clock.advance(10_000);
    assert.equal(rig.fillers.length, 1);
    assert.deepEqual(rig.results, ['done', 'done']);
  });

  test('a tool is aborted when the call is over, and the model gets no answer', async () => {
    let signal: AbortSignal | undefined;
    const rig = runnerOf({
      ...lookup,
      filler: 'Let me look.',
      run: (_parameters, context) => {
        ({ signal } = context);
        return new Promise((_resolve, reject) => context.signal.addEventListener('abort', () => reject(new Error())));
      },
    });
    rig.call('order_status', { number: '1' });
    await settle();
    rig.runner.close();
    await settle();
    assert.equal(signal?.aborted, true);
    assert.deepEqual([rig.results, rig.fillers, rig.clock.timers], [[], [], 0]);
  });
});
