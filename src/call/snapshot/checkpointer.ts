import type { Clock, Timer } from '../../base/clock.js';
import type { JournalEntry } from '../../journal/entry.js';
import type { Journal } from '../../journal/journal.js';
import type { History } from '../../voice/history.js';
import type { CallState, CallStateMachine, ExitPlan, Parted } from '../call-state.js';
import type { Departure } from '../transfer/departure.js';
import type { CallFacts } from '../call-facts.js';
import { journalStateOf, quietSince } from './snapshot.js';

/**
 * How often a call is written even if nothing happens. So its entry does not expire, and an instance whose call another one has
 * taken over finds out.
 */
const AGAIN_AFTER_MS = 2 * 60_000;

/** Writes the state of one call to the journal, for another instance that may have to take it over. */
export class CallCheckpointer {
  private readonly options: {
    call: CallFacts;
    /** Returns how long the call has lasted. */
    lastedMs: () => number;
    history: History;
    machine: CallStateMachine;
    departure: Departure;
    services: {
      clock: Clock;
      journal: Journal;
      provider: { name: string };
      tokenLifeMs: number;
      traces?: { isKept: (callSid: string) => boolean } | undefined;
    };
  };

  private again: Timer | undefined;
  /**
   * The plan that the journal is told of already, while the stream is still open. It holds for that state only: a call that came
   * back is in a state of its own, even if both are named `talking`.
   */
  private ahead: { of: CallState; plan: ExitPlan } | undefined;

  /** Whether the journal is told that the caller waits. */
  private isWaitTold = false;

  constructor(options: CallCheckpointer['options']) {
    this.options = options;
  }

  note(): void {
    const { call, departure, history, lastedMs, services, machine } = this.options;
    const { clock, journal, provider, tokenLifeMs } = services;
    const state = machine.state;
    // Without a shared journal no other instance could read it.
    if (state.name === 'ended' || journal.health.backend === 'memory') return;
    this.isWaitTold = this.isWaiting(state);
    this.again?.cancel();
    this.again = clock.setTimer(AGAIN_AFTER_MS, () => this.note());
    const playing = 'media' in state ? state.media.playback.playing : [];
    const { failedDials, escalation } = departure.transfer;
    journal.note({
      callSid: call.callSid,
      conversationId: call.conversationId,
      from: call.from,
      to: call.to,
      startedAtMs: call.startedAtMs,
      writtenAtMs: clock.epochMs(),
      lastedMs: Math.round(lastedMs()),
      prompt: call.assistant.prompt.name,
      provider: provider.name,
      turns: history.turnsWhile(playing).map(({ interrupted, speaker, text }) => ({ speaker, text, interrupted })),
      turnsDropped: 0,
      resumes: departure.resumes,
      dials: failedDials,
      ...(call.outbound === undefined ? {} : { outbound: call.outbound }),
      ...this.known,
      ...(call.chosen.changes === 0 ? {} : { chosen: call.chosen }),
      ...this.trace,
      stand: journalStateOf(this.toTell(state), escalation, clock, tokenLifeMs),
    });
  }

  /**
   * Writes that the call leaves its stream by `plan`, before it does, because Twilio may ask another instance the moment it
   * has. Resolves with whether the journal has taken it.
   */
  noteAhead(plan: ExitPlan): Promise<boolean> {
    this.ahead = { of: this.options.machine.state, plan };
    this.note();
    return this.options.services.journal.flush(this.options.call.callSid);
  }

  /** Takes {@link noteAhead} back, because the call stays after all. */
  takeBack(): void {
    this.ahead = undefined;
    this.note();
  }

  private get known(): Pick<JournalEntry, 'known'> {
    const { known } = this.options.call;
    if (known === undefined) return {};
    const { assistant, language, variables } = known;
    return {
      known: {
        variables,
        ...(assistant === undefined ? {} : { assistant }),
        ...(language === undefined ? {} : { language }),
      },
    };
  }

  private get trace(): Pick<JournalEntry, 'trace'> {
    const { callSid, traceId } = this.options.call;
    if (traceId === undefined) return {};
    const isKept = this.options.services.traces?.isKept(callSid) === true;
    return { trace: { id: traceId, ...(isKept ? { isKept } : {}) } };
  }

  private toTell(state: CallState): CallState | Omit<Parted, 'expires'> {
    return this.ahead?.of === state ? { name: 'parted', ...this.ahead.plan } : state;
  }

  /** Stops writing, because the call is over or belongs to another instance. */
  close(): void {
    this.again?.cancel();
  }

  /**
   * Writes what changes without a turn or a step: how far the caller has heard the answer that is playing, and that they began to
   * wait, or no longer do. Some models report the caller's words before they report that the caller has finished.
   */
  noteBetweenTurns(): void {
    const { state } = this.options.machine;
    if (!('media' in state)) return;
    if (state.media.playback.isPlaying || this.isWaiting(state) !== this.isWaitTold) this.note();
  }

  private isWaiting(state: CallState): boolean {
    return state.name === 'talking' && quietSince(state.media, this.options.services.clock) !== undefined;
  }
}
