import { MULAW_BYTES_PER_MS, type AudioChunk } from '../audio/chunk.js';
import type { Clock } from '../base/clock.js';

/** Where playback goes: the live stream. The narrowest view of it that the ledger needs. */
export interface PlaybackSink {
  sendAudio(base64: string): void;
  sendMark(name: string): void;
  sendClear(): void;
}

/** What the caller heard of one item when playout was cut. */
export interface PlayedItem {
  itemId: string;
  heardMs: number;
  sentMs: number;
}

export type PlaybackEnd = 'heard' | 'cleared' | 'timed-out' | 'closed';

interface Segment {
  itemId: string;
  startByte: number;
  endByte: number;
}

interface Mark {
  name: string;
  atByte: number;
}

interface Waiter {
  atByte: number;
  settle(end: PlaybackEnd): void;
}

/** More than this is not the network but a pause in the audio. */
const MAX_ROUND_TRIP_MS = 500;
/** Audio after which a mark is due at the latest, counted at message boundaries. */
const MARK_EVERY_BYTES = 200 * MULAW_BYTES_PER_MS;

/**
 * The only place that knows what the caller heard. Twilio plays at 8 bytes a millisecond and returns each mark when
 * everything before it has been played, so the position is the last mark that came back plus the time since, never
 * past the next mark that has not. All positions are bytes since the stream began.
 *
 * A `clear` starts a new generation: Twilio then returns every outstanding mark at once, which means flushed, not heard,
 * and the echo carries no flag (Twilio: Media Streams – clear message).
 */
export class Playback {
  private readonly sink: PlaybackSink;
  private readonly clock: Clock;
  private readonly onIdle: () => void;
  private readonly onUnknownMark: () => void;
  private segments: Segment[] = [];
  private marks: Mark[] = [];
  private waiters: Waiter[] = [];
  private flushed = new Set<string>();
  private generation = 0;
  private markCount = 0;
  private sentByte = 0;
  private markedByte = 0;
  /** Where the audio began that has been playing without a pause since. */
  private runStartByte = 0;
  private anchorByte = 0;
  private anchorMs = 0;
  private anchoredByMark = false;
  /** Set while the first mark after silence is out: measures the way to Twilio and back. */
  private probe: { name: string; sentMs: number; audioMs: number } | undefined;
  /** The shortest way to Twilio and back seen so far; undefined until the first was measured. */
  private roundTripMs: number | undefined;
  private closed = false;

  constructor(options: { sink: PlaybackSink; clock: Clock; onIdle?: () => void; onUnknownMark?: () => void }) {
    this.sink = options.sink;
    this.clock = options.clock;
    this.onIdle = options.onIdle ?? (() => undefined);
    this.onUnknownMark = options.onUnknownMark ?? (() => undefined);
  }

  /** True while something sent has not been confirmed as played. */
  get isPlaying(): boolean {
    return this.segments.length > 0;
  }

  /** Sends a piece of `itemId`; mu-law at 8 kHz, any length. Pieces of an item follow each other without a gap. */
  play(itemId: string, chunk: AudioChunk): void {
    if (this.closed) return;
    const sizeBytes = chunk.sizeBytes;
    if (sizeBytes === 0) return;
    // Nothing was left to play: playout starts again with this piece.
    if (this.segments.length === 0 || this.elapsedByte() >= this.sentByte) {
      this.runStartByte = this.sentByte;
      this.anchorByte = this.sentByte;
      this.anchorMs = this.clock.now();
      this.anchoredByMark = false;
    }
    const last = this.segments.at(-1);
    if (last?.itemId === itemId) last.endByte += sizeBytes;
    else this.segments.push({ itemId, startByte: this.sentByte, endByte: this.sentByte + sizeBytes });
    this.sentByte += sizeBytes;
    this.sink.sendAudio(chunk.base64);
    if (this.sentByte - this.markedByte >= MARK_EVERY_BYTES) this.mark();
  }

  /** What is on its way to the caller and how much of it they have heard, in order. */
  get playing(): PlayedItem[] {
    const heardByte = this.heardByte();
    return this.segments.map((segment) => ({
      itemId: segment.itemId,
      heardMs: Math.floor(Math.max(0, Math.min(heardByte, segment.endByte) - segment.startByte) / MULAW_BYTES_PER_MS),
      sentMs: Math.floor((segment.endByte - segment.startByte) / MULAW_BYTES_PER_MS),
    }));
  }

  /** How long ago the oldest mark that has not come back was due, in milliseconds; 0 when none is late. */
  get markOverdueMs(): number {
    const [next] = this.marks;
    if (next === undefined) return 0;
    return Math.max(0, this.elapsedByte() - next.atByte) / MULAW_BYTES_PER_MS;
  }

  /** Marks the end of what was sent so far, so that its being heard is noticed to the byte. */
  endItem(): void {
    if (!this.closed && this.sentByte > this.markedByte) this.mark();
  }

  /**
   * Marks the end of what should have been played by now, when nothing has followed it: the model fell silent in the middle. To be
   * called now and then; until that mark comes back the caller counts as spoken to.
   */
  endStalled(): void {
    if (this.segments.length > 0 && this.elapsedByte() >= this.sentByte) this.endItem();
  }

  /** A mark came back from Twilio. */
  onMark(name: string): void {
    if (this.flushed.delete(name)) return;
    const index = this.marks.findIndex((mark) => mark.name === name);
    const mark = this.marks[index];
    if (mark === undefined) {
      this.onUnknownMark();
      return;
    }
    const nowMs = this.clock.now();
    if (this.probe?.name === name) {
      const measuredMs = Math.max(0, nowMs - this.probe.sentMs - this.probe.audioMs);
      this.roundTripMs = Math.min(measuredMs, this.roundTripMs ?? MAX_ROUND_TRIP_MS);
      this.probe = undefined;
    }
    // A mark stands for every earlier one: one that Twilio lost must not hold the position back.
    this.marks.splice(0, index + 1);
    // A mark from before a pause says nothing about where playout stands after it.
    if (mark.atByte > this.runStartByte) {
      this.anchorByte = mark.atByte;
      this.anchorMs = nowMs;
      this.anchoredByMark = true;
    }
    while (this.segments[0] !== undefined && this.segments[0].endByte <= mark.atByte) this.segments.shift();
    this.settleWaiters(mark.atByte, 'heard');
    if (this.segments.length === 0) this.onIdle();
  }

  /**
   * Stops playout at once and tells what was heard of each item that had not been played to its end, in order; items
   * nobody heard any of are there with `heardMs` 0. Sends nothing when nothing is playing.
   */
  clear(): PlayedItem[] {
    if (this.closed || this.segments.length === 0) return [];
    const cut = this.playing;
    this.sink.sendClear();
    this.generation++;
    for (const mark of this.marks) this.flushed.add(mark.name);
    this.marks = [];
    this.segments = [];
    this.markedByte = this.sentByte;
    this.anchorByte = this.sentByte;
    this.probe = undefined;
    this.settleWaiters(Number.POSITIVE_INFINITY, 'cleared');
    this.onIdle();
    return cut;
  }

  /** Resolves when everything sent so far has been played, or flushed, or after `timeoutMs`. */
  whenHeard(timeoutMs: number): Promise<PlaybackEnd> {
    if (this.closed) return Promise.resolve('closed');
    if (this.segments.length === 0) return Promise.resolve('heard');
    this.endItem();
    const atByte = this.sentByte;
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(timeoutMs, () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        resolve('timed-out');
      });
      const waiter: Waiter = {
        atByte,
        settle: (end) => {
          timer.cancel();
          resolve(end);
        },
      };
      this.waiters.push(waiter);
    });
  }

  /** The stream is gone: nothing is sent any more and whoever waits is told. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.segments = [];
    this.marks = [];
    this.flushed.clear();
    this.settleWaiters(Number.POSITIVE_INFINITY, 'closed');
  }

  private mark(): void {
    const name = `g${this.generation}:${this.markCount++}`;
    this.marks.push({ name, atByte: this.sentByte });
    this.markedByte = this.sentByte;
    // A mark that is late for its audio measures nothing.
    if (!this.anchoredByMark && this.probe === undefined && this.elapsedByte() < this.sentByte) {
      this.probe = { name, sentMs: this.anchorMs, audioMs: (this.sentByte - this.anchorByte) / MULAW_BYTES_PER_MS };
    }
    this.sink.sendMark(name);
  }

  /**
   * Where playout stands when a `clear` sent now takes effect. After a mark the position is already a round trip old by
   * then: the mark travelled to us and the clear travels back.
   */
  private heardByte(): number {
    const next = this.marks[0];
    const limit = next === undefined ? this.sentByte : next.atByte + (this.roundTripMs ?? 0) * MULAW_BYTES_PER_MS;
    return Math.min(this.elapsedByte(), limit, this.sentByte);
  }

  /** Where playout would stand if it never ran out of audio. */
  private elapsedByte(): number {
    const elapsedMs = this.clock.now() - this.anchorMs + (this.anchoredByMark ? (this.roundTripMs ?? 0) : 0);
    return this.anchorByte + elapsedMs * MULAW_BYTES_PER_MS;
  }

  private settleWaiters(playedByte: number, end: PlaybackEnd): void {
    if (this.waiters.length === 0) return;
    const due = this.waiters.filter((waiter) => waiter.atByte <= playedByte);
    this.waiters = this.waiters.filter((waiter) => waiter.atByte > playedByte);
    for (const waiter of due) waiter.settle(end);
  }
}
