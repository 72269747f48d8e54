import { randomBytes } from 'node:crypto';
import type { VoiceEvent } from '../session.js';
import { type SpeakLine, spokenLine, unspokenLine } from '../spoken-line.js';

/** What is being synthesised. */
interface Line {
  sayId: string | undefined;
}

/** Says short lines without any model: to a caller who waits and hears nothing, and what a model could not bring out. */
export class GatewayVoice {
  private readonly options: {
    speakLine: SpeakLine;
    oneMoment: string;
    emit: (event: VoiceEvent) => void;
  };
  /** A call may have several of these, one after the other, and one history. */
  private readonly id = randomBytes(4).toString('hex');
  private count = 0;
  private line: Line | undefined;

  constructor(options: GatewayVoice['options']) {
    this.options = options;
  }

  /** Nothing is heard of it when it is stopped before it has been synthesised, or something else is said. */
  async sayOneMoment(): Promise<void> {
    if (this.line === undefined) await this.give(this.options.oneMoment, undefined);
  }

  /** Gives false when nothing on this machine can say it. One that is stopped before it has been synthesised ends as cancelled. */
  say(text: string, sayId: string): Promise<boolean> {
    this.stop();
    return this.give(text, sayId);
  }

  /** The model speaks after all, or the caller does. */
  stop(): void {
    const sayId = this.line?.sayId;
    this.line = undefined;
    if (sayId !== undefined) this.emit(unspokenLine(this.newId(), sayId, 'cancelled'));
  }

  private async give(text: string, sayId: string | undefined): Promise<boolean> {
    const line: Line = { sayId };
    this.line = line;
    const mulaw = await this.options.speakLine(text).catch(() => undefined);
    if (this.line !== line) return true;
    this.line = undefined;
    if (mulaw === undefined || mulaw.length === 0) return false;
    const responseId = this.newId();
    this.emit(spokenLine({ responseId, itemId: `${responseId}-line`, sayId, text, mulaw }));
    return true;
  }

  private newId(): string {
    return `own-${this.id}-${++this.count}`;
  }

  private emit(events: Iterable<VoiceEvent>): void {
    for (const event of events) this.options.emit(event);
  }
}
