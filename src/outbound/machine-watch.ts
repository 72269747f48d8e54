import type { Clock, Timer } from '../base/clock.js';

const LOOK_EVERY_MS = 500;
/** Twilio detects for 30 s by default, and may report later if an answering machine speaks for long. */
const WATCHED_MS = 90_000;

interface Watched {
  id: string;
  untilMs: number;
  timer: Timer | undefined;
}

/**
 * Hears what has answered the calls of this process, if Twilio has told that another instance. Only the one that has the call can
 * act on it.
 */
export class MachineWatch {
  private readonly options: {
    clock: Clock;
    /** Resolves with Twilio's word for what has answered. `undefined` while it is not known. */
    read: (id: string) => Promise<string | undefined>;
    onAnswer: (callSid: string, answeredBy: string) => void;
  };
  private readonly watched = new Map<string, Watched>();

  constructor(options: MachineWatch['options']) {
    this.options = options;
  }

  begin(callSid: string, id: string): void {
    this.watched.get(callSid)?.timer?.cancel();
    const watched: Watched = { id, untilMs: this.options.clock.now() + WATCHED_MS, timer: undefined };
    this.watched.set(callSid, watched);
    this.lookLater(callSid, watched);
  }

  /** The call is over here. Returns its id. `undefined` if it was not watched. */
  end(callSid: string): string | undefined {
    const watched = this.watched.get(callSid);
    watched?.timer?.cancel();
    this.watched.delete(callSid);
    return watched?.id;
  }

  close(): void {
    for (const { timer } of this.watched.values()) timer?.cancel();
    this.watched.clear();
  }

  private lookLater(callSid: string, watched: Watched): void {
    const { clock } = this.options;
    watched.timer = clock.setTimer(LOOK_EVERY_MS, () => {
      watched.timer = undefined;
      void this.look(callSid, watched);
    });
  }

  private async look(callSid: string, watched: Watched): Promise<void> {
    const { clock, onAnswer, read } = this.options;
    const answeredBy = await read(watched.id).catch(() => undefined);
    if (this.watched.get(callSid) !== watched) return;
    if (answeredBy !== undefined) onAnswer(callSid, answeredBy);
    else if (clock.now() < watched.untilMs) this.lookLater(callSid, watched);
  }
}
