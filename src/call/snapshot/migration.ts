import type { Clock } from '../../base/clock.js';
import type { CallCheckpointer } from './checkpointer.js';
import type { CallStateMachine, ExitPlan } from '../call-state.js';
import type { PauseKind } from '../media/pause-detector.js';
import { quietSince } from './snapshot.js';

/** In a long pause, in any, or even when somebody speaks. */
export type MoveWhen = PauseKind | 'mid-word';

/** How one call is let go of so that another instance goes on with it. */
export class CallMigration {
  private readonly options: {
    clock: Clock;
    machine: CallStateMachine;
    checkpointer: CallCheckpointer;
    /** The caller is told that they were cut off. */
    midWordPlan: () => ExitPlan;
    /** The stream is closed, and Twilio asks whoever answers what now. */
    part: (plan: ExitPlan) => void;
  };
  private underWay: Promise<void> | undefined;

  constructor(options: CallMigration['options']) {
    this.options = options;
  }

  /**
   * Once it is written down the stream is closed. In a pause the caller notices nothing; `mid-word` they are told. A call that
   * cannot be written down stays: whoever is asked about it would know an older state of it. Settles when it is gone, or
   * stays for now.
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

  /** The stream was closed for it. */
  get isDone(): boolean {
    const { state } = this.options.machine;
    return state.name === 'parted' && state.exit.to === 'assistant' && state.exit.cause === 'moved';
  }

  private async move(when: MoveWhen): Promise<void> {
    const { checkpointer, clock, midWordPlan, part } = this.options;
    const plan: ExitPlan = this.isPause('breath')
      ? {
          exit: { to: 'assistant', cause: 'moved', opening: undefined, quietSinceMs: clock.epochMs() },
          announce: undefined,
        }
      : midWordPlan();
    const isWritten = await checkpointer.noteAhead(plan);
    // Somebody may have begun to speak meanwhile.
    if (isWritten && this.isPossible(when)) part(plan);
    else checkpointer.takeBack();
  }

  private isPossible(when: MoveWhen): boolean {
    return this.options.machine.state.name === 'talking' && (when === 'mid-word' || this.isPause(when));
  }

  /** Nobody speaks, and nobody is about to be answered. */
  private isPause(kind: PauseKind): boolean {
    const { state } = this.options.machine;
    if (!('media' in state)) return false;
    const { pauses, idle, dtmf, playback } = state.media;
    const turn = { awaitsAnswer: idle.awaitsAnswer, isSpokenTo: playback.isPlaying };
    // Whoever was told that it takes a moment goes on waiting.
    const isOwed = quietSince(state.media, this.options.clock.epochMs()) !== undefined;
    return pauses.isPause(kind, turn) && idle.isQuiet && !isOwed && !dtmf.isCollecting;
  }
}
