/**
 * Runs work, a few pieces in each turn of the event loop. Between the turns the loop reads its sockets and runs its timers. So
 * many pieces that arrive at the same moment delay everything else no more than a few do.
 */
export class Turns {
  private readonly perTurn: number;
  private readonly waiting: (() => void)[] = [];
  private next: NodeJS.Immediate | undefined;

  constructor(perTurn: number) {
    this.perTurn = perTurn;
  }

  /** Runs `work` in this turn or a later one, after what was requested before it. Resolves with what it returns. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
      this.schedule();
    });
  }

  private schedule(): void {
    this.next ??= setImmediate(() => {
      this.next = undefined;
      for (const piece of this.waiting.splice(0, this.perTurn)) piece();
      if (this.waiting.length > 0) this.schedule();
    });
  }
}
