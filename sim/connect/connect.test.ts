import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedeemer } from '../../lambda/connect/redeem.js';
import { priorityOf } from '../../src/escalation/priority.js';
import { HandoverDesk } from '../../src/handover/desk.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../../src/handover/embedded-dynamodb.js';
import { whisperDigits } from '../../src/handover/token.js';
import { createLogger } from '../../src/telemetry/log.js';
import {
  ANSWER,
  BILLING_QUEUE,
  DEFAULT_QUEUE,
  INSTANCES,
  type Scene,
  TOKEN,
  call,
  lambda,
  refused,
} from '../../test/support/connect-scene.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { SimulatedConnectOptions } from './connect.js';
import { loadFlow } from './flow.js';
import { handoverStepOf } from './handover-steps.js';
import type { LambdaFunction } from './flow-lambda.js';
import type { LineConditions } from './line.js';

const reads = (scene: Scene): number => scene.steps.filter((step) => step.action === 'collect-token').length;

const ARRIVES: readonly (readonly [what: string, digits: string, reads: number])[] = [
  ['the line is clean', whisperDigits(TOKEN), 1],
  ['the first copy lost a digit', `wwww407182936#wwww${TOKEN}#`, 2],
  ['the first copy is lost', `wwwwwwwwwwww${TOKEN}#`.slice(4), 1],
  ['a digit is doubled', `wwww40771829365#wwww${TOKEN}#`, 1],
  ['the # between the copies is lost', `wwww${TOKEN}wwww${TOKEN}#`, 1],
  ['the # between the copies and a digit are lost', `wwww407182936wwww${TOKEN}#`, 1],
  ['every # is lost', `wwww${TOKEN}wwww${TOKEN}`, 1],
  ['the second copy is lost', `wwww${TOKEN}#`, 1],
  ['a stray # splits the first copy', `wwww40718#29365#wwww${TOKEN}#`, 3],
];

for (const [what, digits, readCount] of ARRIVES) {
  for (const [instance, options] of INSTANCES) {
    test(`the context arrives when ${what}, with ${instance}`, async () => {
      const scene = await call(digits, options);
      const { screen, leg } = scene;
      assert.equal(screen?.queue, 'Billing');
      assert.equal(screen.attributes['token_status'], 'valid');
      assert.equal(screen.attributes['summary'], ANSWER.summary);
      assert.equal(scene.whispered[0]?.text, `From the assistant. ${ANSWER.reason_text}`);
      assert.equal(reads(scene), readCount);
      assert.equal(scene.queueDigits, 0, 'no digit reaches the queue');
      assert.ok(leg.hungUp);
    });
  }
}

test('the steps of a handover tell how many digits were heard, what the function said, and the queue, and never a digit', async () => {
  const steps = async (digits: string, options: Partial<SimulatedConnectOptions> = {}): Promise<unknown[]> =>
    (await call(digits, options)).steps.flatMap((step) => handoverStepOf(step) ?? []);
  assert.deepEqual(await steps(whisperDigits(TOKEN)), [
    { step: 'heard', digits: 10 },
    { step: 'lambda', status: 'valid' },
    { step: 'queue', queue: 'Billing' },
  ]);
  assert.deepEqual((await steps(`wwww407182936#wwww${TOKEN}#`)).slice(0, 4), [
    { step: 'heard', digits: 9 },
    { step: 'lambda', status: 'invalid' },
    { step: 'heard', digits: 10 },
    { step: 'lambda', status: 'valid' },
  ]);
  const broken = { lambda: () => Promise.reject(new Error('broken')) };
  assert.deepEqual(
    (await steps(whisperDigits(TOKEN), broken)).filter((step) => JSON.stringify(step).includes('lambda')),
    [{ step: 'lambda', status: 'failed' }],
  );
});

const WITHOUT: readonly (readonly [
  what: string,
  status: string,
  digits: string,
  options: Partial<SimulatedConnectOptions>,
])[] = [
  ['all digits are lost', 'missing', '', {}],
  ['both copies are damaged', 'invalid', 'wwww407182936#wwww07182936#', {}],
  ['the token has expired', 'expired', whisperDigits(TOKEN), { lambda: () => Promise.resolve(refused('expired')) }],
  ['the token was used', 'used', whisperDigits(TOKEN), { lambda: () => Promise.resolve(refused('used')) }],
  ['the function does not answer', 'error', whisperDigits(TOKEN), { lambda: () => new Promise(() => undefined) }],
  [
    'the function returns values that are not strings',
    'error',
    whisperDigits(TOKEN),
    { lambda: () => Promise.resolve({ token_status: 1 }) },
  ],
  [
    'the function returns too much data',
    'error',
    whisperDigits(TOKEN),
    { lambda: () => Promise.resolve({ ...ANSWER, summary: 'x'.repeat(33_000) }) },
  ],
];

for (const [what, status, digits, options] of WITHOUT) {
  for (const [instance, more] of INSTANCES)
    test(`a human in the default queue takes the call within 20 s when ${what}, with ${instance}`, async () => {
      const { queueDigits, screen, screenMs, leg } = await call(digits, { ...options, ...more });
      assert.equal(screen?.queue, 'Default');
      assert.equal(screen.attributes['token_status'], status);
      assert.equal(screen.view?.heading, 'No context from the assistant');
      assert.ok(screenMs < 20_000, `${screenMs} ms`);
      assert.equal(queueDigits, 0);
      assert.ok(leg.hungUp);
    });
}

/** Tones 0-9 are the first copy, 10 is its #, 11-20 are the second copy, 21 is its #. */
const LINES: readonly (readonly [what: string, line: LineConditions])[] = [
  ['a tone is cut out', { cut: [3] }],
  ['a tone falls into two', { split: [3] }],
  ['the # of the first copy falls into two', { split: [10] }],
  ['every tone falls into two', { split: Array.from({ length: 22 }, (_, position) => position) }],
  ['two tones run together', { joined: [3] }],
  ['the first copy and its # are cut off', { cut: Array.from({ length: 11 }, (_, position) => position) }],
  ['the first # is cut out and a tone with it', { cut: [2, 10] }],
  ['one copy has lost a tone, the other has one too many', { cut: [2], split: [14] }],
];

for (const [what, line] of LINES) {
  for (const buffersTones of [true, false])
    test(`the context arrives over a line on which ${what}, with tones between blocks ${buffersTones ? 'kept' : 'lost'}`, async () => {
      const { queueDigits, screen } = await call(whisperDigits(TOKEN), { buffersTones }, Infinity, line);
      assert.equal(screen?.attributes['token_status'], 'valid');
      assert.equal(screen.queue, 'Billing');
      // With every tone doubled the first copy is cut at twenty keys, and what is left of it hides the second.
      if (line.split === undefined || line.split.length < 22) assert.equal(queueDigits, 0);
    });
}

/** The function answers when a cold start is over. Meanwhile the second copy of the digits comes. */
const slowly =
  (clock: FakeClock, delayMs: number, then: LambdaFunction): LambdaFunction =>
  (event) =>
    new Promise((resolve) => {
      clock.setTimer(delayMs, () => resolve(then(event)));
    });

for (const [buffersTones, status] of [
  [true, 'valid'],
  [false, 'invalid'],
] as const)
  test(`a second copy that comes while the function is slow is ${buffersTones ? 'kept' : 'lost'} by an instance that ${buffersTones ? 'keeps' : 'loses'} tones between blocks`, async () => {
    const clock = new FakeClock();
    const options = { clock, lambda: slowly(clock, 5000, lambda), buffersTones };
    const { screen, queueDigits } = await call(`wwww407182936#wwww${TOKEN}#`, options);
    assert.equal(screen?.attributes['token_status'], status);
    assert.equal(queueDigits, 0);
  });

test('without the block that swallows it the second copy of the digits would reach the flow of the queue', async () => {
  const flow = loadFlow('contact-flow', { lambda_arn: 'arn:lambda', default_queue_arn: DEFAULT_QUEUE });
  const direct = JSON.parse(
    JSON.stringify(flow).replaceAll('"NextAction":"any-copy-left"', '"NextAction":"logging-on"'),
  );
  const { queueDigits } = await call(whisperDigits(TOKEN), { flow: direct as typeof flow });
  assert.equal(queueDigits, 11);
});

test('what was typed, answered and said is never in a flow’s log, and everything else after it is', async () => {
  for (const options of [{}, { lambda: () => Promise.reject(new Error('down')) }]) {
    const { steps } = await call(whisperDigits(TOKEN), options);
    const ofCall = steps.slice(0, steps.findIndex(({ action }) => action === 'to-queue') + 1);
    const on = ofCall.findIndex(({ action }) => action === 'logging-on');
    assert.ok(on > 0 && ofCall[0]?.action === 'logging-off');
    assert.deepEqual(
      ofCall.filter(({ isLogged }, index) => isLogged !== index >= on),
      [],
    );
    assert.ok(ofCall.slice(on).every(({ type }) => type !== 'GetParticipantInput'));
    // The whisper inherits the log. The guide shows the summary, and has it off.
    const ofAgent = steps.slice(ofCall.length);
    assert.ok(ofAgent.find(({ action }) => action === 'say-reason')?.isLogged);
    assert.equal(ofAgent.find(({ type }) => type === 'ShowView')?.isLogged, false);
  }
});

test('a function that fails is asked once more with the log on and without a token, so that the log says why', async () => {
  const asked: unknown[] = [];
  const { steps } = await call(whisperDigits(TOKEN), {
    lambda: (event) => {
      asked.push((event as { Details: { Parameters: unknown } }).Details.Parameters);
      return Promise.reject(new Error('no permission'));
    },
  });
  assert.deepEqual(asked.at(-1), { action: 'check' });
  assert.ok(steps.find(({ action }) => action === 'log-why')?.isLogged);
  const { steps: usual } = await call(whisperDigits(TOKEN));
  assert.ok(!usual.some(({ action }) => action === 'log-why'));
});

test('the contact has the priority of the handover, for every priority that the gateway sets', async () => {
  const reasons = ['requested_human', 'angry_caller', 'caller_silent', 'call_limit', 'assistant_failed'] as const;
  for (const reason of reasons)
    for (const trigger of ['phrase', 'failure'] as const) {
      const priority = priorityOf({ reason, trigger });
      const { screen } = await call(whisperDigits(TOKEN), { lambda: () => Promise.resolve({ ...ANSWER, priority }) });
      assert.equal(screen?.priority, priority, `${reason} by ${trigger}`);
    }
  const { screen } = await call('', {});
  assert.equal(screen?.priority, '5');
});

const matching: LambdaFunction = async (event) => {
  const { action } = (event as { Details: { Parameters: { action: string } } }).Details.Parameters;
  return action === 'match_caller' ? { ...ANSWER, token_status: 'ani_match' } : lambda(event);
};

for (const [what, cut] of [
  ['no tone arrives', Array.from({ length: 22 }, (_, position) => position)],
  ['both copies lack a tone', [4, 15]],
] as const) {
  test(`the caller is matched by phone number when ${what}`, async () => {
    const { screen, screenMs } = await call(whisperDigits(TOKEN), { lambda: matching }, Infinity, { cut });
    assert.equal(screen?.view?.heading, ANSWER.reason_text);
    assert.equal(screen?.attributes['token_status'], 'ani_match');
    assert.equal(screen.queue, 'Billing');
    assert.ok(screenMs < 20_000, `${screenMs} ms`);
  });
}

test('a human takes the call when nothing arrives and the function fails', async () => {
  const { screen } = await call('', { lambda: () => Promise.reject(new Error('down')) });
  assert.equal(screen?.queue, 'Default');
  assert.equal(screen.attributes['token_status'], 'error');
});

test('a function that throws is asked three times, then a human takes the call', async () => {
  let calls = 0;
  const { screen } = await call(whisperDigits(TOKEN), {
    lambda: () => {
      calls++;
      return Promise.reject(new Error('down'));
    },
  });
  // Three tries, and then three of the check that makes the log say why.
  assert.equal(calls, 6);
  assert.equal(screen?.attributes['token_status'], 'error');
});

test('digits are not collected a second time for an expired token', async () => {
  const scene = await call(whisperDigits(TOKEN), {
    lambda: () => Promise.resolve(refused('expired')),
  });
  assert.equal(reads(scene), 1);
});

for (const queue_arn of ['', 'arn:queue/unknown']) {
  test(`the context goes to the default queue when the record's queue is "${queue_arn}"`, async () => {
    const { screen } = await call(whisperDigits(TOKEN), { lambda: () => Promise.resolve({ ...ANSWER, queue_arn }) });
    assert.equal(screen?.queue, 'Default');
    assert.equal(screen.attributes['summary'], ANSWER.summary);
  });
}

test('a full queue overflows into the default queue, with the context', async () => {
  const queues = new Map([
    [DEFAULT_QUEUE, { name: 'Default', hasRoom: true }],
    [BILLING_QUEUE, { name: 'Billing', hasRoom: false }],
  ]);
  const { screen } = await call(whisperDigits(TOKEN), { queues });
  assert.equal(screen?.queue, 'Default');
  assert.equal(screen.attributes['handover_id'], '01J');
});

test('a caller whose queues are all full is tried again while they wait, and gets in as soon as there is room', async () => {
  let tries = 0;
  const filling = {
    name: 'Default',
    get hasRoom() {
      return ++tries > 8;
    },
  };
  const { screen, steps } = await call(whisperDigits(TOKEN), { queues: new Map([[DEFAULT_QUEUE, filling]]) });
  assert.equal(screen?.queue, 'Default');
  assert.equal(screen.attributes['handover_id'], '01J');
  assert.ok(steps.filter(({ action }) => action === 'stay-on').length > 2);
});

test('when every queue stays full for minutes the caller hears so before the call ends', async () => {
  const queues = new Map([[DEFAULT_QUEUE, { name: 'Default', hasRoom: false }]]);
  const { screen, steps, leg } = await call(whisperDigits(TOKEN), { queues });
  assert.equal(screen, undefined);
  assert.equal(steps.filter(({ action }) => action === 'stay-on').length, 50);
  assert.deepEqual(
    steps.slice(-2).map((step) => step.action),
    ['sorry', 'bye'],
  );
  assert.ok(leg.hungUp);
});

for (const hangUpAtMs of [1000, 3000, 4500, 6000]) {
  test(`a caller who hangs up after ${hangUpAtMs} ms leaves nothing behind`, async () => {
    const slow: LambdaFunction = () => new Promise(() => undefined);
    const { screen, leg } = await call(whisperDigits(TOKEN), hangUpAtMs === 4500 ? { lambda: slow } : {}, hangUpAtMs);
    assert.equal(screen, undefined);
    assert.ok(!leg.hungUp);
  });
}

test('the agent sees the handover that the gateway prepared, through the real function and store', async () => {
  const embedded = await startEmbeddedDynamoDb();
  const store = new DynamoDbStore({
    tableName: 'HandoverTest',
    region: 'us-east-1',
    endpointUrl: embedded.endpointUrl,
    localCredentials: true,
  });
  try {
    await store.createTable();
    const clock = new FakeClock();
    const log = createLogger({ level: 'silent' });
    const desk = new HandoverDesk({ store, callers: store.callers, pepper: 'pepper', ttlSeconds: 600, clock, log });
    const context = {
      conversationId: 'c0ffee',
      assistant: 'front',
      customerPhone: '+15551230000',
      turns: [{ speaker: 'caller', text: 'I was charged twice for order 42.' }],
      intent: 'billing',
      reason: 'customer_request',
      priority: '5',
      language: 'en-US',
      queueArn: BILLING_QUEUE,
    } as const;
    const { handoverId, token } = await desk.prepare(context);
    const redeem = createRedeemer({ store, callers: store.callers, pepper: () => Promise.resolve('pepper'), clock });
    const event = { Details: { ContactData: { ContactId: 'contact-1' }, Parameters: { token: `${token}${token}` } } };
    const answer = await redeem(event);
    const { screen } = await call(whisperDigits(TOKEN), { lambda: () => Promise.resolve(answer) });
    assert.equal(screen?.queue, 'Billing');
    assert.equal(screen.attributes['handover_id'], handoverId);
    assert.equal(screen.attributes['summary'], 'Caller: I was charged twice for order 42.');
    assert.ok(!JSON.stringify(screen).includes(token));

    const next = await desk.prepare({ ...context, conversationId: 'decaf' });
    const customer = { ContactId: 'contact-2', CustomerEndpoint: { Address: context.customerPhone } };
    const matched = await redeem({ Details: { ContactData: customer, Parameters: { action: 'match_caller' } } });
    const silent = await call('', { lambda: () => Promise.resolve(matched) });
    assert.equal(silent.screen?.attributes['handover_id'], next.handoverId);
    assert.equal(silent.screen.attributes['token_status'], 'ani_match');
    assert.ok(!JSON.stringify(silent.screen).includes('order 42'));
  } finally {
    store.close();
    await embedded.close();
  }
});
