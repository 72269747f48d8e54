import type { Clock, Timer } from '../../base/clock.js';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { RecordingChange, RecordingResult, ShownRecording } from '../../twilio/recordings-api.js';

/** What is asked of Twilio's REST API. */
export interface RecordingsApi {
  start(callSid: string): Promise<RecordingResult>;
  update(callSid: string, sid: string | undefined, status: RecordingChange): Promise<RecordingResult>;
  /** `undefined` if Twilio does not tell. */
  list(callSid: string): Promise<readonly ShownRecording[] | undefined>;
  urlOf(sid: string): string;
}

/**
 * What the recording is, as far as is known. `none`: it was never started. `unknown`: it may run, because an answer of Twilio was
 * lost. `over`: it was stopped, and no other follows.
 */
export type RecordingStand = 'none' | 'unknown' | 'in-progress' | 'paused' | 'over';
export type WantedStand = Exclude<RecordingStand, 'unknown'>;

/** What is asked next. `look`: Twilio is asked which recordings there are. */
type Step = 'start' | 'look' | RecordingChange;

/** Maximum number of tries in a row. A recording that must stop is tried for as long as the call lasts. */
const MAX_TRIES = 3;
/** Delay before the next try, times the number of tries. */
const AGAIN_AFTER_MS = 1000;

/**
 * Brings the recording of one call to what is wanted of it, one request after the other. What Twilio answers may be lost, late or
 * a refusal; then Twilio is asked what there is.
 */
export class RecordingSwitch {
  private readonly options: {
    callSid: string;
    api: RecordingsApi;
    clock: Clock;
    /** Returns what is wanted now. */
    wanted: () => WantedStand;
    /** Called when the stand has changed, before Twilio is asked for what may change it, and after. */
    onChange: () => void;
    /** A step failed as often as it may. What is wanted may change here. */
    onFailure: (step: Step, result: RecordingResult | undefined) => void;
  };
  private current: RecordingStand;
  private known: string | undefined;
  private running: Promise<void> | undefined;
  private isClosed = false;
  private readonly waiting = new Set<() => void>();
  /** Ends the pause between two tries. */
  private wake: () => void = () => undefined;
  /** Whether Twilio may have started more recordings than are known. */
  private isAmbiguous: boolean;

  constructor(options: RecordingSwitch['options'], stand: RecordingStand = 'none', sid?: string) {
    this.options = options;
    this.current = stand;
    this.known = sid;
    this.isAmbiguous = stand === 'unknown';
  }

  get stand(): RecordingStand {
    return this.current;
  }

  get sid(): string | undefined {
    return this.known;
  }

  /** Whether it is certain that nothing is recorded now. */
  get isSilent(): boolean {
    return this.current !== 'unknown' && this.current !== 'in-progress';
  }

  /** What is wanted may have changed. */
  adjust(): void {
    if (this.isClosed || this.running !== undefined) return;
    this.running = this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Resolves with whether nothing is recorded. It waits for that for `limitMs` at most. */
  async whenSilent(limitMs: number): Promise<boolean> {
    this.adjust();
    if (this.isSilent) return true;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.isSilent && !this.isClosed) return;
        done();
      };
      const done = (): void => {
        this.waiting.delete(look);
        timer?.cancel();
        resolve();
      };
      this.waiting.add(look);
      timer = this.options.clock.setTimer(limitMs, done);
    });
    return this.isSilent && !this.isClosed;
  }

  /** Twilio has reported a recording of the call. */
  reported({ is, sid }: ShownRecording): void {
    // A report may be late, so it is only news of what is not known, or of the end.
    if (this.known !== undefined && this.known !== sid) this.isAmbiguous = true;
    else if (is === 'over' && this.current !== 'none') this.enter('over', sid);
    else if (this.current === 'unknown') this.enter(is, sid);
    this.adjust();
  }

  close(): void {
    this.isClosed = true;
    this.wake();
    for (const look of this.waiting) look();
  }

  private async run(): Promise<void> {
    let tries = 0;
    for (let step = this.next(); step !== undefined && !this.isClosed; step = this.next()) {
      const { known } = this;
      const result = step === 'look' ? undefined : await this.ask(step);
      await this.learn(step, result);
      // The same step for another recording is no second try.
      if (this.next() !== step || this.known !== known) {
        tries = 0;
        continue;
      }
      tries++;
      if (tries % MAX_TRIES === 0) {
        this.options.onFailure(step, result);
        // What cannot be done is left, unless something else is wanted now. A recording that must stop is tried again and again.
        if (this.next() === step && step !== 'stopped') return;
      }
      await this.sleep(step === 'paused' ? SILENCE_BUDGET.recordingPauseRetryMs : AGAIN_AFTER_MS * tries);
    }
  }

  /** Takes note of what became of a step. */
  private async learn(step: Step, result: RecordingResult | undefined): Promise<void> {
    switch (result?.is) {
      case 'done':
        // Another recording may run beside it, so only the list tells that nothing is recorded.
        if (this.isAmbiguous && (step === 'paused' || step === 'stopped')) await this.look();
        else this.enter(result.recording.is, result.recording.sid);
        return;
      case 'refused':
      case 'not-processed':
        // It had no effect.
        if (step === 'start') this.enter('none', undefined);
        return;
      case 'unknown':
        this.isAmbiguous ||= step === 'start';
        await this.look();
        return;
      case 'gone':
      case undefined:
        await this.look();
    }
  }

  private sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.setTimer(delayMs, resolve);
      this.wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  private next(): Step | undefined {
    const wanted = this.options.wanted();
    switch (this.current) {
      case 'none':
        return wanted === 'in-progress' ? 'start' : undefined;
      case 'unknown':
        if (wanted === 'in-progress' || wanted === 'none') return 'look';
        return wanted === 'paused' ? 'paused' : 'stopped';
      case 'in-progress':
        if (wanted === 'in-progress' || wanted === 'none') return undefined;
        return wanted === 'paused' ? 'paused' : 'stopped';
      case 'paused':
        if (wanted === 'paused' || wanted === 'none') return undefined;
        return wanted === 'over' ? 'stopped' : 'in-progress';
      case 'over':
        return undefined;
    }
  }

  private ask(step: Exclude<Step, 'look'>): Promise<RecordingResult> {
    const { api, callSid } = this.options;
    if (step !== 'start') return api.update(callSid, this.known, step);
    // Another instance must know of it, even if this one dies before the answer.
    this.enter('unknown', undefined);
    return api.start(callSid);
  }

  /** Asks Twilio which recordings there are. */
  private async look(): Promise<void> {
    const { api, callSid } = this.options;
    const listed = await api.list(callSid);
    if (listed === undefined) {
      if (this.current !== 'none' && this.current !== 'over') this.enter('unknown', this.known);
      return;
    }
    const last = listed.find(({ sid }) => sid === this.known) ?? listed[0];
    // One that runs is dealt with first.
    const found = listed.find(({ is }) => is === 'in-progress') ?? listed.find(({ is }) => is === 'paused') ?? last;
    if (found === undefined) this.enter('none', undefined);
    else this.enter(found.is, found.sid);
  }

  private enter(stand: RecordingStand, sid: string | undefined): void {
    const isNew = stand !== this.current || sid !== this.known;
    this.current = stand;
    this.known = sid;
    if (!isNew) return;
    this.options.onChange();
    for (const look of this.waiting) look();
  }
}
