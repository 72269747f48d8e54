import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type AgentScreen, SimulatedConnect, type SimulatedConnectOptions } from '../../sim/connect/connect.js';
import { loadFlow } from '../../sim/connect/flow.js';
import type { LambdaFunction } from '../../sim/connect/flow-lambda.js';
import type { FlowStep } from '../../sim/connect/flow-runner.js';
import { type LineConditions, heardTones, playedMs } from '../../sim/connect/line.js';
import type { IncomingLeg } from '../../sim/twilio/phone.js';
import type { Timer } from '../../src/base/clock.js';
import { candidateTokens } from '../../src/handover/token.js';
import { FakeClock } from './fake-clock.js';

export const TOKEN = '4071829365';
export const DEFAULT_QUEUE = 'arn:queue/default';
export const BILLING_QUEUE = 'arn:queue/billing';

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
  press(): void {
    assert.fail('Connect presses no key');
  }
  onSaid(): void {
    assert.fail('Connect does not listen');
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

/** One call to the simulated Connect, with what came of it. */
export interface Scene {
  steps: FlowStep[];
  screen: AgentScreen | undefined;
  /** What the flow said to the caller and in the agent's ear, with the voice. */
  said: { text: string; voice: string }[];
  whispered: { text: string; voice: string }[];
  /** Digits that reached the flow of the queue. */
  queueDigits: number;
  clock: FakeClock;
  leg: FakeLeg;
  /** When the agent's screen appeared, counted from the answer. */
  screenMs: number;
}

export const ANSWER = {
  token_status: 'valid',
  handover_id: '01J',
  conversation_id: 'c0ffee',
  customer_phone: '+15551230000',
  customer_name: 'unknown',
  summary: 'Caller: I was charged twice.',
  intent: 'billing',
  reason: 'customer_request',
  reason_text: 'The caller asked for a person, about a bill or a payment.',
  briefing: '',
  briefing_voice: '',
  briefing_ready: '',
  priority: '5',
  language: 'en-US',
  language_text: 'American English',
  queue_arn: BILLING_QUEUE,
  route_to_queue: 'true',
  crm_url: '',
  assistant: 'front',
  hubspot_contact_id: '',
  hubspot_ticket_id: '',
};

/** What the function answers without a record: every key, and nothing in it. */
export const refused = (token_status: string): Record<string, string> => ({
  ...Object.fromEntries(Object.keys(ANSWER).map((name) => [name, ''])),
  token_status,
  route_to_queue: 'false',
});

type Redeemable = { Details: { Parameters: { token?: string } } };

/** A function that accepts TOKEN, with the same repair as the deployed one. */
export const lambda: LambdaFunction = (event) => {
  const { token = '' } = (event as Redeemable).Details.Parameters;
  return Promise.resolve(candidateTokens(token).includes(TOKEN) ? ANSWER : refused('invalid'));
};

/** Calls the simulated Connect, plays `digits` to it over `line`, and waits until it has hung up. */
export async function call(
  digits: string,
  options: Partial<SimulatedConnectOptions> = {},
  hangUpAtMs = Infinity,
  line: LineConditions = {},
): Promise<Scene> {
  const clock = options.clock instanceof FakeClock ? options.clock : new FakeClock();
  const leg = new FakeLeg(clock);
  const scene: Scene = {
    steps: [],
    screen: undefined,
    said: [],
    whispered: [],
    queueDigits: 0,
    clock,
    leg,
    screenMs: NaN,
  };
  const connect = new SimulatedConnect({
    flow: loadFlow('contact-flow', {
      lambda_arn: 'arn:lambda',
      default_queue_arn: DEFAULT_QUEUE,
      whisper_flow_arn: 'arn:whisper',
      guide_flow_arn: 'arn:guide',
    }),
    flows: new Map([
      ['arn:whisper', loadFlow('agent-whisper')],
      ['arn:guide', loadFlow('agent-guide', { region: 'us-east-1' })],
    ]),
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
    onWhisper: (text, voice) => scene.whispered.push({ text, voice }),
    onSaid: (text, voice) => scene.said.push({ text, voice }),
    onQueueDigit: () => scene.queueDigits++,
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

/** Ways in which an instance may behave that the documentation leaves open, or that are new. */
export const INSTANCES: readonly (readonly [what: string, options: Partial<SimulatedConnectOptions>])[] = [
  ['empty attributes refused', { takesEmptyAttributes: false }],
  ['empty attributes accepted', { takesEmptyAttributes: true }],
  ['tones between blocks lost', { buffersTones: false }],
];
