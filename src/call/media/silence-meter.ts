import type { Clock } from '../../base/clock.js';

/** Two places where the caller may notice that something was replaced: the voice session, and the stream. */
export type SeamKind = 'session' | 'stream';

interface Seam {
  /** Since when the caller has waited, or since the loss. */
  sinceMs: number;
  /** The longest silence so far. */
  longestMs: number;
  /** Called once the replacement is heard. `undefined` until it is ready. */
  onHeard: ((silenceMs: number) => void) | undefined;
}

/**
 * Knows since when a caller has heard nothing and said nothing, and measures the silence at each seam: the longest one from
 * the loss until the replacement is heard. It belongs to the call and outlives streams and voice sessions.
 */
export class SilenceMeter {
  private readonly clock: Clock;
  private readonly onQuiet: (sinceMs: number | undefined) => void;
  private readonly seams = new Map<SeamKind, Seam>();
  /** Whether there is a line on which the caller could hear something from the gateway. */
  private isListening = false;
  private isPlaying = false;
  private callerSpeaks = false;
  private quietSinceMs: number | undefined;

  /** `onQuiet`: called when the caller begins to hear nothing, with the clock's time, and when that ends. */
  constructor(clock: Clock, onQuiet: (sinceMs: number | undefined) => void) {
    this.clock = clock;
    this.onQuiet = onQuiet;
  }

  /** A stream is open or about to be opened again, so that silence counts. */
  listen(): void {
    this.isListening = true;
    this.update(this.clock.now());
  }

  /** The stream is over, and with it what was playing. Silence still counts, because the call continues. */
  cutOff(): void {
    this.isPlaying = false;
    this.callerSpeaks = false;
    this.update(this.clock.now());
  }

  /** The caller is with an agent or gone. */
  leave(): void {
    this.isListening = false;
    this.isPlaying = false;
    this.callerSpeaks = false;
    this.seams.clear();
    this.update(this.clock.now());
  }

  /** The caller begins to hear something. */
  soundBegan(): void {
    this.noteSilence();
    this.isPlaying = true;
    this.update(this.clock.now());
    for (const [kind, seam] of this.seams) if (seam.onHeard !== undefined) this.close(kind, seam);
  }

  /** The caller hears nothing more since `agoMs`. */
  soundEnded(agoMs = 0): void {
    this.isPlaying = false;
    this.update(this.clock.now() - agoMs);
  }

  callerSpeaking(isSpeaking: boolean): void {
    if (isSpeaking) this.noteSilence();
    this.callerSpeaks = isSpeaking;
    this.update(this.clock.now());
  }

  /** Something was lost. The caller had waited in silence for `waitedMs`. A seam that is open already continues. */
  lost(kind: SeamKind, waitedMs: number): void {
    if (this.seams.has(kind)) return;
    const sinceMs = this.clock.now() - waitedMs;
    this.seams.set(kind, { sinceMs, longestMs: 0, onHeard: undefined });
    // Another instance may have had the call before, and knows more of the silence.
    if (this.quietSinceMs === undefined || sinceMs >= this.quietSinceMs) return;
    this.quietSinceMs = sinceMs;
    this.onQuiet(sinceMs);
  }

  /**
   * The replacement is ready. `isAwaited`: the caller is owed something, so their silence lasts until they hear it. `onHeard`
   * is called once with the silence in milliseconds.
   */
  replaced(kind: SeamKind, isAwaited: boolean, onHeard: (silenceMs: number) => void): void {
    this.lost(kind, 0);
    const seam = this.seams.get(kind);
    if (seam === undefined) return;
    seam.onHeard = onHeard;
    if (!isAwaited) this.close(kind, seam);
  }

  /** Nothing comes in the place of what was lost. */
  gaveUp(kind: SeamKind): void {
    this.seams.delete(kind);
  }

  private close(kind: SeamKind, seam: Seam): void {
    this.seams.delete(kind);
    seam.onHeard?.(Math.round(seam.longestMs));
  }

  private noteSilence(): void {
    if (this.quietSinceMs === undefined) return;
    const nowMs = this.clock.now();
    for (const seam of this.seams.values())
      seam.longestMs = Math.max(seam.longestMs, nowMs - Math.max(this.quietSinceMs, seam.sinceMs));
  }

  private update(sinceMs: number): void {
    const isQuiet = this.isListening && !this.isPlaying && !this.callerSpeaks;
    if (isQuiet === (this.quietSinceMs !== undefined)) return;
    this.quietSinceMs = isQuiet ? sinceMs : undefined;
    this.onQuiet(this.quietSinceMs);
  }
}
