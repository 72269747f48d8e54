import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import { checkOutbound } from './outbound.js';
import { PlayQueue } from './play-queue.js';
import { FRAME_MS, type Ticker } from './ticker.js';

const FRAME_BYTES = 160;

export interface MediaStreamOptions {
  /** `ws://` or `wss://` address that is really dialled. */
  address: string;
  /** The Host header: the public host. */
  host: string;
  signature: string | undefined;
  accountSid: string;
  callSid: string;
  parameters: Readonly<Record<string, string>>;
  ticker: Ticker;
  /** Milliseconds of call time from the stream's opening to its first frame. */
  firstFrameMs: number;
  onStart(streamSid: string): void;
  /** 160 bytes that the caller hears in these 20 ms; called for every frame, silence included. */
  onHeard(frame: Uint8Array): void;
  /** Twilio's warning code; each at most once a stream. */
  onWarning(code: number, what: string): void;
  onEnd(cause: StreamOutcome): void;
}

/** `refused`: no 101. `server-closed`: the gateway closed it. `dropped`: the connection broke. `stopped`: Twilio ended it. */
export type StreamOutcome = 'refused' | 'server-closed' | 'dropped' | 'stopped';

/** Twilio's side of a bidirectional media stream: what a gateway's socket talks to. */
export class MediaStream {
  readonly streamSid = `MZ${randomBytes(16).toString('hex')}`;
  private readonly options: MediaStreamOptions;
  private readonly socket: WebSocket;
  private readonly queue = new PlayQueue((name) => this.send({ event: 'mark', mark: { name } }));
  private readonly warned = new Set<number>();
  private speech: Uint8Array[] = [];
  private sequence = 0;
  private chunk = 0;
  private elapsedMs: number;
  private stopTicking: (() => void) | undefined;
  private ended = false;
  private stalled = false;

  constructor(options: MediaStreamOptions) {
    this.options = options;
    this.elapsedMs = options.firstFrameMs;
    this.socket = new WebSocket(options.address, {
      perMessageDeflate: false,
      headers: {
        Host: options.host,
        'User-Agent': 'Twilio.TmeWs/1.0',
        ...(options.signature === undefined ? {} : { 'X-Twilio-Signature': options.signature }),
      },
    });
    this.socket.on('open', () => this.onOpen());
    this.socket.on('message', (data, isBinary) => this.onMessage(data as Buffer, isBinary));
    this.socket.on('unexpected-response', (request) => {
      request.destroy();
      this.end('refused');
    });
    this.socket.on('error', () => {
      if (this.chunk === 0 && this.stopTicking === undefined) this.end('refused');
    });
    this.socket.on('close', (code) => this.end(code === 1006 ? 'dropped' : 'server-closed'));
  }

  /** Bytes of caller audio that have not been sent yet. */
  get unspokenBytes(): number {
    return this.speech.reduce((sum, part) => sum + part.length, 0);
  }

  /** Queues what the caller says next: raw mu-law. */
  speak(mulaw: Uint8Array): void {
    this.speech.push(mulaw);
  }

  pressDigit(digit: string): void {
    this.send({ event: 'dtmf', dtmf: { track: 'inbound_track', digit } });
  }

  /** Sends something a real carrier never would. For tests of the gateway. */
  sendRaw(data: string | Uint8Array): void {
    this.socket.send(data);
  }

  /** Twilio ends the stream: `stop`, then it closes the socket. */
  stop(): void {
    if (this.ended) return;
    this.send({ event: 'stop', stop: { accountSid: this.options.accountSid, callSid: this.options.callSid } });
    this.end('stopped');
    this.socket.close(1000);
  }

  /** The TCP connection breaks without a word. */
  drop(): void {
    this.socket.terminate();
  }

  /** No media is sent while stalled, as on a line without silence frames. */
  stall(stalled: boolean): void {
    this.stalled = stalled;
  }

  private onOpen(): void {
    const { accountSid, callSid, parameters } = this.options;
    this.socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
    this.send({
      event: 'start',
      start: {
        accountSid,
        streamSid: this.streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: parameters,
      },
    });
    this.options.onStart(this.streamSid);
    this.stopTicking = this.options.ticker.add(() => this.tick());
  }

  /** One frame each way. */
  private tick(): void {
    if (this.ended) return;
    this.options.onHeard(this.queue.next() ?? new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE));
    const frame = this.nextSpeech();
    this.elapsedMs += FRAME_MS;
    if (this.stalled) return;
    // A real line does not count in exact steps of 20.
    const timestamp = Math.round(this.elapsedMs + ((this.chunk * 7) % 5) - 2);
    this.send({
      event: 'media',
      media: {
        track: 'inbound',
        chunk: String(++this.chunk),
        timestamp: String(timestamp),
        payload: Buffer.from(frame).toString('base64'),
      },
    });
  }

  private nextSpeech(): Uint8Array {
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    let filled = 0;
    while (filled < FRAME_BYTES && this.speech[0] !== undefined) {
      const head = this.speech[0];
      const part = head.subarray(0, FRAME_BYTES - filled);
      frame.set(part, filled);
      filled += part.length;
      if (part.length === head.length) this.speech.shift();
      else this.speech[0] = head.subarray(part.length);
    }
    return frame;
  }

  private send(message: Record<string, unknown>): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.sequence++;
    this.socket.send(JSON.stringify({ ...message, sequenceNumber: String(this.sequence), streamSid: this.streamSid }));
  }

  private onMessage(data: Buffer, isBinary: boolean): void {
    const checked = checkOutbound(data, isBinary, this.streamSid);
    if (!checked.ok) {
      this.warn(checked.code, checked.what);
      return;
    }
    const { message } = checked;
    switch (message.event) {
      case 'media':
        if (!this.queue.addAudio(message.audio)) this.warn(31931, 'more than ten minutes queued');
        return;
      case 'mark':
        this.queue.addMark(message.name);
        return;
      case 'clear':
        this.queue.clear();
        return;
    }
  }

  private warn(code: number, what: string): void {
    if (this.warned.has(code)) return;
    this.warned.add(code);
    this.options.onWarning(code, what);
  }

  private end(cause: StreamOutcome): void {
    if (this.ended) return;
    this.ended = true;
    this.stopTicking?.();
    this.options.onEnd(cause);
  }
}
