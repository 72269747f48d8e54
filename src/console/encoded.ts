import type { WatchMessages } from './messages.js';

/** A message to watchers, encoded at most once for each way of sending it. */
export class Encoded {
  private readonly event: string;
  private readonly data: string;
  private forStream: Buffer | undefined;
  private forSocket: Buffer | undefined;

  constructor(event: 'snapshot', data: WatchMessages['snapshot']);
  constructor(event: 'batch', data: WatchMessages['batch']);
  constructor(event: 'timeline', data: WatchMessages['timeline']);
  constructor(event: 'bye', data: WatchMessages['bye']);
  constructor(event: keyof WatchMessages, data: WatchMessages[keyof WatchMessages]) {
    this.event = event;
    // Has no line break, so it is one line of an event stream.
    this.data = JSON.stringify(data);
  }

  /** As an event of a stream (WHATWG HTML: Server-sent events). */
  get asEvent(): Buffer {
    this.forStream ??= Buffer.from(`event: ${this.event}\ndata: ${this.data}\n\n`);
    return this.forStream;
  }

  /** As the message of a WebSocket. */
  get asMessage(): Buffer {
    this.forSocket ??= Buffer.from(`{"event":"${this.event}","data":${this.data}}`);
    return this.forSocket;
  }
}
