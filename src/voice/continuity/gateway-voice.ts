import { randomBytes } from 'node:crypto';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock, Timer } from '../../base/clock.js';
import { taped } from '../../base/taped.js';
import type { VoiceEvent } from '../session.js';
import { waitingTone } from './waiting-tone.js';
import { type SpeakLine, spokenLine, unspokenLine } from '../spoken-line.js';

/** A line that is being synthesised. */
interface Synthesis {
  sayId: string | undefined;
  limit: Timer;
}

/**
 * The gateway's own voice, which speaks short lines without any model: "one moment" to a caller who hears nothing, and
 * a line that a model failed to speak.
 */
export class GatewayVoice {
  private readonly options: {
    clock: Clock;
    speakLine: SpeakLine;
    /** Returns the line, in the language of the call. */
    oneMoment: () => string;
    emit: (event: VoiceEvent) => void;
  };
  /** Makes response ids unique, because one call can have several of these voices and only one history. */
  private readonly id = taped('own-voice', () => randomBytes(4).toString('hex'));
  private count = 0;
  /** Number of times a line was stopped. */
  private stops = 0;
  private synthesis: Synthesis | undefined;

  constructor(options: GatewayVoice['options']) {
    this.options = options;
  }

  /**
   * Speaks the line, unless another one is being synthesised. Plays a soft tone if this machine has no voice for it, or none in
   * time. No event follows if it is stopped before its audio exists.
   */
  async sayOneMoment(): Promise<void> {
    if (this.synthesis !== undefined) return;
    const count = this.stops;
    const isSaid = await this.speak(this.options.oneMoment(), undefined);
    if (!isSaid && count === this.stops) this.send('', undefined, waitingTone());
  }

  /**
   * Resolves with false if this machine has no engine for the line, or not in time. A line that is stopped before its audio exists ends
   * with status `cancelled`.
   */
  say(text: string, sayId: string): Promise<boolean> {
    this.stop();
    return this.speak(text, sayId);
  }

  /** Called when the model speaks after all, or the caller does. */
  stop(): void {
    const sayId = this.synthesis?.sayId;
    this.synthesis?.limit.cancel();
    this.synthesis = undefined;
    this.stops++;
    if (sayId !== undefined) this.emit(unspokenLine(this.newId(), sayId, 'cancelled'));
  }

  /** A voice that takes long, for example a server that hangs, must not keep the caller in silence. */
  private speak(text: string, sayId: string | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const limit = this.options.clock.setTimer(SILENCE_BUDGET.ownLineMs, () => spoken(undefined));
      const synthesis: Synthesis = { sayId, limit };
      this.synthesis = synthesis;
      const spoken = (mulaw: Uint8Array | undefined): void => {
        limit.cancel();
        const isWanted = this.synthesis === synthesis;
        if (isWanted) this.synthesis = undefined;
        const isThere = mulaw !== undefined && mulaw.length > 0;
        if (isWanted && isThere) this.send(text, sayId, mulaw);
        resolve(!isWanted || isThere);
      };
      this.options.speakLine(text).then(spoken, () => spoken(undefined));
    });
  }

  private send(text: string, sayId: string | undefined, mulaw: Uint8Array): void {
    const responseId = this.newId();
    this.emit(spokenLine({ responseId, itemId: `${responseId}-line`, sayId, text, mulaw }));
  }

  private newId(): string {
    return `own-${this.id}-${++this.count}`;
  }

  private emit(events: Iterable<VoiceEvent>): void {
    for (const event of events) this.options.emit(event);
  }
}
