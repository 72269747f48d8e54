/** Maximum number of calls remembered, some times what one process holds. The one used least recently makes room. */
const MAX_CALLS = 4096;

/** Keeps something for a call beyond its sessions, which know nothing of each other. */
export class PerCall<T> {
  private readonly create: () => T;
  private readonly calls = new Map<string, T>();

  constructor(create: () => T) {
    this.create = create;
  }

  /** Returns what is kept for the call, or a new one. */
  of(conversationId: string): T {
    const kept = this.calls.get(conversationId) ?? this.create();
    this.calls.delete(conversationId);
    this.calls.set(conversationId, kept);
    for (const oldest of this.calls.keys()) {
      if (this.calls.size <= MAX_CALLS) break;
      this.calls.delete(oldest);
    }
    return kept;
  }
}
