import { WebSocket } from 'ws';
import { monotonicMs } from './monotonic.js';
import { type Spread, spreadOf } from './quantile.js';
import { sentMsOf } from './wire.js';

export interface InsideTimes {
  /** From the arrival of a message with audio in the process until the one that it led to is written, at once or later in the same turn. */
  handlingMs: Spread;
  /** The same from the moment the other process sent it: with the kernel, and with waiting for messages before it. */
  onTheWayMs: Spread;
}

/** Samples kept; more overwrite the oldest. */
const CAPACITY = 1 << 18;

/** A message with audio. */
interface Arrival {
  sentMs: number;
  arrivedMs: number;
}

/** What is timed, as functions that are called on whatever socket is at hand. */
interface TimedMethods {
  emit: (this: WebSocket, event: string, first: unknown, second: unknown) => boolean;
  send: (this: TimedSocket, data: unknown, options: unknown, done: unknown) => void;
}

/** Its transport is not public; whether it is held back tells whether a message has been written. */
type TimedSocket = WebSocket & { _socket?: { writableCorked: number } };

/** Times every audio message through all WebSockets of this process. Only for the measured process of a benchmark. */
export class Stopwatch {
  private readonly handlingMs = new Float32Array(CAPACITY).fill(0);
  private readonly onTheWayMs = new Float32Array(CAPACITY).fill(0);
  private count = 0;

  /** Puts itself around arriving and sending, once and for good. */
  install(): void {
    const sockets = WebSocket.prototype as unknown as TimedMethods;
    const { emit, send } = sockets;
    /** Audio that has led to a `send` in this turn of the event loop, and is written at its end. */
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
      // Once the socket's owner has let go of what it held back, which was to be done earlier.
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
