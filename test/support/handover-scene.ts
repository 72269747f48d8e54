import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { CallEvent } from '../../src/call/call-events.js';
import { CALLBACK_PREFIX } from '../../src/handover/callbacks.js';
import type { CarrierCall, PlaceCallOptions } from '../../sim/twilio/carrier-call.js';
import type { IncomingLeg, PhoneEndpoint } from '../../sim/twilio/phone.js';
import type { Element } from '../../sim/twilio/twiml.js';
import { within } from './deadline.js';
import { type Rig, until } from './rig.js';

/** For tests of handovers: one call on a rig, with what its caller hears and what the gateway tells Twilio. */
export class Scene {
  readonly rig: Rig;
  readonly call: CarrierCall;
  /** Sentences that Twilio has said to the caller. */
  readonly said: string[] = [];
  /** Tones of `<Play digits>` that the caller has heard. There must be none. */
  readonly tones: string[] = [];
  /** Each request for TwiML with the verbs of its answer, for instance `/twilio/voice Connect`. */
  readonly asked: string[] = [];
  readonly dialEnds: string[] = [];
  /** Seconds for which the agent's side may ring, of each `<Dial>`. */
  readonly ringSeconds: string[] = [];
  /** Codes of what Twilio's debugger would show. */
  readonly problems: number[] = [];
  dials = 0;
  isBridged = false;
  private readonly sessionsBefore: number;

  constructor(rig: Rig, from?: string, options?: Partial<PlaceCallOptions>) {
    this.rig = rig;
    this.sessionsBefore = rig.provider.sessions.length;
    this.call = rig.call(from, options);
    this.call.on('say', (text) => this.said.push(text));
    this.call.on('tone', (digit) => this.tones.push(digit));
    this.call.on('twiml', (request, verbs) => {
      this.asked.push([request, ...verbs.map(nameOf)].join(' '));
      for (const { attributes, name } of verbs) if (name === 'Dial') this.ringSeconds.push(attributes['timeout'] ?? '');
    });
    this.call.on('problem', (code) => this.problems.push(code));
    this.call.on('dial-started', () => this.dials++);
    this.call.on('bridged', () => (this.isBridged = true));
    this.call.on('dial-ended', (status, bridged) => this.dialEnds.push(`${status} ${bridged}`));
  }

  /** Waits for the `count`-th stream of this call and its model session. */
  async talking(count = 1): Promise<void> {
    await until(() => this.events('stream-started').length === count, `stream ${count}`);
    await until(() => this.rig.provider.sessions.length === this.sessionsBefore + count, `session ${count}`);
  }

  /** Waits for stream `count`, then has the caller ask for an agent. */
  async asksForHuman(count = 1): Promise<this> {
    await this.talking(count);
    this.rig.provider.last.callerSays('I want to speak to a human agent.');
    return this;
  }

  /** The greeting of the latest model session. */
  get opening(): string {
    return this.rig.provider.last.options.greeting ?? '';
  }

  get toolNames(): string[] {
    return this.rig.provider.last.options.tools.map((tool) => tool.name);
  }

  events<Type extends CallEvent['type']>(type: Type): Extract<CallEvent, { type: Type }>[] {
    return this.rig.events.filter(
      (event): event is Extract<CallEvent, { type: Type }> =>
        event.type === type && event.callSid === this.call.callSid,
    );
  }

  get outcome(): string | undefined {
    return this.events('ended')[0]?.outcome;
  }

  async ends(outcome: string): Promise<void> {
    await within(this.call.whenEnded(), `the end as ${outcome}`);
    await until(() => this.outcome !== undefined, `the end as ${outcome}`);
    if (this.outcome !== outcome) throw new Error(`The call ended as ${this.outcome}, not as ${outcome}.`);
  }
}

function nameOf(verb: Element): string {
  return verb.name;
}

/** Phones on the agent's side that never become a conversation. */
export const busy: PhoneEndpoint = { ring: (leg) => leg.reject('busy') };
export const failing: PhoneEndpoint = { ring: (leg) => leg.reject('failed') };
export const silent: PhoneEndpoint = { ring: () => undefined };
/** Answers, and hangs up while the digits play. */
export const dropping: PhoneEndpoint = {
  ring: (leg) => {
    leg.answer();
    leg.onDigit(() => leg.hangup());
  },
};

/** Returns a phone that treats each call as the next of `phones` does, and all further calls as the last one. */
export function inTurn(...phones: PhoneEndpoint[]): PhoneEndpoint {
  let calls = 0;
  return { ring: (leg) => phones[Math.min(calls++, phones.length - 1)]?.ring(leg) };
}

/** A phone that answers and stays until the test hangs it up. */
export class PatientPhone implements PhoneEndpoint {
  legs: IncomingLeg[] = [];
  goneBy: string[] = [];
  digits = '';

  ring(leg: IncomingLeg): void {
    this.legs.push(leg);
    leg.onDigit((digit) => (this.digits += digit));
    leg.onHangup(() => this.goneBy.push('carrier'));
    leg.answer();
  }
}

/** Resolves with what callers have left for the team, as the team lists it. */
export async function callbacksOf(rig: Rig): Promise<Record<string, string>[]> {
  return (await recordsOf(rig)).filter(({ pk }) => pk?.startsWith(CALLBACK_PREFIX));
}

/** Resolves with every record in the store. */
export async function recordsOf(rig: Rig): Promise<Record<string, string>[]> {
  const { embeddedStore } = rig.running;
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: embeddedStore?.dynamodb_endpoint ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { Items: items = [] } = await client.send(new ScanCommand({ TableName: embeddedStore?.table }));
  client.destroy();
  return items.map((item) =>
    Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N ?? ''])),
  );
}
