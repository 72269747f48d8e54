import { WebSocket } from 'ws';
import { monotonicMs } from './support/monotonic.js';
import { type Spread, spreadOf } from './support/quantile.js';
import { sentMsOf } from './wire.js';

// The times of audio messages inside the measured process.

export interface InsideTimes {
  /** From the arrival of an audio message in the process until the resulting message is written, in the same turn. */
  handlingMs: Spread;
  /** The same from the moment the other process sent it, with the kernel and the wait behind earlier messages. */
  onTheWayMs: Spread;
}

/** Maximum number of samples kept. Further ones overwrite the oldest. */
const CAPACITY = 1 << 18;

/** A message with audio. */
interface Arrival {
  sentMs: number;
  arrivedMs: number;
}

/** The timed methods, as functions with the socket as `this`. */
interface TimedMethods {
  emit: (this: WebSocket, event: string, first: unknown, second: unknown) => boolean;
  send: (this: TimedSocket, data: unknown, options: unknown, done: unknown) => void;
}

/** The transport is not public. While it is corked, a sent message has not been written. */
type TimedSocket = WebSocket & { _socket?: { writableCorked: number } };

/** Times every audio message through all WebSockets of this process. Only for the measured process of a benchmark. */
export class Stopwatch {
  private readonly handlingMs = new Float32Array(CAPACITY).fill(0);
  private readonly onTheWayMs = new Float32Array(CAPACITY).fill(0);
  private count = 0;

  /** Wraps the methods that receive and send, for the life of the process. */
  install(): void {
    const sockets = WebSocket.prototype as unknown as TimedMethods;
    const { emit, send } = sockets;
    /** Audio that led to a `send` in this turn of the event loop and is written at the end of the turn. */
    const unwritten: Arrival[] = [];
    let leftMs = 0;
    let isHeldBack = false;
    const onWritten = (): void => {
      const writtenMs = monotonicMs();
      for (const arrival of unwritten) this.note(arrival, writtenMs);
      unwritten.length = 0;
    };
    const note = (arrival: Arrival): void => this.note(arrival, leftMs);
    sockets.emit = function timedEmit(event, first, second) {
      if (event !== 'message') return emit.call(this, event, first, second);
      const arrivedMs = monotonicMs();
      leftMs = 0;
      const handled = emit.call(this, event, first, second);
      const sentMs = leftMs > 0 ? sentMsOf(first as Buffer) : undefined;
      if (sentMs === undefined) return handled;
      if (!isHeldBack) note({ sentMs, arrivedMs });
      // Runs after the socket's owner has uncorked it, because the owner queued that earlier.
      else if (unwritten.push({ sentMs, arrivedMs }) === 1) process.nextTick(onWritten);
      return handled;
    };
    sockets.send = function timedSend(data, options, done) {
      send.call(this, data, options, done);
      isHeldBack = (this._socket?.writableCorked ?? 0) > 0;
      leftMs = monotonicMs();
    };
  }

  reset(): void {
    this.count = 0;
  }

  get times(): InsideTimes {
    const kept = Math.min(this.count, CAPACITY);
    return {
      handlingMs: spreadOf(this.handlingMs.subarray(0, kept)),
      onTheWayMs: spreadOf(this.onTheWayMs.subarray(0, kept)),
    };
  }

  private note({ arrivedMs, sentMs }: Arrival, leftMs: number): void {
    const at = this.count++ % CAPACITY;
    this.handlingMs[at] = leftMs - arrivedMs;
    this.onTheWayMs[at] = leftMs - sentMs;
  }
}
