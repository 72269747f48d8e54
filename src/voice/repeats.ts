/** Notices which kinds of anomaly repeat in a call. A single one says little, and one that repeats is logged once. */
export class Repeats<Kind extends string> {
  private readonly counts = new Map<Kind, number>();

  /** Returns true once for each kind, when it is noted for the second time. */
  note(kind: Kind): boolean {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    return count === 2;
  }
}
