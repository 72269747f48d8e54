import type { ReceivedEvent } from '../sim/hooks/event-receiver.js';

/** What the receiver was told of one call, in the order in which each event first came. */
type Told = Pick<ReceivedEvent, 'id' | 'sequence' | 'type'>[];

/** Judges what the receiver of call events was told of each call: every event at least once, in order, from the start to the end. */
export class ToldEvents {
  private readonly calls = new Map<string, Told>();

  /** A call is placed, and its events are judged later. */
  expect(callSid: string): void {
    this.calls.set(callSid, []);
  }

  /** The receiver has taken an event. Returns false if its call was judged, or is not one of the run. */
  take({ call, id, sequence, type }: ReceivedEvent): boolean {
    const told = this.calls.get(call.call_sid);
    if (told?.every((event) => event.id !== id) === true) told.push({ id, sequence, type });
    return told !== undefined;
  }

  /** Whether events of the call are still to come. `isKnown`: whether a gateway has said that the call ended. */
  isUntold(callSid: string, isKnown: boolean): boolean {
    const types = this.typesOf(callSid);
    return (isKnown || types.includes('call.started')) && !types.includes('call.ended');
  }

  /**
   * Returns what is wrong, and forgets the call. `mayBeTwo`: two gateways may have told of the call, because Redis was away while it
   * went from one to the other. Each then counts on from the last event that it knows.
   */
  judge(callSid: string, isKnown: boolean, mayBeTwo = false): string[] {
    const told = this.calls.get(callSid) ?? [];
    const isUntold = this.isUntold(callSid, isKnown);
    this.calls.delete(callSid);
    const events = told.map(({ sequence, type }) => `${sequence} ${type}`).join(', ');
    const violations: string[] = [];
    if (isUntold) violations.push(`the end of the call was not told (${events || 'nothing was'})`);
    const isTwice = told.some(({ sequence }, index) => told.findIndex((one) => one.sequence === sequence) < index);
    if (mayBeTwo && isTwice) return violations;
    if (told.some(({ sequence }, index) => sequence !== index + 1))
      violations.push(`events were lost or told out of order (${events})`);
    const ended = told.findIndex(({ type }) => type === 'call.ended');
    // A voicemail may be kept after the caller has hung up.
    const isOver = ended >= 0 && told.slice(ended + 1).some(({ type }) => type !== 'call.message');
    if (isOver) violations.push(`an event was told after the end of the call (${events})`);
    return violations;
  }

  private typesOf(callSid: string): string[] {
    return (this.calls.get(callSid) ?? []).map(({ type }) => type);
  }
}
