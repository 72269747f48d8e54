import type { ConsoleEvent } from '../../src/console/messages.js';

// Where each event of a call stands on its timeline. All times in milliseconds since the call began.

export const LANES = ['caller', 'model', 'marks', 'session', 'stream', 'handover'] as const;
export type Lane = (typeof LANES)[number];

/** An event with its place. */
export interface Placed {
  event: ConsoleEvent;
  fromMs: number;
  /** Equal to `fromMs` for what takes no time. */
  toMs: number;
}

/** A stretch in which the caller heard nothing because something was replaced. */
export interface SilentStretch {
  id: string;
  fromMs: number;
  toMs: number;
}

export interface Timeline {
  lanes: Readonly<Record<Lane, readonly Placed[]>>;
  silences: readonly SilentStretch[];
  /** The provider of the first session. `undefined` if no event names it. */
  firstProvider: string | undefined;
}

/** Places the events of a call. `endMs`: until when the call lasts. */
export function timelineOf(events: readonly ConsoleEvent[], endMs: number): Timeline {
  const lanes: Record<Lane, Placed[]> = { caller: [], model: [], marks: [], session: [], stream: [], handover: [] };
  const silences: SilentStretch[] = [];
  let firstProvider: string | undefined;
  for (const event of events) {
    const lane = laneOf(event);
    // A state and a session last until the next one.
    if (lane === 'session' || event.kind === 'state') {
      const before = lanes[lane].findLast((placed) => placed.event.kind === 'state' || lane === 'session');
      if (before !== undefined) before.toMs = event.atMs;
    }
    if (lane === 'session')
      firstProvider ??= 'from' in event ? event.from : 'provider' in event ? event.provider : undefined;
    lanes[lane].push({ event, fromMs: event.atMs, toMs: endOf(event, endMs) });
    const silent = silenceOf(event);
    if (silent !== undefined) silences.push(silent);
    if (event.kind === 'dial') {
      const dial = lanes.handover.findLast((placed) => isDial(placed.event));
      if (dial !== undefined) dial.toMs = event.atMs;
    }
  }
  return { lanes, silences, firstProvider };
}

function laneOf(event: ConsoleEvent): Lane {
  switch (event.kind) {
    case 'caller-speech':
      return 'caller';
    case 'model-speech':
      return 'model';
    case 'turn':
      return event.speaker === 'caller' ? 'caller' : 'model';
    case 'renewal':
    case 'reconnect':
    case 'failover':
    case 'pass':
      return 'session';
    case 'state':
    case 'resume':
    case 'move':
      return 'stream';
    case 'handover':
    case 'dial':
    case 'agent':
      return 'handover';
    case 'barge-in':
    case 'tool':
    case 'escalation':
    case 'operator':
    case 'log':
      return 'marks';
  }
}

function endOf(event: ConsoleEvent, endMs: number): number {
  switch (event.kind) {
    case 'caller-speech':
      return event.atMs + event.ms;
    case 'model-speech':
      return event.atMs + event.sentMs;
    case 'state':
      return event.state === 'ended' ? event.atMs : Math.max(event.atMs, endMs);
    case 'renewal':
    case 'reconnect':
    case 'failover':
    case 'pass':
      return Math.max(event.atMs, endMs);
    default:
      return isDial(event) ? Math.max(event.atMs, endMs) : event.atMs;
  }
}

function isDial(event: ConsoleEvent): boolean {
  return event.kind === 'handover' && event.step === 'dial';
}

/** A new session is reported when it is heard, so the silence lies before. A new stream is reported when it is asked for. */
function silenceOf(event: ConsoleEvent): SilentStretch | undefined {
  if (!('silenceMs' in event) || event.silenceMs === undefined || event.silenceMs <= 0) return undefined;
  const { atMs, id, silenceMs } = event;
  if (event.kind === 'resume') return { id, fromMs: atMs, toMs: atMs + silenceMs };
  return { id, fromMs: Math.max(0, atMs - silenceMs), toMs: atMs };
}

/** Returns a row for each place, so that no two in one row are closer than `minGap`. What has no room goes into the last row. */
export function stacked(places: readonly number[], minGap: number, rows: number): number[] {
  const ends = Array.from({ length: rows }, () => Number.NEGATIVE_INFINITY);
  return places.map((place) => {
    const free = ends.findIndex((end) => place - end >= minGap);
    const row = free === -1 ? rows - 1 : free;
    ends[row] = place;
    return row;
  });
}

const TICKS_MS = [
  500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
];

/** Returns the distance of the axis's ticks, so that two are at least `minPx` apart. */
export function tickMs(pxPerMs: number, minPx: number): number {
  return TICKS_MS.find((ms) => ms * pxPerMs >= minPx) ?? 7_200_000;
}

/** Returns how long the axis is for a call of `lengthMs`: with some room while it lasts, in steps, so that it seldom changes. */
export function axisMs(lengthMs: number, isOver: boolean): number {
  if (isOver) return Math.max(1000, lengthMs * 1.01);
  const stepMs = lengthMs < 60_000 ? 10_000 : lengthMs < 600_000 ? 30_000 : 300_000;
  return Math.max(20_000, Math.ceil((lengthMs * 1.02 + 1500) / stepMs) * stepMs);
}
