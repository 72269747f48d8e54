import { randomBytes } from 'node:crypto';
import type { IncomingLeg } from './phone.js';

export type LegState = 'ringing' | 'answered' | 'busy' | 'failed' | 'ended';

/**
 * The called leg of a `<Dial>`, or of a call over REST. The carrier drives it, and the telephone that rings answers through {@link
 * IncomingLeg}.
 */
export class Leg implements IncomingLeg {
  readonly callSid: string;
  readonly from: string;
  readonly to: string;
  private state: LegState = 'ringing';
  private answered = false;
  private readonly digitListeners: ((digit: string, durationMs: number) => void)[] = [];
  private readonly hangupListeners: (() => void)[] = [];
  private readonly bridgedListeners: (() => void)[] = [];
  private readonly stateListeners: (() => void)[] = [];
  private readonly heardListeners: ((mulaw: Uint8Array) => void)[] = [];
  private readonly saidListeners: ((text: string, language: string) => void)[] = [];
  private readonly keyListeners = new Set<(key: string) => void>();
  private callersEar: ((mulaw: Uint8Array) => void) | undefined;

  constructor(from: string, to: string, callSid = `CA${randomBytes(16).toString('hex')}`) {
    this.callSid = callSid;
    this.from = from;
    this.to = to;
  }

  get current(): LegState {
    return this.state;
  }

  /** Whether the leg was ever answered, even if it is over now. */
  get wasAnswered(): boolean {
    return this.answered;
  }

  answer(): void {
    this.enter('answered', ['ringing']);
  }

  reject(reason: 'busy' | 'failed'): void {
    this.enter(reason, ['ringing']);
  }

  hangup(): void {
    this.enter('ended', ['ringing', 'answered']);
  }

  onDigit(listener: (digit: string, durationMs: number) => void): void {
    this.digitListeners.push(listener);
  }

  onHangup(listener: () => void): void {
    this.hangupListeners.push(listener);
  }

  onBridged(listener: () => void): void {
    this.bridgedListeners.push(listener);
  }

  speak(mulaw: Uint8Array): void {
    if (this.state === 'answered') this.callersEar?.(mulaw);
  }

  onHeard(listener: (mulaw: Uint8Array) => void): void {
    this.heardListeners.push(listener);
  }

  press(key: string): void {
    if (this.state === 'answered') for (const listener of Array.from(this.keyListeners)) listener(key);
  }

  onSaid(listener: (text: string, language: string) => void): void {
    this.saidListeners.push(listener);
  }

  /** Calls `listener` with each key that is pressed. Returns a function that removes the listener. */
  onKey(listener: (key: string) => void): () => void {
    this.keyListeners.add(listener);
    return () => this.keyListeners.delete(listener);
  }

  /** Begins to say `text` to this leg alone. */
  say(text: string, language: string): void {
    for (const listener of this.saidListeners) listener(text, language);
  }

  /** Lets the leg hear what the caller says. */
  hear(mulaw: Uint8Array): void {
    for (const listener of this.heardListeners) listener(mulaw);
  }

  /** Calls `listener` whenever the state changes. */
  onState(listener: () => void): void {
    this.stateListeners.push(listener);
  }

  /** Plays a tone to this leg alone. */
  playDigit(digit: string, durationMs: number): void {
    for (const listener of this.digitListeners) listener(digit, durationMs);
  }

  /** Bridges the leg with the caller, who hears through `callersEar` what it says. */
  bridge(callersEar: (mulaw: Uint8Array) => void): void {
    this.callersEar = callersEar;
    for (const listener of this.bridgedListeners) listener();
  }

  /** Ends the leg from the carrier's or the caller's side. */
  release(): void {
    if (this.state !== 'ringing' && this.state !== 'answered') return;
    this.enter('ended', ['ringing', 'answered']);
    for (const listener of this.hangupListeners) listener();
  }

  private enter(next: LegState, from: readonly LegState[]): void {
    if (!from.includes(this.state)) return;
    this.state = next;
    if (next === 'answered') this.answered = true;
    for (const listener of this.stateListeners) listener();
  }
}
