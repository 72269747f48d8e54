import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import type { Clock } from '../../src/base/clock.js';
import { CallerLine, type InboundFrame, type LineCondition } from './caller-line.js';
import { checkOutbound } from './outbound.js';
import { PlayQueue } from './play-queue.js';
import { type ProblemCode, problemLevel } from './problems.js';
import { StreamMessages } from './stream-messages.js';
import { openingFailure, violation } from './stream-failure.js';
import { FRAME_BYTES, type Ticker } from './ticker.js';

/** How a stream behaves in points where real ones differ. */
export interface StreamBehaviour {
  /** Timestamp of the first frame. In real streams it was between 60 and 200. */
  firstFrameMs?: number;
  line?: LineCondition;
}

export interface MediaStreamOptions {
  /** `ws://` or `wss://` address that is really dialled. */
  address: string;
  /** The public host, for the Host header. */
  host: string;
  /** The headers that sign the upgrade. */
  signature: Readonly<Record<string, string>>;
  /** PEM of an authority to trust in addition to the public ones. */
  ca: string | undefined;
  accountSid: string;
  callSid: string;
  parameters: Readonly<Record<string, string>>;
  ticker: Ticker;
  /** The clock for limits on the network. Call time comes from the ticker. */
  clock: Clock;
  behaviour: StreamBehaviour;
  onStart(): void;
  /** Called with the 160 bytes that the caller hears in each 20 ms, silence included. */
  onHeard(frame: Uint8Array): void;
  /** Called when the gateway discards the queued audio. */
  onCleared(): void;
  /** Called at most once a stream for each warning. */
  onProblem(code: ProblemCode, what: string): void;
  onEnd(outcome: StreamOutcome): void;
}

/**
 * How a stream ended.
 * `refused`: it never opened.
 * `server-closed`: the gateway closed it.
 * `dropped`: the connection broke.
 * `violated`: the gateway sent bytes that are not WebSocket.
 * `stopped`: Twilio ended it.
 */
export type StreamOutcome = 'refused' | 'server-closed' | 'dropped' | 'violated' | 'stopped';

/** Maximum time for a server to answer the upgrade, and to close. Not documented. */
const CONNECT_MS = 5000;
const CLOSE_MS = 2000;
/** Maximum unsent audio. Above it the caller's audio is discarded. Not documented. */
const MAX_UNSENT_BYTES = 256 * 1024;
const SILENCE = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);

/** Twilio's side of a bidirectional media stream, the peer of the gateway's socket. */
export class MediaStream {
  readonly streamSid = `MZ${randomBytes(16).toString('hex')}`;
  private readonly options: MediaStreamOptions;
  private readonly socket: WebSocket;
  private readonly queue = new PlayQueue((name) => this.send(this.messages.mark(name)));
  private readonly messages: StreamMessages;
  private readonly line: CallerLine;
  private readonly warned = new Set<ProblemCode>();
  private readonly closed: Promise<void>;
  private state: 'connecting' | 'open' | 'over' = 'connecting';
  private stopTicking: (() => void) | undefined;

  constructor(options: MediaStreamOptions) {
    this.options = options;
    const { accountSid, callSid } = options;
    this.messages = new StreamMessages({ accountSid, callSid, streamSid: this.streamSid });
    const { firstFrameMs = 155, line = 'clear' } = options.behaviour;
    this.line = new CallerLine({ firstFrameMs, condition: line });
    this.socket = new WebSocket(options.address, {
      perMessageDeflate: false,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      headers: {
        Host: options.host,
        'User-Agent': 'Twilio.TmeWs/1.0',
        'Accept-Encoding': 'gzip',
        ...options.signature,
      },
    });
    const patience = options.clock.setTimer(CONNECT_MS, () => this.fail(31901, 'the upgrade was not answered'));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.on('open', () => {
      patience.cancel();
      this.onOpen();
    });
    this.socket.on('message', (data, isBinary) => this.onMessage(data as Buffer, isBinary));
    this.socket.on('unexpected-response', (request, response) => {
      request.destroy();
      this.fail(31920, `HTTP ${response.statusCode ?? 0}`);
    });
    this.socket.on('error', (error) => this.onError(error));
    this.socket.on('close', (code) => {
      patience.cancel();
      this.onClose(code);
    });
  }

  /** Bytes of caller audio that have not been sent yet. */
  get unspokenBytes(): number {
    return this.line.unspokenBytes;
  }

  /** Queues what the caller says next, as raw mu-law. */
  speak(mulaw: Uint8Array): void {
    this.line.speak(mulaw);
  }

  pressDigit(digit: string): void {
    this.options.ticker.catchUp();
    this.send(this.messages.dtmf(digit));
  }

  /** Changes how the caller's audio travels. Frames that a stall held back are sent in one burst. */
  setLine(condition: LineCondition): void {
    this.options.ticker.catchUp();
    for (const frame of this.line.change(condition)) this.sendFrame(frame);
  }

  /** Sends data that a real carrier never would, to test a gateway. */
  sendRaw(data: string | Uint8Array): void {
    this.socket.send(data);
  }

  /** Ends the stream as Twilio does: sends `stop`, then closes the socket. Resolves when the socket is closed. */
  async stop(): Promise<void> {
    if (this.state === 'over') return this.closed;
    this.options.ticker.catchUp();
    this.send(this.messages.stop());
    this.end('stopped');
    this.socket.close(1000);
    await this.untilClosed();
  }

  /** Waits for the server's close frame, but not longer than {@link CLOSE_MS}. */
  private async untilClosed(): Promise<void> {
    const patience = this.options.clock.setTimer(CLOSE_MS, () => this.socket.terminate());
    await this.closed;
    patience.cancel();
  }

  /** Breaks the TCP connection without a close frame. */
  drop(): void {
    this.socket.terminate();
  }

  /**
   * Resolves when each side has received what the other sent before. It takes two round trips of a ping, because the
   * answer to what the first one overtook is still on its way when it returns. With this a test can move a clock by
   * hand.
   */
  async settle(): Promise<void> {
    for (let round = 0; round < 2 && this.socket.readyState === WebSocket.OPEN; round++) {
      const pong = new Promise<void>((resolve) => this.socket.once('pong', () => resolve()));
      this.socket.ping();
      await Promise.race([pong, this.closed]);
    }
  }

  private onOpen(): void {
    if (this.state !== 'connecting') return;
    this.state = 'open';
    this.socket.send(this.messages.connected());
    this.socket.send(this.messages.start(this.options.parameters));
    this.options.onStart();
    this.stopTicking = this.options.ticker.add(() => this.tick());
  }

  /** Moves one frame in each direction. */
  private tick(): void {
    if (this.state !== 'open') return;
    const played = this.line.isFrozen ? undefined : this.queue.next();
    this.options.onHeard(played ?? SILENCE.slice());
    const frame = this.line.next();
    if (this.line.isCongested || this.socket.bufferedAmount > MAX_UNSENT_BYTES)
      this.report(31930, 'the network does not accept the audio');
    else if (frame !== undefined) this.sendFrame(frame);
  }

  private sendFrame({ audio, timestampMs }: InboundFrame): void {
    this.send(this.messages.media(timestampMs, audio));
  }

  private send(message: string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(message);
  }

  private onMessage(data: Buffer, isBinary: boolean): void {
    if (this.state !== 'open') return;
    this.options.ticker.catchUp();
    const checked = checkOutbound(data, isBinary, this.streamSid);
    if (!checked.ok) {
      this.report(checked.code, checked.what);
      return;
    }
    const { message } = checked;
    switch (message.event) {
      case 'media':
        if (!this.queue.addAudio(message.audio)) this.report(31931, 'audio beyond ten minutes is dropped');
        return;
      case 'mark':
        this.queue.addMark(message.name);
        return;
      case 'clear':
        this.queue.clear();
        this.options.onCleared();
        return;
    }
  }

  private onError(error: NodeJS.ErrnoException): void {
    if (this.state === 'connecting') {
      const { code, what } = openingFailure(error, this.options.address.startsWith('wss:'));
      this.fail(code, what);
      return;
    }
    const broken = violation(error);
    if (broken === undefined) return;
    this.report(broken.code, broken.what);
    this.end('violated');
    void this.untilClosed();
  }

  private onClose(code: number): void {
    if (this.state === 'over') return;
    if (code === 1006) {
      this.report(31903, 'no close frame came');
      this.end('dropped');
    } else {
      this.report(31921, `close code ${code}`);
      this.end('server-closed');
    }
  }

  private fail(code: ProblemCode, what: string): void {
    if (this.state !== 'connecting') return;
    this.report(code, what);
    this.end('refused');
    this.socket.terminate();
  }

  private report(code: ProblemCode, what: string): void {
    if (problemLevel(code) === 'warning' && this.warned.has(code)) return;
    this.warned.add(code);
    this.options.onProblem(code, what);
  }

  private end(outcome: StreamOutcome): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.stopTicking?.();
    this.options.onEnd(outcome);
  }
}
