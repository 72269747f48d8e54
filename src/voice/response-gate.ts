/** Maximum number of interrupted responses remembered. Late audio comes from the last one or two. */
const REMEMBERED = 16;

type GateState = { name: 'open' } | { name: 'leaving'; sayId: string; responseId: string | undefined };

/**
 * Decides which responses may still be heard. After an interruption, everything of a response that began before it is
 * late and dropped. Once the call is being left, only the goodbye passes.
 */
export class ResponseGate {
  private state: GateState = { name: 'open' };
  private current: string[] = [];
  private readonly stale = new Set<string>();

  /** Whether the call is being left. The caller's interruptions then no longer count. */
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

  /** Called when the caller interrupted the assistant. */
  interrupt(): void {
    for (const responseId of this.current) this.stale.add(responseId);
    this.current = [];
    for (const oldest of this.stale) {
      if (this.stale.size <= REMEMBERED) break;
      this.stale.delete(oldest);
    }
  }

  /** Lets only the response to `sayId` pass from here on. */
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
