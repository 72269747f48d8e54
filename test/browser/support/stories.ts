import type { CallEvent } from '../../../src/call/call-events.js';
import type { Reason, Trigger } from '../../../src/escalation/escalation.js';
import type { StagedConsole } from './staged-console.js';

// Calls that are made up for the console's pages, with the timing of real ones.

const PROVIDERS = ['openai', 'nova', 'local'] as const;

/** Returns the CallSid of the `n`th made-up call. */
export function sidOf(n: number): string {
  // Any numbers that look like none in particular.
  const hash = (n * 2_654_435_761) % 4_294_967_296;
  return `CA${hash.toString(16).padStart(8, '0').repeat(4)}`;
}

/** A call begins. `agoMs`: how long ago. */
export function begin(
  console: StagedConsole,
  callSid: string,
  { agoMs = 0, from = '+12025550123', provider = 'openai', turns = 0 } = {},
): void {
  const startedAtMs = console.clock.epochMs() - agoMs;
  console.emit(
    { type: 'started', callSid, conversationId: callSid, from, to: '+12065550199', startedAtMs, provider, turns },
    { type: 'state', callSid, state: 'talking' },
  );
}

/** `count` calls in all the states that a busy hour has. Calls 3 and 7 of each 40 are quiet for too long. */
export function manyCalls(console: StagedConsole, count: number): void {
  for (let n = 0; n < count; n++) {
    const callSid = sidOf(n);
    const agoMs = 4000 + ((n * 7919) % 480) * 1000;
    const provider = PROVIDERS[n % 7 === 3 ? 1 : n % 11 === 5 ? 2 : 0] ?? 'openai';
    begin(console, callSid, { agoMs, from: numberOf(n), provider, turns: Math.floor(agoMs / 9000) });
    if (n % 17 !== 4) console.emit(answered(callSid, provider, 320 + ((n * 137) % 900)));
    if (n % 13 === 6) escalate(console, callSid, n % 2 === 0 ? 'requested_human' : 'billing', 'phrase');
    if (n % 26 === 6) console.emit({ type: 'state', callSid, state: 'dialling' });
    else if (n % 40 === 3) quiet(console, callSid, 9300);
    else if (n % 40 === 7) quiet(console, callSid, 5100);
    else if (n % 3 === 0) quiet(console, callSid, (n * 211) % 2600);
  }
}

export function quiet(console: StagedConsole, callSid: string, forMs: number | undefined): void {
  console.emit({ type: 'quiet', callSid, forMs });
}

export function answered(callSid: string, provider: string, waitedMs: number, itemId = 'item'): CallEvent {
  return { type: 'answered', callSid, itemId, provider, waitedMs, modelMs: waitedMs - 14 };
}

export function escalate(console: StagedConsole, callSid: string, reason: Reason, trigger: Trigger): void {
  console.emit({ type: 'escalated', callSid, escalation: { trigger, reason } });
}

function numberOf(n: number): string {
  return n % 5 === 2
    ? `+4930${String(5_550_000 + ((n * 7331) % 9999))}`
    : `+1202555${String(100 + (n % 900)).padStart(4, '0')}`;
}

/** Tells the story of one call, step by step, on the console's clock. */
export class Story {
  readonly callSid: string;
  private readonly console: StagedConsole;
  private provider = 'openai';
  private items = 0;

  constructor(console: StagedConsole, callSid = sidOf(1)) {
    this.console = console;
    this.callSid = callSid;
    begin(console, callSid);
    console.log(callSid, 'info', 'call started');
    this.pass(420);
  }

  pass(ms: number): void {
    this.console.clock.advance(ms);
  }

  /** The caller speaks, and their words are known a little later. */
  caller(text: string, ms: number): void {
    const { callSid } = this;
    this.pass(ms);
    this.console.emit({ type: 'caller-speech', callSid, ms });
    this.pass(210);
    this.turn('caller', text, `caller-${++this.items}`);
  }

  /** The assistant answers. `heardMs`: how much of it the caller hears before they interrupt it, with `heard` of its words. */
  assistant(
    text: string,
    sentMs: number,
    cut?: { heardMs: number; heard: string; waitedMs?: number },
    waitedMs = 480,
  ): void {
    const { callSid } = this;
    const itemId = `item-${++this.items}`;
    const isAnswer = this.items > 1;
    this.pass(Math.max(0, waitedMs - 210));
    if (isAnswer) this.console.emit(answered(callSid, this.provider, waitedMs, itemId));
    this.turn('assistant', text, itemId);
    const heardMs = cut?.heardMs ?? sentMs;
    this.pass(heardMs);
    this.console.emit({
      type: 'model-speech',
      callSid,
      itemId,
      sentMs,
      heardMs,
      beganAgoMs: heardMs,
      firstMarkAgoMs: heardMs - 190,
    });
    if (cut === undefined) return;
    this.console.emit({ type: 'barge-in', callSid });
    this.console.emit({
      type: 'turn',
      callSid,
      turn: { speaker: 'assistant', text: cut.heard, itemId, interrupted: true },
    });
  }

  tool(name: string): void {
    this.console.emit({ type: 'tool', callSid: this.callSid, name, toolCallId: 't' });
  }

  seam(seam: 'renewal' | 'reconnect' | 'failover', to: string, silenceMs: number): void {
    this.console.emit({ type: 'seam', callSid: this.callSid, seam, from: this.provider, to, silenceMs });
    this.provider = to;
  }

  /** The call continues in a new stream, and the caller hears something again after `silenceMs`. */
  resume(silenceMs: number): void {
    const { callSid } = this;
    this.console.emit(
      { type: 'state', callSid, state: 'parted' },
      { type: 'resumed', callSid, cause: 'stream_lost' },
      { type: 'state', callSid, state: 'ringing' },
    );
    this.pass(180);
    this.console.emit({ type: 'state', callSid, state: 'talking' });
    this.pass(Math.max(0, silenceMs - 180));
    this.console.emit({ type: 'seam', callSid, seam: 'resume', cause: 'stream_lost', silenceMs });
  }

  /** The caller has asked for a human: goodbye, record, dial, digits. */
  toHuman(reason: Reason = 'requested_human'): void {
    const { callSid, console } = this;
    escalate(console, callSid, reason, 'phrase');
    console.log(callSid, 'info', 'a human is needed');
    console.emit({ type: 'state', callSid, state: 'leaving' });
    this.pass(60);
    console.emit({ type: 'handover-prepared', callSid, handoverId: '01M8PT1T3YQQMEEAZV1HJ3RN21' });
    console.log(callSid, 'info', 'handover prepared');
    this.assistant('Of course. I am connecting you with a colleague now.', 3100, undefined, 350);
    console.emit(
      { type: 'state', callSid, state: 'dialling' },
      { type: 'dialling', callSid, number: '+12065550100', handoverId: '01M8PT1T3YQQMEEAZV1HJ3RN21' },
    );
    console.log(callSid, 'info', 'dialling a human');
    this.pass(1900);
    console.emit({ type: 'token-played', callSid, digits: 10 });
    this.pass(4100);
  }

  /** The simulated contact centre hears the digits, asks its Lambda, and an agent answers. */
  withAgent(): void {
    const { callSid, console } = this;
    console.contact(callSid, { step: 'heard', digits: 10 });
    this.pass(140);
    console.contact(callSid, { step: 'lambda', status: 'valid' });
    this.pass(30);
    console.contact(callSid, { step: 'queue', queue: 'Billing' });
    this.pass(700);
    console.desk(callSid, 'ringing');
    this.pass(5200);
    console.desk(callSid, 'talking');
    this.pass(2000);
  }

  dialEnds(outcome: string): void {
    this.console.emit({ type: 'dial-ended', callSid: this.callSid, outcome });
  }

  ends(outcome: 'handed_over' | 'caller_hung_up'): void {
    const { callSid } = this;
    this.console.emit({ type: 'state', callSid, state: 'ended' }, { type: 'ended', callSid, outcome });
  }

  private turn(speaker: 'caller' | 'assistant', text: string, itemId: string): void {
    this.console.emit({ type: 'turn', callSid: this.callSid, turn: { speaker, text, itemId, interrupted: false } });
  }
}

/** A caller who interrupts the assistant, and asks on. */
export function bargeInStory(console: StagedConsole): Story {
  const story = new Story(console);
  story.assistant('Hello, thank you for calling. How can I help you today?', 3600);
  story.pass(700);
  story.caller('Where is my order?', 1500);
  story.tool('find_order');
  story.assistant(
    'Your order left our warehouse on Monday morning and should be with you by Thursday at the latest.',
    6200,
    { heardMs: 3100, heard: 'Your order left our warehouse on Monday' },
    640,
  );
  story.caller('Monday? I need it tomorrow.', 1900);
  story.assistant(
    'I understand. I can change it to express delivery for four dollars. Shall I do that?',
    4900,
    undefined,
    560,
  );
  story.pass(600);
  story.caller('Yes, please.', 900);
  story.tool('change_delivery');
  story.assistant('Done. It will be with you tomorrow before noon.', 3000, undefined, 710);
  story.pass(400);
  return story;
}

/** A call whose caller interrupts, whose model is renewed, then fails, and whose stream breaks: the caller hears little of it. */
export function failoverStory(console: StagedConsole): Story {
  const story = new Story(console);
  story.assistant('Hello, thank you for calling. How can I help you today?', 3600);
  story.seam('renewal', 'openai', 0);
  story.pass(500);
  story.caller('What are your opening hours?', 1700);
  story.assistant(
    'We are open Monday to Friday, from nine until six. On public holidays we are closed.',
    5600,
    { heardMs: 3500, heard: 'We are open Monday to Friday, from nine until six.' },
    520,
  );
  story.caller('And at the weekend?', 1200);
  story.pass(1190);
  story.seam('failover', 'nova', 1400);
  story.assistant('On Saturdays we are open from ten until two.', 3300, undefined, 1420);
  story.pass(500);
  story.resume(900);
  story.assistant('Are you still there?', 1300);
  story.pass(500);
  story.caller('Yes, thank you.', 900);
  story.assistant('You are welcome. Anything else?', 2100, undefined, 610);
  return story;
}

/** A caller who asks for a human and gets one. */
export function handoverStory(console: StagedConsole): Story {
  const story = new Story(console);
  story.assistant('Hello, thank you for calling. How can I help you today?', 3600);
  story.pass(500);
  story.caller('There is a mistake on my bill.', 2000);
  story.assistant('I am sorry to hear that. Which invoice is it?', 2900, undefined, 590);
  story.pass(400);
  story.caller('Let me talk to a human, please.', 1800);
  story.toHuman('billing');
  return story;
}

/** A call of 500 events. */
export function longStory(console: StagedConsole): Story {
  const story = bargeInStory(console);
  for (let turn = 0; turn < 130; turn++) {
    story.caller('And what about this one?', 900);
    story.assistant('That one is fine, too.', 1400);
  }
  return story;
}
