import type { Clock } from '../clock.js';
import type { CallAccount } from './account.js';
import type { Exit, Stand } from './call-state.js';

/** How one call is let go of so that another instance goes on with it. */
export class Relocation {
  private readonly options: {
    clock: Clock;
    stand: Stand;
    account: CallAccount;
    /** The caller is told that they were cut off. */
    midWordExit: () => Exit;
    /** The stream is closed, and Twilio asks whoever answers what now. */
    part: (exit: Exit) => void;
  };
  private underWay: Promise<void> | undefined;

  constructor(options: Relocation['options']) {
    this.options = options;
  }

  /**
   * Once it is written down the stream is closed. In a pause the caller notices nothing; `evenMidWord` they are told. A call that
   * cannot be written down stays: whoever is asked about it would know an older state of it. Settles when it is gone, or
   * stays for now.
   */
  async begin(evenMidWord: boolean): Promise<void> {
    if (this.underWay !== undefined) {
      await this.underWay;
      if (!evenMidWord) return;
    }
    if (!this.isPossible(evenMidWord)) return;
    this.underWay = this.move(evenMidWord).finally(() => {
      this.underWay = undefined;
    });
    await this.underWay;
  }

  /** The stream was closed for it. */
  get isDone(): boolean {
    const { is } = this.options.stand;
    return is.name === 'parted' && is.exit.to === 'assistant' && is.exit.cause === 'moved';
  }

  private async move(evenMidWord: boolean): Promise<void> {
    const { account, clock, midWordExit, part } = this.options;
    const exit: Exit = this.isPause
      ? { to: 'assistant', cause: 'moved', opening: undefined, quietSinceMs: clock.epochMs() }
      : midWordExit();
    const isWritten = await account.noteAhead(exit);
    // Somebody may have begun to speak meanwhile.
    if (isWritten && this.isPossible(evenMidWord)) part(exit);
    else account.takeBack();
  }

  private isPossible(evenMidWord: boolean): boolean {
    return this.options.stand.is.name === 'talking' && (evenMidWord || this.isPause);
  }

  /** Nobody speaks, and nobody is about to be answered. */
  private get isPause(): boolean {
    const { is } = this.options.stand;
    if (!('line' in is)) return false;
    const { callerPause, idle, keypad, playback } = is.line;
    const state = { awaitsAnswer: idle.awaitsAnswer, isSpokenTo: playback.isPlaying };
    return callerPause.isPause(state) && idle.isQuiet && !keypad.isCollecting;
  }
}
