import type { Clock } from '../base/clock.js';
import type { CallEvent, Seam, StartedFacts } from '../call/call-events.js';
import type { Turn } from '../voice/history.js';
import type { CallRow, ConsoleEvent, NewEvent, TurnLatency } from './messages.js';

/** Maximum number of events of a call, by default. The oldest go first. */
const MAX_EVENTS = 500;
/** Maximum number of items whose turn may still change. */
const MAX_OPEN_ITEMS = 16;

type TurnEvent = ConsoleEvent & { kind: 'turn' };
type Facts = Pick<CallRow, 'callSid' | 'instance' | 'direction' | 'from' | 'to'>;
type Happening<Type extends CallEvent['type']> = Omit<Extract<CallEvent, { type: Type }>, 'callSid'>;

/** What the console keeps of one call: its row, and its last events in order. */
export class CallRecord {
  readonly events: ConsoleEvent[] = [];
  private readonly clock: Clock;
  private readonly showsWords: boolean;
  private readonly idPrefix: string;
  private readonly onEvent: (event: ConsoleEvent) => void;
  private readonly facts: Omit<CallRow, 'quietForMs' | 'tape'>;
  private readonly hasTape: () => boolean;
  /** When the caller began to hear nothing, on the clock. */
  private quietSinceMs: number | undefined;
  private readonly latencies = new Map<string, TurnLatency>();
  private readonly turns = new Map<string, TurnEvent>();
  private pass: (ConsoleEvent & { kind: 'pass' }) | undefined;
  private resume: (ConsoleEvent & { kind: 'resume' }) | undefined;
  private lastId = 0;
  private readonly maxEvents: number;

  /** `onEvent`: called with each event that is new or has changed. */
  constructor(options: {
    facts: Facts & Omit<StartedFacts, 'outboundId'>;
    clock: Clock;
    /** Tells this process from an earlier one of the same name. */
    run: string;
    showsWords: boolean;
    hasTape: () => boolean;
    maxEvents?: number;
    onEvent: (event: ConsoleEvent) => void;
  }) {
    const { clock, facts, hasTape, maxEvents = MAX_EVENTS, onEvent, run, showsWords } = options;
    const { startedAtMs, ...rest } = facts;
    this.clock = clock;
    this.idPrefix = `${facts.instance}${run}`;
    this.showsWords = showsWords;
    this.onEvent = onEvent;
    this.hasTape = hasTape;
    this.maxEvents = maxEvents;
    this.facts = {
      ...rest,
      state: 'ringing',
      startedAt: startedAtMs,
      bargeIns: 0,
      lastTurnMs: null,
      escalation: null,
    };
  }

  get row(): CallRow {
    const { quietSinceMs } = this;
    const quietForMs = quietSinceMs === undefined ? 0 : Math.max(1, Math.round(this.clock.now() - quietSinceMs));
    return { ...this.facts, quietForMs, tape: this.hasTape() };
  }

  get isOver(): boolean {
    return this.facts.endedAt !== undefined;
  }

  /** Appends something that has happened `agoMs` ago. */
  add(event: NewEvent, agoMs = 0): ConsoleEvent {
    const atMs = Math.max(0, Math.round(this.sinceStartMs - agoMs));
    const id = `${this.idPrefix}-${++this.lastId}`;
    const added: ConsoleEvent = { atMs, id, ...event };
    // A span is known when it ends, and stands where it began.
    let at = this.events.length;
    while (at > 0 && (this.events[at - 1]?.atMs ?? 0) > atMs) at--;
    this.events.splice(at, 0, added);
    if (this.events.length > this.maxEvents) this.events.shift();
    this.onEvent(added);
    return added;
  }

  entered(state: string): void {
    this.facts.state = state;
    this.add({ kind: 'state', state });
  }

  quiet({ forMs }: Happening<'quiet'>): void {
    this.quietSinceMs = forMs === undefined ? undefined : this.clock.now() - forMs;
  }

  bargedIn(): void {
    this.facts.bargeIns++;
    this.add({ kind: 'barge-in' });
  }

  escalated({ reason, trigger }: Happening<'escalated'>['escalation']): void {
    const { atMs } = this.add({ kind: 'escalation', trigger, reason });
    this.facts.escalation = { trigger, reason, atMs };
  }

  prepared({ handoverId }: Happening<'handover-prepared'>): void {
    if (handoverId !== undefined) this.facts.handoverId = handoverId;
    this.add({ kind: 'handover', step: handoverId === undefined ? 'no-record' : 'record' });
  }

  answered({ itemId, modelMs, provider, waitedMs }: Happening<'answered'>): void {
    this.facts.provider = provider;
    this.facts.lastTurnMs = Math.round(waitedMs);
    const sentMs = this.sinceStartMs;
    const speechStoppedMs = sentMs - waitedMs;
    remember(this.latencies, itemId, {
      speechStoppedMs: Math.round(speechStoppedMs),
      firstModelAudioMs: Math.round(speechStoppedMs + modelMs),
      sentMs: Math.round(sentMs),
    });
  }

  modelSpoke(item: Happening<'model-speech'>): void {
    const { beganAgoMs, firstMarkAgoMs, heardMs, itemId, sentMs } = item;
    this.add({ kind: 'model-speech', itemId, sentMs, heardMs }, beganAgoMs);
    const latency = this.latencies.get(itemId);
    if (latency !== undefined && firstMarkAgoMs !== undefined)
      latency.heardMs = Math.round(this.sinceStartMs - firstMarkAgoMs);
    const turn = this.turns.get(itemId);
    if (turn === undefined) return;
    // The transcript drops a turn of which nothing was heard, without a word.
    if (heardMs === 0) this.cut(turn, '');
    if (heardMs === 0 || latency !== undefined) this.onEvent(turn);
  }

  /** A turn is complete, or was cut after that. */
  turned({ interrupted, itemId, speaker, text }: Readonly<Turn>): void {
    const known = this.turns.get(itemId);
    if (known !== undefined) {
      if (interrupted) this.cut(known, text);
      else if (this.isShown) known.text = text;
      this.onEvent(known);
      return;
    }
    const latency = speaker === 'assistant' ? this.latencies.get(itemId) : undefined;
    this.facts.turns++;
    const added = this.add({
      kind: 'turn',
      itemId,
      speaker,
      ...(this.isShown ? { text } : {}),
      interrupted,
      ...(latency === undefined ? {} : { latency }),
    });
    if (added.kind === 'turn') remember(this.turns, itemId, added);
  }

  /** A session or a stream has been replaced. */
  replaced(seam: Seam): void {
    const { silenceMs } = seam;
    if (seam.seam === 'resume') {
      if (this.resume === undefined) return;
      this.resume.silenceMs = silenceMs;
      this.onEvent(this.resume);
      return;
    }
    const { from, to } = seam;
    this.facts.provider = to;
    if (seam.seam === 'passed') {
      if (this.pass === undefined) return;
      this.pass.silenceMs = silenceMs;
      this.onEvent(this.pass);
      return;
    }
    if (seam.seam === 'failover') this.add({ kind: 'failover', from, to, silenceMs });
    else this.add({ kind: seam.seam, provider: to, silenceMs });
  }

  /** Another assistant talks to the caller. */
  passed({ from, language, to }: Happening<'assistant'>): void {
    const added = this.add({ kind: 'pass', from, to, language });
    if (added.kind === 'pass') this.pass = added;
  }

  resumed({ cause }: Happening<'resumed'>): void {
    const added = this.add({ kind: 'resume', cause, instance: this.facts.instance });
    if (added.kind === 'resume') this.resume = added;
  }

  /** The call is over here. Its words are forgotten. */
  end(outcome: string): void {
    this.facts.state = 'ended';
    this.facts.outcome = outcome;
    this.facts.endedAt = this.clock.epochMs();
    this.quietSinceMs = undefined;
    for (const event of this.events) {
      if (event.kind !== 'turn') continue;
      delete event.text;
      delete event.unheard;
    }
    this.turns.clear();
    this.latencies.clear();
  }

  /** The call has come back to this instance. */
  revive({ provider, turns }: StartedFacts): void {
    delete this.facts.endedAt;
    delete this.facts.outcome;
    Object.assign(this.facts, { provider, turns });
  }

  private get isShown(): boolean {
    return this.showsWords && !this.isOver;
  }

  /** Cuts a turn at what was heard of it. */
  private cut(turn: TurnEvent, heard: string): void {
    turn.interrupted = true;
    const whole = `${turn.text ?? ''}${turn.unheard ?? ''}`;
    if (!this.isShown) return;
    turn.text = heard;
    if (whole.startsWith(heard)) turn.unheard = whole.slice(heard.length);
  }

  private get sinceStartMs(): number {
    return this.clock.epochMs() - this.facts.startedAt;
  }
}

/** Adds an entry to a map that keeps only the latest. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > MAX_OPEN_ITEMS) map.delete(oldest);
}
