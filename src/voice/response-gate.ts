/** How many interrupted responses are remembered; late audio comes from the last one or two. */
const REMEMBERED = 16;

type GateState = { name: 'open' } | { name: 'leaving'; sayId: string; responseId: string | undefined };

/**
 * Decides which responses may still be heard. After an interruption, whatever belongs to a response begun before it is
 * late and dropped; once the call is being left, only the line that says goodbye passes.
 */
export class ResponseGate {
  private state: GateState = { name: 'open' };
  private current: string[] = [];
  private readonly stale = new Set<string>();

  /** True once the call is being left: the caller's interruptions no longer count. */
  get isLeaving(): boolean {
    return this.state.name === 'leaving';
  }

  started(responseId: string, sayId: string | undefined): void {
    this.remember(responseId);
    if (this.state.name === 'leaving' && sayId === this.state.sayId) this.state.responseId = responseId;
  }

  /** Whether audio and text of `responseId` may pass. */
  lets(responseId: string): boolean {
    if (this.state.name === 'leaving') return this.state.responseId === responseId;
    if (this.stale.size > 0 && this.stale.has(responseId)) return false;
    if (this.current.at(-1) !== responseId) this.remember(responseId);
    return true;
  }

  /** The caller talked over the assistant. */
  interrupt(): void {
    for (const responseId of this.current) this.stale.add(responseId);
    this.current = [];
    for (const oldest of this.stale) {
      if (this.stale.size <= REMEMBERED) break;
      this.stale.delete(oldest);
    }
  }

  /** From here on only the response to `sayId` passes. */
  leave(sayId: string): void {
    this.interrupt();
    this.state = { name: 'leaving', sayId, responseId: undefined };
  }

  private remember(responseId: string): void {
    if (this.current.includes(responseId)) return;
    this.current.push(responseId);
    if (this.current.length > REMEMBERED) this.current.shift();
  }
}
