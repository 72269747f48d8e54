import { MULAW_BYTES_PER_MS, type AudioChunk } from '../audio/chunk.js';
import type { Clock } from '../base/clock.js';

/** The part of a stream that the playback ledger needs. */
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

/** Maximum round trip to Twilio. A longer measurement contains a pause in the audio. */
const MAX_ROUND_TRIP_MS = 500;
/** Maximum audio between two marks. It is counted at the ends of messages. */
const MARK_EVERY_BYTES = 200 * MULAW_BYTES_PER_MS;

/**
 * The playback ledger, the only place that knows what the caller heard. All positions are bytes since the stream began.
 *
 * Twilio plays at 8 bytes a millisecond and returns each mark when everything before it has been played. So the
 * position is the last mark that came back plus the time since, but never past the next mark that has not come back.
 *
 * A `clear` starts a new generation of marks. Twilio then returns every outstanding mark at once, which means flushed,
 * not heard, and the mark does not tell the difference (Twilio: Media Streams – clear message).
 */
export class Playback {
  private readonly sink: PlaybackSink;
  private readonly clock: Clock;
  private readonly onIdle: () => void;
  private readonly onUnknownMark: () => void;
  private readonly onItem: (item: PlayedItem) => void;
  private segments: Segment[] = [];
  private marks: Mark[] = [];
  private waiters: Waiter[] = [];
  private flushed = new Set<string>();
  private generation = 0;
  private markCount = 0;
  private sentByte = 0;
  private markedByte = 0;
  /** Where the current run of audio without a pause began. */
  private runStartByte = 0;
  private anchorByte = 0;
  private anchorMs = 0;
  private anchoredByMark = false;
  /** Measures the round trip to Twilio. Set while the first mark after a silence has not come back. */
  private probe: { name: string; sentMs: number; audioMs: number } | undefined;
  /** The shortest round trip measured so far. `undefined` before the first. */
  private roundTripMs: number | undefined;
  private closed = false;

  /** `onItem`: called with each stretch of an item that has been heard, was cut, or is lost with its stream. */
  constructor(options: {
    sink: PlaybackSink;
    clock: Clock;
    onIdle?: () => void;
    onUnknownMark?: () => void;
    onItem?: (item: PlayedItem) => void;
  }) {
    this.sink = options.sink;
    this.clock = options.clock;
    this.onIdle = options.onIdle ?? (() => undefined);
    this.onUnknownMark = options.onUnknownMark ?? (() => undefined);
    this.onItem = options.onItem ?? (() => undefined);
  }

  /** Whether audio was sent that is not confirmed as played. */
  get isPlaying(): boolean {
    return this.segments.length > 0;
  }

  /**
   * Sends a piece of `itemId`, mu-law at 8 kHz and of any length. No other item may come between the pieces of an item.
   */
  play(itemId: string, chunk: AudioChunk): void {
    if (this.closed) return;
    const sizeBytes = chunk.sizeBytes;
    if (sizeBytes === 0) return;
    // Nothing was left to play, so playout starts again with this piece.
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

  /** The items that are not confirmed as played, in order, and how much of each the caller has heard. */
  get playing(): PlayedItem[] {
    const heardByte = this.heardByte();
    return this.segments.map((segment) => ({
      itemId: segment.itemId,
      heardMs: Math.floor(Math.max(0, Math.min(heardByte, segment.endByte) - segment.startByte) / MULAW_BYTES_PER_MS),
      sentMs: Math.floor((segment.endByte - segment.startByte) / MULAW_BYTES_PER_MS),
    }));
  }

  /** How late the oldest mark that has not come back is, in milliseconds. 0 if none is late. */
  get markOverdueMs(): number {
    const [next] = this.marks;
    if (next === undefined) return 0;
    return Math.max(0, this.elapsedByte() - next.atByte) / MULAW_BYTES_PER_MS;
  }

  /** Marks the end of the audio sent so far, so that its end is known to the byte. */
  endItem(): void {
    if (!this.closed && this.sentByte > this.markedByte) this.mark();
  }

  /**
   * Marks the end of an item whose model fell silent in the middle. Does nothing until its audio should have been
   * played. Call it regularly, because the item counts as playing until this mark comes back.
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
    // A mark confirms every earlier one too, so that a lost mark does not hold the position back.
    this.marks.splice(0, index + 1);
    // A mark from before a pause does not tell the position after it.
    if (mark.atByte > this.runStartByte) {
      this.anchorByte = mark.atByte;
      this.anchorMs = nowMs;
      this.anchoredByMark = true;
    }
    while (this.segments[0] !== undefined && this.segments[0].endByte <= mark.atByte) {
      const { endByte, itemId, startByte } = this.segments[0];
      const sentMs = Math.floor((endByte - startByte) / MULAW_BYTES_PER_MS);
      this.segments.shift();
      this.onItem({ itemId, heardMs: sentMs, sentMs });
    }
    this.settleWaiters(mark.atByte, 'heard');
    if (this.segments.length === 0) this.onIdle();
  }

  /**
   * Stops playout at once. Returns the items that were not played to their end, in order, and how much of each the
   * caller heard. `heardMs` is 0 for an item that had not begun. Sends nothing if nothing is playing.
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
    for (const item of cut) this.onItem(item);
    this.settleWaiters(Number.POSITIVE_INFINITY, 'cleared');
    this.onIdle();
    return cut;
  }

  /** Resolves when all audio sent so far has been played or flushed, when the stream closes, or after `timeoutMs`. */
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

  /** Sends nothing from now on and settles every {@link whenHeard}. Called when the stream is gone. */
  close(): void {
    if (this.closed) return;
    for (const item of this.playing) this.onItem(item);
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
    // A mark sent after its audio was played measures nothing.
    if (!this.anchoredByMark && this.probe === undefined && this.elapsedByte() < this.sentByte) {
      this.probe = { name, sentMs: this.anchorMs, audioMs: (this.sentByte - this.anchorByte) / MULAW_BYTES_PER_MS };
    }
    this.sink.sendMark(name);
  }

  /**
   * The position of playout at the moment a `clear` sent now takes effect. A mark's position is a round trip old by
   * then, because the mark travelled to the gateway and the clear travels back.
   */
  private heardByte(): number {
    const next = this.marks[0];
    const limit = next === undefined ? this.sentByte : next.atByte + (this.roundTripMs ?? 0) * MULAW_BYTES_PER_MS;
    return Math.min(this.elapsedByte(), limit, this.sentByte);
  }

  /** The position of playout if it never ran out of audio. */
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
