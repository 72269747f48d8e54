/** Maximum number of calls that are remembered. The oldest is forgotten first. */
const MAX_CALLS = 2000;
/** Maximum number of kinds of one call. Later kinds are counted and not logged. */
const MAX_KINDS = 64;

/**
 * Tells the first anomaly of each kind in a call from its repetitions. The metrics count every one; the log has the
 * first, because a peer that repeats a fault with every frame would fill it.
 */
export class FirstOfKind {
  private readonly kinds = new Map<string, Set<string>>();

  /** Returns true once for each kind in a call. `call`: any id that the anomalies of one call share. */
  isFirst(call: string, kind: string): boolean {
    const seen = this.kinds.get(call) ?? this.begin(call);
    if (seen.has(kind) || seen.size >= MAX_KINDS) return false;
    seen.add(kind);
    return true;
  }

  private begin(call: string): Set<string> {
    const seen = new Set<string>();
    this.kinds.set(call, seen);
    const [oldest] = this.kinds.keys();
    if (oldest !== undefined && this.kinds.size > MAX_CALLS) this.kinds.delete(oldest);
    return seen;
  }
}
