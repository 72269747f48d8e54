import type { CallEvent } from '../../src/call/call-events.js';
import { CallRecord } from '../../src/console/call-record.js';
import type { CallRow, CallWithEvents } from '../../src/console/messages.js';
import { noteEvent } from '../../src/console/note-event.js';
import { type Message, type Tape, type TapeLine, isNote, textOf } from '../../src/tape/format.js';

// Makes of a tape what the gateway would have shown of the call. The same record keeps it as in the gateway.

/** A call as a tape has it. */
export interface TapedCall extends CallWithEvents {
  /** Whether the tape notes speech and seams. Those of the first releases do not. */
  hasNotes: boolean;
}

type Facts = Pick<CallRow, 'direction' | 'from' | 'to' | 'provider' | 'turns'>;
/** An event without its call. */
type Happened = { [Type in CallEvent['type']]: Omit<Extract<CallEvent, { type: Type }>, 'callSid'> }[CallEvent['type']];

/** Events of a tape that are told by its decisions as they are. */
const DECISIONS: ReadonlySet<unknown> = new Set(['escalated', 'dialling', 'dial-ended', 'resumed', 'moving']);
/** The state after each decision, for a tape without notes. */
const STATES: Readonly<Record<string, string>> = {
  started: 'ringing',
  'stream-started': 'talking',
  escalated: 'leaving',
  dialling: 'dialling',
  ended: 'ended',
};

/** `run`: tells the events of one run from those of another of the same call. */
export function tapedCall({ end, head, lines }: Tape, run: string): TapedCall {
  const { callSid, settings } = head;
  const { startedAtMs } = settings;
  const hasNotes = lines.some(({ m }) => isNote(m));
  let nowMs = 0;
  const record = new CallRecord({
    facts: { callSid, instance: settings.worker ?? '', startedAtMs, ...factsOf(lines, settings.variables) },
    clock: { now: () => nowMs, epochMs: () => startedAtMs + nowMs, setTimer: () => ({ cancel: () => undefined }) },
    run,
    showsWords: true,
    hasTape: () => true,
    maxEvents: Number.POSITIVE_INFINITY,
    onEvent: () => undefined,
  });
  let outcome: string | undefined;
  for (const line of lines) {
    nowMs = line.t;
    if (line.leg === 'decision' && line.dir === undefined && line.m['type'] === 'ended')
      outcome = textOf(line.m['outcome']);
    if (line.dir === 'in' && 'operator' in line.m)
      record.add({ kind: 'operator', action: (line.m['operator'] as { action: 'hangup' }).action });
    for (const event of eventsOf(line, hasNotes)) noteEvent(record, { callSid, ...event } as CallEvent);
  }
  const call = { ...record.row, quietForMs: 0, endedAt: startedAtMs + Math.round(end.t) };
  return {
    call: outcome === undefined ? call : { ...call, outcome },
    events: record.events,
    hasNotes,
  };
}

/** What is known of a call when it begins. */
function factsOf(lines: readonly TapeLine[], variables: Readonly<Record<string, string>>): Facts {
  const started = lines.find(({ dir, m }) => dir === undefined && m['type'] === 'started')?.m;
  const note = lines.find(({ m }) => isNote(m) && (m['note'] as Message)['type'] === 'started')?.m['note'] as Message;
  return {
    // No tape is made of a call that the gateway makes.
    direction: 'inbound',
    from: textOf(started?.['from'] ?? ''),
    to: textOf(started?.['to'] ?? ''),
    provider: textOf(note?.['provider'] ?? variables['VOICE_PROVIDER']?.split(',')[0] ?? ''),
    turns: 0,
  };
}

function eventsOf({ dir, leg, m }: TapeLine, hasNotes: boolean): Happened[] {
  if (leg === 'carrier' && dir === 'out') return hasNotes || !isClear(m) ? [] : [{ type: 'barge-in' }];
  if (dir !== undefined) return [];
  if (leg === 'transcript') return [{ type: 'turn', turn: m as unknown as Turn }];
  if (leg === 'heard') return hasNotes ? [] : [speechOf(m)];
  if (leg !== 'decision') return [];
  if (isNote(m)) {
    const note = m['note'] as unknown as Happened;
    return note.type === 'started' ? [] : [note];
  }
  return [...(hasNotes ? [] : stateAfter(m)), ...decided(m)];
}

type Turn = Extract<CallEvent, { type: 'turn' }>['turn'];

function decided(m: Message): Happened[] {
  if (DECISIONS.has(m['type'])) return [m as unknown as Happened];
  if (m['type'] !== 'handover-prepared') return [];
  const handoverId = m['handoverId'];
  return [{ type: 'handover-prepared', handoverId: typeof handoverId === 'string' ? handoverId : undefined }];
}

function stateAfter({ type }: Message): Happened[] {
  const state = STATES[textOf(type)];
  return state === undefined ? [] : [{ type: 'state', state } as Happened];
}

/** A tape without notes says only when a stretch of speech was over. */
function speechOf({ heardMs, itemId, sentMs }: Message): Happened {
  const [heard, sent] = [Number(heardMs), Number(sentMs)];
  return {
    type: 'model-speech',
    itemId: textOf(itemId),
    heardMs: heard,
    sentMs: sent,
    beganAgoMs: heard,
    firstMarkAgoMs: undefined,
  };
}

/** Whether Twilio is told to drop what the caller has not heard. */
function isClear({ message }: Message): boolean {
  return typeof message === 'object' && message !== null && (message as Message)['event'] === 'clear';
}
