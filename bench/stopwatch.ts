import { WebSocket } from 'ws';
import { monotonicMs } from './monotonic.js';
import { type Spread, spreadOf } from './quantile.js';
import { sentMsOf } from './wire.js';

export interface InsideTimes {
  /** From the arrival of a message with audio in the process to the return of the `send` that it led to, at once or later in the same turn. */
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
  send: (this: WebSocket, data: unknown, options: unknown, done: unknown) => void;
}

/** Times every audio message through all WebSockets of this process. Only for the measured process of a benchmark. */
export class Stopwatch {
  private readonly handlingMs = new Float32Array(CAPACITY).fill(0);
  private readonly onTheWayMs = new Float32Array(CAPACITY).fill(0);
  private count = 0;

  /** Puts itself around arriving and sending, once and for good. */
  install(): void {
    const sockets = WebSocket.prototype as unknown as TimedMethods;
    const { emit, send } = sockets;
    const note = (arrival: Arrival, leftMs: number): void => this.note(arrival, leftMs);
    /** Audio that arrived in this turn of the event loop and has led to no `send` yet, in the order in which it will. */
    const open: Arrival[] = [];
    let isHandling = false;
    let leftMs = 0;
    const forget = (): void => {
      open.length = 0;
    };
    sockets.emit = function timedEmit(event, first, second) {
      if (event !== 'message') return emit.call(this, event, first, second);
      const arrivedMs = monotonicMs();
      isHandling = true;
      leftMs = 0;
      const handled = emit.call(this, event, first, second);
      isHandling = false;
      const sentMs = sentMsOf(first as Buffer);
      if (sentMs === undefined) return handled;
      if (leftMs > 0) note({ sentMs, arrivedMs }, leftMs);
      // Behind whatever the first of them has put off to the end of this turn.
      else if (open.push({ sentMs, arrivedMs }) === 1) setImmediate(forget);
      return handled;
    };
    sockets.send = function timedSend(data, options, done) {
      send.call(this, data, options, done);
      leftMs = monotonicMs();
      const arrival = isHandling ? undefined : open.shift();
      if (arrival !== undefined) note(arrival, leftMs);
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
