/**
 * A telephone that the simulated carrier can ring when TwiML says `<Dial>`, or for a call over REST. It is the simulated Amazon Connect, or in a
 * test a number that is busy, never answers or hangs up early.
 */
export interface PhoneEndpoint {
  /** Called when a call comes in. Answers, rejects or lets it ring, and returns at once. */
  ring(leg: IncomingLeg): void;
  /** What Twilio detects when this telephone answers a call over REST, and how long that takes. Default: a human, 4 s. */
  readonly detected?: { as: AnsweredBy; afterMs: number };
}

/** Twilio: Answering machine detection – values of AnsweredBy. */
export type AnsweredBy =
  'human' | 'machine_start' | 'machine_end_beep' | 'machine_end_silence' | 'machine_end_other' | 'fax' | 'unknown';

/** The called side's view of one leg, ringing or answered. */
export interface IncomingLeg {
  /** The leg's own CallSid (`CA…`), not the caller's. For a call over REST that of the call. */
  readonly callSid: string;
  /** E.164, as the network shows it to the called side. */
  readonly from: string;
  readonly to: string;
  answer(): void;
  /** Rejects the call. Only possible while it rings. */
  reject(reason: 'busy' | 'failed'): void;
  hangup(): void;
  /** Calls `listener` with each DTMF tone (0-9, *, #, A-D) in order. `durationMs` is the length of the tone. */
  onDigit(listener: (digit: string, durationMs: number) => void): void;
  /** Presses a key (0-9, *, #). It counts only while TwiML waits for keys on this leg. */
  press(key: string): void;
  /** Calls `listener` when `<Say>` begins to say something to this leg alone. `language` is its attribute, or Twilio's default. */
  onSaid(listener: (text: string, language: string) => void): void;
  /** Calls `listener` when the other side hangs up or stops ringing. */
  onHangup(listener: () => void): void;
  /** Calls `listener` when the leg is bridged with the caller's. */
  onBridged(listener: () => void): void;
  /** Says something, as raw mu-law. It is lost while the leg is not bridged. */
  speak(mulaw: Uint8Array): void;
  /** Calls `listener` with what the caller says while the legs are bridged, as raw mu-law. */
  onHeard(listener: (mulaw: Uint8Array) => void): void;
}
