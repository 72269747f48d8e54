import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { createRedeemer } from '../../lambda/connect/redeem.js';
import type { Timer } from '../../src/base/clock.js';
import { HandoverDesk } from '../../src/handover/desk.js';
import { DynamoDbStore } from '../../src/handover/dynamodb-store.js';
import { startEmbeddedDynamoDb } from '../../src/handover/embedded-dynamodb.js';
import { candidateTokens, whisperDigits } from '../../src/handover/token.js';
import { createLogger } from '../../src/telemetry/log.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import type { IncomingLeg } from '../twilio/phone.js';
import { renderAgentScreen } from './agent-screen.js';
import { type AgentScreen, SimulatedConnect, type SimulatedConnectOptions } from './connect.js';
import { loadFlow } from './flow.js';
import type { FlowStep, LambdaFunction } from './flow-runner.js';
import { type LineConditions, heardTones, playedMs } from './line.js';

const TOKEN = '4071829365';
const DEFAULT_QUEUE = 'arn:queue/default';
const BILLING_QUEUE = 'arn:queue/billing';

class FakeLeg implements IncomingLeg {
  readonly callSid = 'CA0';
  readonly from = '+15551230000';
  readonly to = '+18005550100';
  answeredAt: number | undefined;
  hungUp = false;
  private digit: ((digit: string, durationMs: number) => void) | undefined;
  private bridged: (() => void) | undefined;
  private gone: (() => void) | undefined;
  private readonly clock: FakeClock;
  private playing: Timer[] = [];

  constructor(clock: FakeClock) {
    this.clock = clock;
  }
  answer(): void {
    this.answeredAt = this.clock.now();
  }
  reject(): void {
    assert.fail('Connect does not refuse');
  }
  hangup(): void {
    assert.ok(!this.hungUp, 'hung up twice');
    this.hungUp = true;
    for (const timer of this.playing) timer.cancel();
    this.gone?.();
  }
  onDigit(listener: (digit: string, durationMs: number) => void): void {
    this.digit = listener;
  }
  onHangup(listener: () => void): void {
    this.gone = listener;
  }
  onBridged(listener: () => void): void {
    this.bridged = listener;
  }
  speak(): void {
    assert.fail('a simulated agent says nothing');
  }
  onHeard(): void {
    assert.fail('a simulated agent does not listen');
  }
  callerHangsUp(): void {
    this.gone?.();
  }

  /** Plays `digits` as the carrier does at the answer, then bridges the caller. */
  play(digits: string, line: LineConditions): void {
    for (const { atMs, digit, durationMs } of heardTones(digits, line)) {
      this.playing.push(this.clock.setTimer(atMs, () => this.digit?.(digit, durationMs)));
    }
    this.playing.push(this.clock.setTimer(playedMs(digits), () => this.bridged?.()));
  }
}

interface Scene {
  steps: FlowStep[];
  screen: AgentScreen | undefined;
  clock: FakeClock;
  leg: FakeLeg;
  /** When the agent's screen appeared, counted from the answer. */
  screenMs: number;
}

const ANSWER = {
  token_status: 'valid',
  handover_id: '01J',
  conversation_id: 'c0ffee',
  customer_phone: '+15551230000',
  customer_name: 'unknown',
  summary: 'Caller: I was charged twice.',
  intent: 'billing',
  reason: 'customer_request',
  priority: '5',
  language: 'en-US',
  queue_arn: BILLING_QUEUE,
  crm_url: '',
  hubspot_contact_id: '',
  hubspot_ticket_id: '',
};

type Redeemable = { Details: { Parameters: { token?: string } } };

/** A function that accepts TOKEN, with the same repair as the deployed one. */
const lambda: LambdaFunction = (event) => {
  const { token = '' } = (event as Redeemable).Details.Parameters;
  return Promise.resolve(candidateTokens(token).includes(TOKEN) ? ANSWER : { ...ANSWER, token_status: 'invalid' });
};

async function call(
  digits: string,
  options: Partial<SimulatedConnectOptions> = {},
  hangUpAtMs = Infinity,
  line: LineConditions = {},
): Promise<Scene> {
  const clock = new FakeClock();
  const leg = new FakeLeg(clock);
  const scene: Scene = { steps: [], screen: undefined, clock, leg, screenMs: NaN };
  const connect = new SimulatedConnect({
    flow: loadFlow('contact-flow', {
      lambda_arn: 'arn:lambda',
      default_queue_arn: DEFAULT_QUEUE,
      whisper_flow_arn: 'arn:whisper',
    }),
    whisperFlow: loadFlow('agent-whisper'),
    lambda,
    queues: new Map([
      [DEFAULT_QUEUE, { name: 'Default', hasRoom: true }],
      [BILLING_QUEUE, { name: 'Billing', hasRoom: true }],
    ]),
    clock,
    answersAfterMs: 0,
    onStep: (step) => scene.steps.push(step),
    onAgentScreen: (screen) => {
      scene.screen = screen;
      scene.screenMs = clock.now();
    },
    ...options,
  });
  connect.ring(leg);
  clock.advance(0);
  await setImmediate();
  assert.equal(leg.answeredAt, 0);
  leg.play(digits, line);
  for (let atMs = 0; atMs < 600_000 && !leg.hungUp; atMs += 50) {
    if (atMs === hangUpAtMs) leg.callerHangsUp();
    clock.advance(50);
    await setImmediate();
  }
  assert.equal(clock.timers, 0, 'a timer was left behind');
  assert.ok(!JSON.stringify(scene.steps).includes(TOKEN.slice(0, 4)), 'digits in a step');
  return scene;
}

const reads = (scene: Scene): number => scene.steps.filter((step) => step.type === 'GetParticipantInput').length;

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
  for (const takesEmptyAttributes of [false, true]) {
    test(`the context arrives when ${what}, with empty attributes ${takesEmptyAttributes ? 'accepted' : 'refused'}`, async () => {
      const scene = await call(digits, { takesEmptyAttributes });
      const { screen, leg } = scene;
      assert.equal(screen?.queue, 'Billing');
      assert.equal(screen.attributes['token_status'], 'valid');
      assert.equal(screen.attributes['summary'], ANSWER.summary);
      assert.equal(screen.whisper, 'From the assistant. Reason: customer_request.');
      assert.equal(reads(scene), readCount);
      assert.ok(leg.hungUp);
    });
  }
}

const WITHOUT: readonly (readonly [
  what: string,
  status: string,
  digits: string,
  options: Partial<SimulatedConnectOptions>,
])[] = [
  ['all digits are lost', 'missing', '', {}],
  ['both copies are damaged', 'invalid', 'wwww407182936#wwww07182936#', {}],
  [
    'the token has expired',
    'expired',
    whisperDigits(TOKEN),
    { lambda: () => Promise.resolve({ ...ANSWER, token_status: 'expired' }) },
  ],
  [
    'the token was used',
    'used',
    whisperDigits(TOKEN),
    { lambda: () => Promise.resolve({ ...ANSWER, token_status: 'used' }) },
  ],
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
  test(`a human in the default queue takes the call within 20 s when ${what}`, async () => {
    const { screen, screenMs, leg } = await call(digits, options);
    assert.equal(screen?.queue, 'Default');
    assert.equal(screen.attributes['token_status'], status);
    assert.ok(screenMs < 20_000, `${screenMs} ms`);
    assert.ok(leg.hungUp);
  });
}

/** Tones 0-9 are the first copy, 10 is its #, 11-20 are the second copy, 21 is its #. */
const LINES: readonly (readonly [what: string, line: LineConditions])[] = [
  ['a tone is cut out', { cut: [3] }],
  ['a tone falls into two', { split: [3] }],
  ['every tone falls into two', { split: Array.from({ length: 22 }, (_, position) => position) }],
  ['two tones run together', { joined: [3] }],
  ['the first copy and its # are cut off', { cut: Array.from({ length: 11 }, (_, position) => position) }],
  ['the first # is cut out and a tone with it', { cut: [2, 10] }],
  ['one copy has lost a tone, the other has one too many', { cut: [2], split: [14] }],
];

for (const [what, line] of LINES) {
  test(`the context arrives over a line on which ${what}`, async () => {
    const { screen } = await call(whisperDigits(TOKEN), {}, Infinity, line);
    assert.equal(screen?.attributes['token_status'], 'valid');
    assert.equal(screen.queue, 'Billing');
  });
}

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
  assert.equal(calls, 3);
  assert.equal(screen?.attributes['token_status'], 'error');
});

test('digits are not collected a second time for an expired token', async () => {
  const scene = await call(whisperDigits(TOKEN), {
    lambda: () => Promise.resolve({ ...ANSWER, token_status: 'expired' }),
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
      customerPhone: '+15551230000',
      turns: [{ speaker: 'caller', text: 'I was charged twice for order 42.' }],
      intent: 'billing',
      reason: 'customer_request',
      priority: '5',
      language: 'en-US',
      queueArn: BILLING_QUEUE,
    } as const;
    const { handoverId, token } = await desk.prepare(context);
    const redeem = createRedeemer({ store, callers: store.callers, pepper: 'pepper', clock });
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

test('the agent’s screen keeps its frame whatever the attributes contain', () => {
  const attributes = {
    summary: `Caller: ${'word '.repeat(60)} | Assistant: ${'x'.repeat(300)} \u001b[31m`,
    reason: 'billing',
  };
  const lines = renderAgentScreen({
    customerNumber: '+12025550123',
    contactId: 'c',
    queue: 'Q'.repeat(200),
    attributes,
    whisper: '',
  }).split('\n');
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.ok(!lines.join('').includes('\u001b'));
});
