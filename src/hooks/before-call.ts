import { type Clock, sleep } from '../base/clock.js';
import { withoutTape } from '../base/taped.js';
import type { BeforeCall, CallContext, ComingCall } from '../call/before-call.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import type { Logger } from '../telemetry/log.js';
import { identifyingNumber } from '../twilio/caller-identity.js';
import { type ContextNames, type ContextProblem, readContext } from './context-answer.js';
import { type ContextSource, SourceFailure } from './context-sources.js';

/** What became of a question. A metric label, so a closed set. */
export type ContextOutcome = 'known' | 'partial' | 'nothing' | 'late' | 'failed';

export interface CallContextHookOptions {
  source: ContextSource;
  /** Maximum time in all. */
  limitMs: number;
  clock: Clock;
  /** Shared by the instances that may answer the same call. `undefined` if there is only this one. */
  notes: SharedNotes | undefined;
  /** Says which names the gateway knows, for a call to this number. */
  namesFor: (numberCalled: string) => ContextNames;
  count: (outcome: ContextOutcome, seconds: number) => void;
  log: Logger;
}

interface Result {
  context: CallContext | undefined;
  outcome: ContextOutcome | undefined;
  /** For the log. */
  kind?: ContextProblem | SourceFailure['kind'] | 'threw' | 'late';
}

interface Asked {
  work: Promise<Result>;
  untilMs: number;
  context?: CallContext | undefined;
}

/** How long an answer is kept for requests that come again before the call has begun. */
const REMEMBERED_MS = 30_000;
/** How long the instances remember that one of them has asked. Twilio repeats no request later than that. */
const ASKED_TTL_MS = 60_000;
/** How long the journal may take to say whether another instance has asked. Then this one asks. */
const ASKED_MS = 300;
/** Delay between the looks at a call that another instance has asked about. */
const LOOK_AGAIN_MS = 100;

/**
 * Asks the operator's hook what is known of a call, once a call, and waits no longer than its limit. A hook that is slow, down or
 * wrong costs what it knew: the call goes on as if there were none.
 */
export class CallContextHook implements BeforeCall {
  private readonly options: CallContextHookOptions;
  /** Oldest first. */
  private readonly asked = new Map<string, Asked>();

  constructor(options: CallContextHookOptions) {
    this.options = options;
  }

  async ask(call: ComingCall, isBegun: () => Promise<boolean>): Promise<CallContext | undefined> {
    const { callSid } = call;
    const known = this.asked.get(callSid);
    if (known !== undefined) return (await known.work).context;
    const untilMs = this.options.clock.now() + REMEMBERED_MS;
    const entry: Asked = { work: this.limited(call, isBegun), untilMs };
    this.forgetOld();
    this.asked.set(callSid, entry);
    const { context } = await entry.work;
    entry.context = context;
    return context;
  }

  private forgetOld(): void {
    const nowMs = this.options.clock.now();
    for (const [callSid, { untilMs }] of this.asked) {
      if (untilMs > nowMs) return;
      this.asked.delete(callSid);
    }
  }

  of(callSid: string): CallContext | undefined {
    return this.asked.get(callSid)?.context;
  }

  /** Ends with the limit, whatever the source does. */
  private async limited(call: ComingCall, isBegun: () => Promise<boolean>): Promise<Result> {
    const { clock, count, limitMs, log, source } = this.options;
    const startedMs = clock.now();
    const abort = new AbortController();
    const result = await new Promise<Result>((resolve) => {
      const timer = clock.setTimer(limitMs, () => {
        resolve({ context: undefined, outcome: 'late', kind: 'late' });
        abort.abort();
      });
      void this.once(call, isBegun, abort.signal)
        .catch(() => FAILED)
        .then((ended) => {
          timer.cancel();
          return resolve(ended);
        });
    });
    const tookMs = Math.round(clock.now() - startedMs);
    const { kind, outcome } = result;
    if (outcome !== undefined) count(outcome, tookMs / 1000);
    if (kind !== undefined) {
      const fields = { call_sid: call.callSid, setting: source.setting, kind, duration_ms: tookMs };
      if (outcome === 'partial') log.warn(fields, 'a part of what is known of the call cannot be used and is left out');
      else log.warn(fields, 'what is known of the call could not be learnt; the call goes on without');
    }
    return result;
  }

  /** Asks, unless another instance has. Never rejects. */
  private async once(call: ComingCall, isBegun: () => Promise<boolean>, signal: AbortSignal): Promise<Result> {
    const { clock } = this.options;
    if (await this.isFirst(call.callSid)) return signal.aborted ? NOT_ASKED : this.question(call, signal);
    while (!signal.aborted && !(await isBegun())) await sleep(clock, LOOK_AGAIN_MS);
    return NOT_ASKED;
  }

  /** Whether no other instance has asked about the call. If the journal cannot say so soon, this one asks. */
  private async isFirst(callSid: string): Promise<boolean> {
    const { clock, notes } = this.options;
    if (notes === undefined) return true;
    return new Promise((resolve) => {
      const timer = clock.setTimer(ASKED_MS, () => resolve(true));
      void notes
        .create(`before-call.${callSid}`, {}, ASKED_TTL_MS)
        .catch(() => true)
        .then((isFirst) => {
          timer.cancel();
          return resolve(isFirst);
        });
    });
  }

  private async question({ callSid, from, to }: ComingCall, signal: AbortSignal): Promise<Result> {
    const { namesFor, source } = this.options;
    try {
      const question = { callSid, from: identifyingNumber(from), to, signal };
      const value = await withoutTape(() => source.ask(question));
      const { context, problem } = readContext(value, namesFor(to));
      if (problem === undefined) return { context, outcome: context === undefined ? 'nothing' : 'known' };
      return { context, outcome: problem === 'not_an_object' ? 'failed' : 'partial', kind: problem };
    } catch (error) {
      // The text of an extension's error may hold anything.
      return { ...FAILED, kind: error instanceof SourceFailure ? error.kind : 'threw' };
    }
  }
}

const NOT_ASKED: Result = { context: undefined, outcome: undefined };
const FAILED: Result = { context: undefined, outcome: 'failed', kind: 'threw' };
