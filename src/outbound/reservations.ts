import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { SharedNotes } from '../journal/shared-notes.js';

// Keeps the limits of calls over all instances that share a journal.

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** How long a call counts as alive if nobody hears of it any more. Twilio ends a call after four hours. */
const LIVE_MS = 4.25 * 3_600_000;

const boardSchema = z.object({
  /** When the calls of the last minute were asked for. */
  recent: z.array(z.number()),
  /** Until when the live calls count, by id. */
  live: z.record(z.string(), z.number()),
});

const numberSchema = z.array(
  z.object({ id: z.string(), atMs: z.number(), isLive: z.boolean(), callSid: z.string().optional() }),
);

export interface Limits {
  perMinute: number;
  /** Calls to one number in 24 hours. */
  perNumber: number;
  atOnce: number;
}

export type Reserved =
  { is: 'reserved' } | { is: 'refused'; reason: 'number_limit' | 'minute_limit' | 'call_limit'; retryAfterMs: number };

/** Reserves what a call takes of the limits before it is made. */
export class Reservations {
  private readonly notes: SharedNotes;
  private readonly limits: Limits;
  private readonly secret: string;

  /** `secret`: numbers stand in the names of notes as an HMAC with it. */
  constructor(options: { notes: SharedNotes; limits: Limits; secret: string }) {
    this.notes = options.notes;
    this.limits = options.limits;
    this.secret = options.secret;
  }

  /** Reserves a call to `number`. A second reservation under the same id changes nothing. */
  async reserve(id: string, number: string, nowMs: number): Promise<Reserved> {
    const ofNumber = await this.reserveNumber(id, number, nowMs);
    if (ofNumber.is === 'refused') return ofNumber;
    const ofBoard = await this.reserveBoard(id, nowMs);
    if (ofBoard.is === 'refused') await this.forget(id, number, nowMs);
    return ofBoard;
  }

  /** Notes the SID of a call, so that it is not taken for another one to the same number. */
  async noteSid(id: string, number: string, callSid: string, nowMs: number): Promise<void> {
    await this.changeNumber(number, nowMs, (calls) =>
      calls.map((call) => (call.id === id ? { ...call, callSid } : call)),
    );
  }

  /** Returns the SIDs of the calls to a number in the last day. */
  async sidsOf(number: string): Promise<ReadonlySet<string>> {
    const calls = numberSchema.parse((await this.notes.read(this.nameOf(number))) ?? []);
    return new Set(calls.flatMap(({ callSid }) => callSid ?? []));
  }

  /** A call is over. It still counts for its number. */
  async release(id: string, number: string, nowMs: number): Promise<void> {
    await this.changeNumber(number, nowMs, (calls) =>
      calls.map((call) => (call.id === id ? { ...call, isLive: false } : call)),
    );
    await this.releaseBoard(id, nowMs);
  }

  /** A call that was reserved was not made. */
  async forget(id: string, number: string, nowMs: number): Promise<void> {
    await this.forgetNumber(id, number, nowMs);
    await this.releaseBoard(id, nowMs);
  }

  /** A call of this id was made, and to another number. */
  async forgetNumber(id: string, number: string, nowMs: number): Promise<void> {
    await this.changeNumber(number, nowMs, (calls) => calls.filter((call) => call.id !== id));
  }

  private reserveNumber(id: string, number: string, nowMs: number): Promise<Reserved> {
    return this.notes.change(this.nameOf(number), DAY_MS, (value) => {
      const calls = current(value, nowMs);
      if (calls.some((call) => call.id === id)) return { result: { is: 'reserved' } };
      // One at a time, so that two clients cannot ring one person twice.
      if (calls.some((call) => call.isLive)) return { result: refusal('number_limit', MINUTE_MS) };
      const [oldest] = calls;
      if (oldest !== undefined && calls.length >= this.limits.perNumber)
        return { result: refusal('number_limit', oldest.atMs + DAY_MS - nowMs) };
      return { value: [...calls, { id, atMs: nowMs, isLive: true }], result: { is: 'reserved' } };
    });
  }

  private reserveBoard(id: string, nowMs: number): Promise<Reserved> {
    return this.notes.change(BOARD, DAY_MS, (value) => {
      const { live, recent } = board(value, nowMs);
      if (live[id] !== undefined) return { result: { is: 'reserved' } };
      if (Object.keys(live).length >= this.limits.atOnce) return { result: refusal('call_limit', MINUTE_MS / 2) };
      const [oldest] = recent;
      if (oldest !== undefined && recent.length >= this.limits.perMinute)
        return { result: refusal('minute_limit', oldest + MINUTE_MS - nowMs) };
      return {
        value: { recent: [...recent, nowMs], live: { ...live, [id]: nowMs + LIVE_MS } },
        result: { is: 'reserved' },
      };
    });
  }

  private releaseBoard(id: string, nowMs: number): Promise<void> {
    return this.notes.change(BOARD, DAY_MS, (value) => {
      const { live, recent } = board(value, nowMs);
      if (live[id] === undefined) return { result: undefined };
      const { [id]: _, ...others } = live;
      return { value: { recent, live: others }, result: undefined };
    });
  }

  private changeNumber(
    number: string,
    nowMs: number,
    change: (calls: z.output<typeof numberSchema>) => z.output<typeof numberSchema>,
  ): Promise<void> {
    return this.notes.change(this.nameOf(number), DAY_MS, (value) => ({
      value: change(current(value, nowMs)),
      result: undefined,
    }));
  }

  private nameOf(number: string): string {
    return `outbound.to.${createHmac('sha256', this.secret).update(`outbound-number:${number}`).digest('hex')}`;
  }
}

const BOARD = 'outbound.board';

function refusal(reason: 'number_limit' | 'minute_limit' | 'call_limit', retryAfterMs: number): Reserved {
  return { is: 'refused', reason, retryAfterMs };
}

/** The calls to a number of the last day, oldest first. One that nobody has heard of for long is over. */
function current(value: unknown, nowMs: number): z.output<typeof numberSchema> {
  return numberSchema
    .parse(value ?? [])
    .filter(({ atMs }) => atMs > nowMs - DAY_MS)
    .map((call) => (call.atMs <= nowMs - LIVE_MS ? { ...call, isLive: false } : call));
}

function board(value: unknown, nowMs: number): z.output<typeof boardSchema> {
  const { live, recent } = boardSchema.parse(value ?? { recent: [], live: {} });
  return {
    recent: recent.filter((atMs) => atMs > nowMs - MINUTE_MS),
    live: Object.fromEntries(Object.entries(live).filter(([, untilMs]) => untilMs > nowMs)),
  };
}
