import type { Clock, Timer } from '../../base/clock.js';
import type { VoiceEvent } from '../session.js';
import type { SpeechDetector } from '../speech-detector.js';

/** Time between two pieces of text that separates two utterances, in milliseconds of the session. */
const GAP_MS = 800;
/** Time without another piece after which an utterance is complete, if the line has become quiet and if it has not. */
const QUIET_MS = 500;
const LOUD_MS = 1200;
/** Quiet on the line for which the model's voice counts as the answer, and not as a word in between. */
const PAUSED_MS = 100;

interface Utterance {
  itemId: string;
  text: string;
  endMs: number;
  isAnnounced: boolean;
  lastPieceMs: number;
}

/**
 * Groups the pieces of the caller's transcript into utterances. The service marks no end of them (OpenAI: Managing
 * GPT-Live sessions – transcript deltas), so the quiet of the line, a gap in the text or the model's answer ends one.
 */
export class CallerWords {
  private readonly options: {
    clock: Clock;
    emit: (event: VoiceEvent) => void;
    newId: (kind: 'caller') => string;
    ear: Pick<SpeechDetector, 'isSpeaking' | 'quietMs'>;
  };
  private utterance: Utterance | undefined;
  private timer: Timer | undefined;

  constructor(options: CallerWords['options']) {
    this.options = options;
  }

  words(text: string, startMs: number, endMs: number): void {
    const { clock, emit, newId } = this.options;
    if (this.utterance !== undefined && startMs - this.utterance.endMs > GAP_MS) this.finish();
    if (this.utterance === undefined && text.trim() === '') return;
    this.utterance ??= { itemId: newId('caller'), text: '', endMs, isAnnounced: false, lastPieceMs: 0 };
    const { utterance } = this;
    utterance.text += text;
    utterance.endMs = Math.max(utterance.endMs, endMs);
    utterance.lastPieceMs = clock.now();
    emit({ type: 'caller-text', itemId: utterance.itemId, text: utterance.text.trim(), final: false });
    this.timer ??= this.wait(QUIET_MS);
  }

  /** Called when the line has become quiet. */
  lineIsQuiet(): void {
    this.announce();
  }

  /** Called when the model begins to speak. */
  modelSpeaks(): void {
    // A model that hums while the caller goes on has not taken their turn.
    if (this.options.ear.quietMs >= PAUSED_MS) this.announce();
  }

  /** Reports the utterance as complete. Called, too, before something happens that rests on the caller's words. */
  finish(): void {
    this.announce();
    const { utterance } = this;
    this.close();
    if (utterance === undefined) return;
    this.options.emit({ type: 'caller-text', itemId: utterance.itemId, text: utterance.text.trim(), final: true });
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.utterance = undefined;
  }

  private announce(): void {
    const { utterance } = this;
    if (utterance === undefined || utterance.isAnnounced) return;
    utterance.isAnnounced = true;
    this.options.emit({ type: 'caller-turn', itemId: utterance.itemId });
  }

  private wait(delayMs: number): Timer {
    return this.options.clock.setTimer(delayMs, () => {
      this.timer = undefined;
      const { utterance } = this;
      if (utterance === undefined) return;
      const withinMs = this.options.ear.isSpeaking ? LOUD_MS : QUIET_MS;
      const leftMs = utterance.lastPieceMs + withinMs - this.options.clock.now();
      if (leftMs <= 0) this.finish();
      else this.timer = this.wait(Math.max(1, Math.min(leftMs, QUIET_MS)));
    });
  }
}
