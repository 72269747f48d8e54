import type { Clock } from '../../base/clock.js';
import type { CallCheckpointer } from './checkpointer.js';
import type { CallStateMachine, ExitPlan } from '../call-state.js';
import type { PauseKind } from '../media/pause-detector.js';
import { quietSince } from './snapshot.js';

/** In a long pause, in a short one, or even while the caller or the assistant speaks. */
export type MoveWhen = PauseKind | 'mid-word';

/** Moves one call to another instance, because this process is stopping. */
export class CallMigration {
  private readonly options: {
    clock: Clock;
    machine: CallStateMachine;
    /** Whether the caller is in the middle of something that would be lost. */
    isBusy: () => boolean;
    checkpointer: CallCheckpointer;
    /** Returns the plan that tells the caller of the interruption. */
    midWordPlan: () => ExitPlan;
    /** Closes the stream, so that Twilio requests the action URL from another instance. */
    part: (plan: ExitPlan) => void;
  };
  private underWay: Promise<void> | undefined;

  constructor(options: CallMigration['options']) {
    this.options = options;
  }

  /**
   * Writes the call to the journal, then closes the stream so that another instance resumes it. In a pause the caller notices
   * nothing, and with `mid-word` they are told. If the write fails the call stays, because the next instance would restore an
   * older state. Resolves when the call is gone, or stays for now.
   */
  async begin(when: MoveWhen): Promise<void> {
    while (this.underWay !== undefined) {
      await this.underWay;
      if (when !== 'mid-word') return;
    }
    if (!this.isPossible(when)) return;
    this.underWay = this.move(when).finally(() => {
      this.underWay = undefined;
    });
    await this.underWay;
  }

  /** Whether the stream was closed for the move. */
  get isDone(): boolean {
    const { state } = this.options.machine;
    return state.name === 'parted' && state.exit.to === 'assistant' && state.exit.cause === 'moved';
  }

  private async move(when: MoveWhen): Promise<void> {
    const { checkpointer, clock, midWordPlan, part } = this.options;
    const plan: ExitPlan = this.isPause('breath')
      ? {
          exit: { to: 'assistant', cause: 'moved', opening: undefined, quietSinceMs: clock.now() },
          announce: undefined,
        }
      : midWordPlan();
    const isWritten = await checkpointer.noteAhead(plan);
    // The caller may have begun to speak meanwhile.
    if (isWritten && this.isPossible(when)) part(plan);
    else checkpointer.takeBack();
  }

  private isPossible(when: MoveWhen): boolean {
    return this.options.machine.state.name === 'talking' && (when === 'mid-word' || this.isPause(when));
  }

  /** Whether neither side speaks and no answer is due. */
  private isPause(kind: PauseKind): boolean {
    const { state } = this.options.machine;
    if (!('media' in state) || this.options.isBusy()) return false;
    const { pauses, idle, dtmf, playback } = state.media;
    const turn = { awaitsAnswer: idle.awaitsAnswer, isSpokenTo: playback.isPlaying };
    // A caller who has heard "one moment" still waits.
    const isOwed = quietSince(state.media, this.options.clock) !== undefined;
    return pauses.isPause(kind, turn) && idle.isQuiet && !isOwed && !dtmf.isCollecting;
  }
}
