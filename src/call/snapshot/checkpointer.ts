import type { Clock, Timer } from '../../base/clock.js';
import type { Journal } from '../../journal/journal.js';
import type { History } from '../../voice/history.js';
import type { CallState, CallStateMachine, ExitPlan, Parted } from '../call-state.js';
import type { Departure } from '../transfer/departure.js';
import type { CallFacts } from '../call-facts.js';
import { journalStateOf } from './snapshot.js';

/**
 * A call about which nothing happens is written down all the same so often: so it does not expire, and an instance whose
 * call another has gone on with finds out.
 */
const AGAIN_AFTER_MS = 2 * 60_000;

/** Writes down where one call stands, for another instance that may have to go on with it. */
export class CallCheckpointer {
  private readonly options: {
    call: CallFacts;
    startedAtMs: number;
    history: History;
    machine: CallStateMachine;
    departure: Departure;
    services: { clock: Clock; journal: Journal; provider: { name: string }; tokenLifeMs: number };
  };

  private again: Timer | undefined;
  /** Written down as taken though the stream is still open. */
  private ahead: ExitPlan | undefined;

  constructor(options: CallCheckpointer['options']) {
    this.options = options;
  }

  note(): void {
    const { call, departure, history, services, machine, startedAtMs } = this.options;
    const { clock, journal, provider, tokenLifeMs } = services;
    const state = machine.state;
    // In this process's memory it is anyway.
    if (state.name === 'ended' || journal.health.backend === 'memory') return;
    this.again?.cancel();
    this.again = clock.setTimer(AGAIN_AFTER_MS, () => this.note());
    const playing = 'media' in state ? state.media.playback.playing : [];
    const { failedDials, escalation } = departure.transfer;
    journal.note({
      callSid: call.callSid,
      conversationId: call.conversationId,
      from: call.from,
      to: call.to,
      startedAtMs,
      prompt: call.assistant.prompt.name,
      provider: provider.name,
      turns: history.turnsWhile(playing).map(({ interrupted, speaker, text }) => ({ speaker, text, interrupted })),
      turnsDropped: 0,
      resumes: departure.resumes,
      dials: failedDials,
      stand: journalStateOf(this.toTell(state), escalation, clock.epochMs(), tokenLifeMs),
    });
  }

  /**
   * Writes down that the call leaves its stream by `exit` before it does, because another instance may be asked the
   * moment it has. Settles when that is written, or cannot be: false.
   */
  noteAhead(plan: ExitPlan): Promise<boolean> {
    this.ahead = plan;
    this.note();
    return this.options.services.journal.flush(this.options.call.callSid);
  }

  /** It stays after all. */
  takeBack(): void {
    this.ahead = undefined;
    this.note();
  }

  private toTell(state: CallState): CallState | Omit<Parted, 'expires'> {
    return this.ahead !== undefined && state.name === 'talking' ? { name: 'parted', ...this.ahead } : state;
  }

  /** The call is over, or another instance's. */
  close(): void {
    this.again?.cancel();
  }

  /** How far the caller has heard an answer is worth writing down where somebody can read it. */
  noteWhilePlaying(): void {
    const { state } = this.options.machine;
    if ('media' in state && state.media.playback.isPlaying) this.note();
  }
}
