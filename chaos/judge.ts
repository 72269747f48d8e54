import type { CarrierCall, CallEnd } from '../sim/twilio/carrier-call.js';
import type { CallEvent } from '../src/call/call-events.js';
import type { Clock } from '../src/base/clock.js';
import { RightAssistant } from './right-assistant.js';
import { type Sound, soundOf } from './voice.js';

// The judge of one chaos call. It finds silence, cut-off calls, lost escalations and wrong context.

/** Maximum silence for a caller who waits. */
const MAX_SILENCE_MS = 5000;
/** Maximum time from an escalation to a dial or a recording. After it the escalation counts as lost. */
const HANDOVER_WITHIN_MS = 40_000;
const GOODBYE = /goodbye|auf wiederhören/i;

/**
 * What the caller hears now. `asking`: nothing, because Twilio waits for the gateway's answer. `comfort`: ringing, the agent,
 * Twilio's voice or its recorder.
 */
type Phase = 'comfort' | 'stream' | 'asking' | 'over';

export interface Verdict {
  end: CallEnd;
  outcome: string | undefined;
  longestSilenceMs: number;
  violations: readonly string[];
  /** What happened, for the reader of a violation. */
  story: readonly string[];
}

/**
 * Watches one call from the carrier's side. The gateway owes the caller a sound from the start of a stream, or from the end of
 * what the caller says, until the caller has heard a whole sentence. The last piece of a sentence is louder (see
 * {@link soundOf}). A caller who has heard a sentence and says nothing is not waiting.
 */
export class Judge {
  readonly assistant: RightAssistant;
  private readonly call: CarrierCall;
  private readonly clock: Clock;
  private readonly startedMs: number;
  private readonly violations: string[] = [];
  private readonly story: string[] = [];
  private phase: Phase = 'comfort';
  private isOwed = false;
  /** The part of a sentence that the caller hears now. */
  private sound: Sound = 'silence';
  private silenceMs = 0;
  private longestMs = 0;
  private isReported = false;
  private speaksUntilMs = 0;
  /** Whether the carrier's line blocks audio, one way or both. */
  private isLineBad = false;
  private lastMs: number;
  private lastRealMs = performance.now();
  private lastClosingMs = Number.NEGATIVE_INFINITY;
  private saidLast = '';
  private saidBye = false;
  private wasBridged = false;
  private escalatedMs: number | undefined;
  /** Time of the first escalation. Another instance that resumes the call may report it again. */
  private requestedMs = Number.POSITIVE_INFINITY;
  private outcome: string | undefined;
  private movedSilently = false;
  private streams = 0;

  constructor(call: CarrierCall, clock: Clock) {
    this.call = call;
    this.clock = clock;
    this.startedMs = clock.now();
    this.lastMs = this.startedMs;
    this.assistant = new RightAssistant(
      () => clock.now(),
      (violation) => this.violations.push(violation),
    );
    call.on('heard', (frame) => this.onHeard(frame));
    call.on('stream-started', () => this.onStream());
    call.on('stream-ended', (outcome) => {
      this.isLineBad = false;
      this.enter('asking', `stream ${outcome}`);
    });
    call.on('twiml', (request, verbs) => this.tell(`${request} → ${verbs.map(({ name }) => name).join(' ')}`));
    call.on('say', (text) => {
      this.saidLast = text;
      this.enter('comfort', `say: ${text.slice(0, 40)}`);
    });
    call.on('dial-started', () => {
      this.escalatedMs = undefined;
      this.enter('comfort', 'dials an agent');
    });
    call.on('bridged', () => {
      this.wasBridged = true;
      this.tell('bridged');
    });
    call.on('dial-ended', (status, bridged) => {
      if (!bridged) this.wasBridged = false;
      this.enter('asking', `dial ${status}, ${bridged ? 'bridged' : 'not bridged'}`);
    });
    call.on('recording-started', () => {
      this.escalatedMs = undefined;
      this.enter('comfort', 'records');
    });
    call.on('recording-ended', () => this.enter('asking', 'recorded'));
    call.on('problem', (code, what) => this.tell(`problem ${code}: ${what}`));
    call.on('ended', (reason) => this.onEnded(reason));
  }

  /** Whether the caller has heard a whole sentence, so that it is their turn. */
  get isContent(): boolean {
    return this.phase === 'stream' && !this.isOwed && this.sound === 'silence';
  }

  /** Whether the caller hears speech. */
  get isSpokenTo(): boolean {
    return this.phase === 'stream' && this.sound !== 'silence';
  }

  get canTalk(): boolean {
    return this.phase === 'stream';
  }

  /** Called when the caller speaks for `ms`, or presses keys. */
  callerActs(what: string, ms: number): void {
    this.tell(what);
    this.saidBye ||= /goodbye|\bbye\b/i.test(what);
    this.speaksUntilMs = this.clock.now() + ms;
    this.silenceMs = 0;
    this.isOwed = true;
  }

  lineIs(condition: string): void {
    this.tell(`line ${condition}`);
    this.isLineBad = condition !== 'clear' && condition !== 'gaps';
    this.silenceMs = 0;
    // Speech may have been lost meanwhile, so the caller is owed nothing for it.
    if (!this.isLineBad) this.isOwed = false;
  }

  note(event: CallEvent): void {
    this.assistant.note(event);
    if (event.type === 'assistant') this.tell(`assistant: ${event.to}`);
    switch (event.type) {
      case 'escalated':
        this.escalatedMs ??= this.clock.now();
        this.requestedMs = Math.min(this.requestedMs, this.clock.now());
        this.tell(`escalated: ${event.escalation.trigger}, ${event.escalation.reason}`);
        break;
      case 'resumed':
        this.requestedMs = Number.POSITIVE_INFINITY;
        this.movedSilently = event.cause === 'moved';
        this.escalatedMs = undefined;
        this.tell(`resumed: ${event.cause}`);
        break;
      case 'message-kept':
        this.escalatedMs = undefined;
        break;
      case 'ended':
        this.outcome = event.outcome;
        break;
      default:
    }
  }

  /**
   * Called when an agent has taken the call. The context must be this caller's. It may be missing only if a calamity happened
   * since the escalation (see `wasWellSince`), or if a gateway that did not know the call put the caller through.
   */
  agentSees(attributes: Readonly<Record<string, string>>, wasWellSince: (sinceMs: number) => boolean): void {
    const { customer_phone: caller = '', token_status: status = 'none' } = attributes;
    this.tell(`agent sees: token ${status}`);
    if (status === 'valid') this.assistant.agentSees(attributes['assistant'], wasWellSince);
    if (status === 'valid' && caller !== this.call.options.from) this.violations.push('the agent sees another call');
    if (status !== 'valid' && Number.isFinite(this.requestedMs) && wasWellSince(this.requestedMs))
      this.violations.push(`an agent without context (${status})`);
  }

  tell(what: string): void {
    this.story.push(`${((this.clock.now() - this.startedMs) / 1000).toFixed(2)} ${what}`);
  }

  /** Counts the silence up to now. Must be called often. */
  check(): void {
    this.assistant.check();
    const nowMs = this.clock.now();
    const realMs = performance.now();
    const passedMs = nowMs - this.lastMs;
    // The gateway's answer takes real time, at any speed of the call's clock.
    const waitedMs = this.phase === 'asking' ? Math.min(passedMs, realMs - this.lastRealMs) : passedMs;
    this.lastMs = nowMs;
    this.lastRealMs = realMs;
    if (this.phase === 'over' || this.phase === 'comfort') return;
    const isWaiting = this.phase === 'asking' || (this.isOwed && !this.isLineBad && nowMs > this.speaksUntilMs);
    this.silenceMs = isWaiting ? this.silenceMs + waitedMs : 0;
    this.longestMs = Math.max(this.longestMs, this.silenceMs);
    if (this.silenceMs > MAX_SILENCE_MS && !this.isReported) {
      this.isReported = true;
      this.tell('*** silence');
      this.violations.push(`silence of more than 5 s (${this.phase})`);
    }
    if (this.escalatedMs !== undefined && nowMs - this.escalatedMs > HANDOVER_WITHIN_MS) {
      this.escalatedMs = undefined;
      this.tell('*** no agent');
      this.violations.push('an escalation led to no dial');
    }
  }

  get verdict(): Verdict {
    return {
      end: this.call.endReason ?? 'error',
      outcome: this.outcome,
      longestSilenceMs: this.longestMs,
      violations: this.violations,
      story: this.story,
    };
  }

  private onHeard(frame: Uint8Array): void {
    const sound = soundOf(frame);
    if (sound !== this.sound) this.tell(`hears ${sound}`);
    this.sound = sound;
    if (sound === 'silence') return;
    this.silenceMs = 0;
    this.isReported = false;
    // Audio that arrives while the caller talks is no answer to them.
    const isAnswer = this.clock.now() > this.speaksUntilMs;
    if (sound === 'closing') this.lastClosingMs = this.clock.now();
    if (isAnswer) this.isOwed = sound === 'speech';
  }

  private onStream(): void {
    // After a silent move the gateway owes the caller nothing.
    if (this.streams++ === 0 || !this.movedSilently) this.isOwed = true;
    this.movedSilently = false;
    this.enter('stream', 'stream started');
  }

  private enter(phase: Phase, what: string): void {
    this.check();
    this.tell(what);
    if (this.phase === 'over') return;
    if (phase === 'comfort' || (this.phase === 'comfort' && phase !== 'stream')) this.silenceMs = 0;
    if (phase !== 'stream') this.sound = 'silence';
    this.phase = phase;
  }

  private onEnded(reason: CallEnd): void {
    this.enter('over', `over: ${reason}`);
    if (reason === 'caller-hung-up' || this.isEndedWell(reason)) return;
    this.violations.push(`cut off: ${reason}`);
  }

  private isEndedWell(reason: CallEnd): boolean {
    if (this.wasBridged) return true;
    // The number's fallback reached no agent, and said so.
    if (reason === 'no-more-twiml') return /call again later/i.test(this.saidLast);
    if (reason !== 'gateway-hung-up') return false;
    if (GOODBYE.test(this.saidLast)) return true;
    // A caller who said goodbye and then interrupts the answer hears no more of it.
    if (this.saidBye && this.outcome === 'completed') return true;
    // The caller has just heard a whole sentence: the model's goodbye, or the gateway's own line.
    return this.clock.now() - this.lastClosingMs < 6000;
  }
}
