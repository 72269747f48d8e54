/**
 * A telephone that the simulated carrier can ring when TwiML says `<Dial>`: the simulated Amazon Connect, or a number
 * in a test that is busy, never answers or hangs up early.
 */
export interface PhoneEndpoint {
  /** A call comes in. Answer, refuse or let it ring; returns at once. */
  ring(leg: IncomingLeg): void;
}

/** The called side's view of one ringing or answered leg. */
export interface IncomingLeg {
  /** The leg's own CallSid (`CA…`), not the caller's. */
  readonly callSid: string;
  /** E.164, as the network shows it to the called side. */
  readonly from: string;
  readonly to: string;
  answer(): void;
  /** Only while ringing. */
  reject(reason: 'busy' | 'failed'): void;
  hangup(): void;
  /** Each DTMF tone as it is heard, in order: one of 0-9 * # A-D. `durationMs` is the tone's length. */
  onDigit(listener: (digit: string, durationMs: number) => void): void;
  /** The other side hung up or gave up ringing. */
  onHangup(listener: () => void): void;
  /** The leg was joined with the caller's. */
  onBridged(listener: () => void): void;
}
