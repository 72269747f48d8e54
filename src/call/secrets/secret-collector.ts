import { z } from 'zod';
import type { AudioChunk } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Logger } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { SessionChange, VoiceSession } from '../../voice/session.js';
import { type AssistantTool, defineTool } from '../../voice/tools.js';
import type { CallEvent } from '../call-events.js';
import type { MediaSession } from '../media/media-session.js';
import { type EntryEnd, MAX_SECRET_DIGITS, SECRET_TOTAL_MS, SecretEntry } from './secret-entry.js';
import type { SecretHandler } from './secret-function.js';
import { silenceLike } from './silence-like.js';
import { SpokenInstead } from './spoken-instead.js';

/** The tool with which the model asks for digits that it does not get. */
export const SECRET_TOOL = 'collect_secret';

/** What the model is told after digits were thrown away with the stream or the session under them. */
const THROWN_AWAY = `The line was interrupted while the caller typed digits on the keypad. Nothing of it was kept. If the digits are still needed, say so and call ${SECRET_TOOL} again.`;
const NOT_PAUSED = 'The recording of the call could not be paused, so no digits may be asked for. Offer a colleague.';
const SAY_PREFIX = 'secret-';
/** How long keys are still dropped after the last one. A caller may type more than was asked for, and `#` behind it. */
const GRACE_MS = 1500;
/** The same after an interruption that the caller may not have noticed while they typed. */
const INTERRUPTED_MS = 5000;
const LATE = Symbol('late');
/** Time beside the limits of the parts, so that the tool ends by itself. */
const SLACK_MS = 5000;

const parameters = z.object({
  purpose: z.string().trim().min(1).max(100).describe('What the digits are, like "the PIN of the card".'),
  length: z
    .int()
    .min(3)
    .max(MAX_SECRET_DIGITS)
    .optional()
    .describe('How many digits there are. Leave it out if that differs.'),
});

/** How a gateway collects secrets. */
export interface SecretServices {
  /** Passes the digits to the operator's function. */
  handle: SecretHandler;
  /** Whether the model hears the caller meanwhile. */
  passesAudio: boolean;
}

/** What became of a question for digits. A metric label, so a closed set. */
export type SecretOutcome = 'collected' | 'gave_up' | 'spoke' | 'left' | 'recorded' | 'failed';

export interface SecretCollectorOptions {
  call: { callSid: string; conversationId: string; from: string; log: () => Logger };
  /** Returns the lines of the assistant that talks now. */
  lines: () => { enterDigits: string; enterDigitsAgain: string; oneMoment: string };
  services: SecretServices & { clock: Clock; metrics: Metrics; emit: (event: CallEvent) => void };
  /** Returns the stream of the call while the assistant talks. */
  media: () => MediaSession | undefined;
  /** Resolves with whether nothing of the call is recorded. */
  whenUnrecorded: () => Promise<boolean>;
  /** Called when what another instance must know has changed. */
  onChange: () => void;
  /** Whether digits were thrown away on another instance, and the model was not told yet. */
  isOwed: boolean;
}

/**
 * Collects digits that no model hears. The keys go to the operator's function alone. The model is told that they were collected, or
 * that the caller gave up, and the recording of the call rests meanwhile.
 */
export class SecretCollector {
  private readonly options: SecretCollectorOptions;
  private entry: SecretEntry | undefined;
  private spoken: SpokenInstead | undefined;
  /** Set while more keys may come of an entry that is over. `isDone`: the recording may go on afterwards. */
  private grace: { timer: Timer; isDone: boolean } | undefined;
  private isOwedNow: boolean;
  private sayCount = 0;
  private isClosed = false;

  constructor(options: SecretCollectorOptions) {
    this.options = options;
    this.isOwedNow = options.isOwed;
  }

  /** Whether keys go here. */
  get isCollecting(): boolean {
    return this.entry !== undefined || this.grace !== undefined;
  }

  /**
   * Whether the recording has to rest: a secret is being collected, or was thrown away and may be asked for again.
   */
  get isOwed(): boolean {
    return this.isOwedNow;
  }

  get tool(): AssistantTool {
    return defineTool({
      name: SECRET_TOOL,
      description:
        'Lets the caller type digits on the keypad that you must not hear, like a PIN or the number of a card. Say what you need first, then call this: the caller is asked to type. You get the result and never the digits. Never ask a caller to say such digits.',
      parameters,
      timeoutMs: SILENCE_BUDGET.recordingSilentMs + SECRET_TOTAL_MS + SILENCE_BUDGET.secretAnswerMs + SLACK_MS,
      run: (given, { signal }) => this.collect(given, signal),
    });
  }

  /** Takes a key of the caller. Returns `false` if it is none of a secret. */
  takes(key: string): boolean {
    if (this.grace !== undefined) {
      this.beginGrace(this.grace.isDone);
      return true;
    }
    if (this.entry === undefined) return false;
    const media = this.options.media();
    if (media?.playback.isPlaying === true) media.conversation.hush();
    media?.idle.callerActive();
    this.spoken?.pressed();
    this.entry.press(key);
    return true;
  }

  /** Takes a frame of the caller, as mu-law at 8 kHz. Returns the frame that the model hears. */
  hears(chunk: AudioChunk): AudioChunk {
    if (this.entry === undefined) return chunk;
    if (this.spoken?.hear(chunk) === true) this.entry.spoke();
    return this.options.services.passesAudio ? chunk : silenceLike(chunk);
  }

  /** A stream is open, and its session may know nothing of digits that were thrown away. */
  streamOpened(session: VoiceSession): void {
    if (!this.isOwedNow || this.entry !== undefined) return;
    this.beginGrace(false, INTERRUPTED_MS);
    this.changed(true);
    session.sendText(THROWN_AWAY);
  }

  /** The model's session was lost or replaced, and with it the question for digits. */
  onSessionChange({ type }: SessionChange): void {
    if (type === 'connected') return;
    if (this.entry !== undefined) {
      this.entry.leave();
      this.over(this.entry, false, INTERRUPTED_MS);
    }
    if (type === 'lost' || !this.isOwedNow || this.grace?.isDone === true) return;
    // The next session is told when it has taken over.
    queueMicrotask(() => this.options.media()?.session.sendText(THROWN_AWAY));
  }

  /** The caller goes to a human. Everything is thrown away. */
  forget(): void {
    this.entry?.leave();
    this.isOwedNow = false;
  }

  /** The call is over, or goes on in another instance. */
  close(): void {
    this.isClosed = true;
    this.entry?.leave();
    this.endGrace();
  }

  private async collect({ length, purpose }: z.output<typeof parameters>, signal: AbortSignal): Promise<unknown> {
    const { media, onChange, services, whenUnrecorded } = this.options;
    this.entry?.leave();
    this.endGrace();
    const entry = new SecretEntry({ clock: services.clock, length, ask: (isAgain) => this.ask(isAgain) });
    this.entry = entry;
    this.isOwedNow = true;
    // What the caller has typed before belongs to no number.
    media()?.dtmf.close();
    signal.addEventListener('abort', () => entry.leave());
    this.changed(true);
    onChange();
    if (await whenUnrecorded()) {
      this.spoken = new SpokenInstead(services.clock);
      entry.begin();
    } else if (!entry.isOver) {
      entry.leave();
      this.over(entry, true, 0);
      this.count('recorded');
      return { error: NOT_PAUSED };
    }
    const end = await entry.end;
    this.over(entry, end.is !== 'left');
    if (end.is === 'entered') return this.handOver(end.digits, purpose, signal);
    this.count(end.is);
    return { status: 'gave_up', ...WHY[end.is] };
  }

  /** Passes the digits to the operator's function. Resolves with what the model is told. */
  private async handOver(digits: string, purpose: string, signal: AbortSignal): Promise<unknown> {
    const { call, lines, services } = this.options;
    const filler = services.clock.setTimer(SILENCE_BUDGET.toolFillerMs, () => this.say(lines().oneMoment));
    const { callSid, conversationId, from } = call;
    const secret = { digits, purpose, callSid, conversationId, callerNumber: identifyingNumber(from) ?? '' };
    const abort = new AbortController();
    signal.addEventListener('abort', () => abort.abort());
    try {
      const answer = await this.inTime(services.handle(secret, abort.signal));
      if (answer === LATE || answer === null) return this.failed(answer === LATE ? 'late' : 'answer');
      this.count('collected');
      return { status: 'collected', ...(answer === '' ? {} : { answer }) };
    } catch {
      return this.failed('error');
    } finally {
      filler.cancel();
      abort.abort();
    }
  }

  private async inTime<T>(work: Promise<T>): Promise<T | typeof LATE> {
    let timer: Timer | undefined;
    const late = new Promise<typeof LATE>((resolve) => {
      timer = this.options.services.clock.setTimer(SILENCE_BUDGET.secretAnswerMs, () => resolve(LATE));
    });
    return Promise.race([work, late]).finally(() => timer?.cancel());
  }

  private failed(kind: 'late' | 'answer' | 'error'): unknown {
    this.count('failed');
    this.options.call.log().error({ kind }, 'onSecret of an extension failed; the model is told so');
    return { error: 'The digits were collected, and could not be checked. Tell the caller, and offer a colleague.' };
  }

  private count(outcome: SecretOutcome): void {
    this.options.services.metrics.secrets.inc({ outcome });
  }

  /**
   * No more keys count for this entry, and those that still come are dropped for `graceMs`, or not at all if that is 0. `isDone`: the
   * call may be recorded again afterwards.
   */
  private over(entry: SecretEntry, isDone: boolean, graceMs = GRACE_MS): void {
    if (this.entry !== entry) return;
    this.entry = undefined;
    this.spoken = undefined;
    if (this.isClosed) return;
    if (graceMs > 0) this.beginGrace(isDone, graceMs);
    else this.settled(isDone);
  }

  private beginGrace(isDone: boolean, ms = GRACE_MS): void {
    this.endGrace();
    const timer = this.options.services.clock.setTimer(ms, () => {
      this.grace = undefined;
      this.settled(isDone);
    });
    this.grace = { timer, isDone };
  }

  private endGrace(): void {
    this.grace?.timer.cancel();
    this.grace = undefined;
  }

  /** No more keys are dropped. `isDone`: the call may be recorded again. */
  private settled(isDone: boolean): void {
    if (isDone) this.isOwedNow = false;
    this.changed(false);
    this.options.onChange();
  }

  private changed(isCollecting: boolean): void {
    const { call, services } = this.options;
    services.emit({ type: 'secret', callSid: call.callSid, isCollecting });
  }

  private ask(isAgain: boolean): void {
    const { enterDigits, enterDigitsAgain } = this.options.lines();
    this.say(isAgain ? enterDigitsAgain : enterDigits);
  }

  private say(text: string): void {
    this.options.media()?.conversation.say(text, `${SAY_PREFIX}${this.sayCount++}`);
  }
}

const WHY: Readonly<Record<Exclude<EntryEnd['is'], 'entered'>, Record<string, string>>> = {
  gave_up: { note: 'The caller did not type the digits. Nothing was kept.' },
  spoke: { note: 'The caller spoke instead of typing, and was not heard. Nothing was kept. Ask what they want.' },
  left: {},
};
