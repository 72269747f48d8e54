import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { AudioChunk, TELEPHONE_RATE_HZ } from '../audio/chunk.js';
import type { Clock, Timer } from '../base/clock.js';
import {
  type Anomaly,
  MediaReader,
  type StreamStart,
  type TwilioMessage,
  clearMessage,
  markMessage,
  mediaMessage,
  parseMessage,
} from './messages.js';
import type { PlaybackSink } from './playback.js';

/** The call that a stream belongs to. Known once the stream has sent its `start`. */
export interface StreamOwner {
  /** The stream is live, so audio sent from now on reaches the caller. Called before all others. */
  onStart(): void;
  /** One frame of the caller's audio: mu-law at 8 kHz, usually 160 bytes. `receivedMs`: monotonic. */
  onAudio(chunk: AudioChunk, receivedMs: number): void;
  onDigit(digit: string): void;
  onMark(name: string): void;
  /** The stream is over. Called exactly once, and last. */
  onEnd(cause: StreamEnd): void;
}

/**
 * `stop`: Twilio sent a `stop`. `lost`: the connection was lost without one. `closed`: the gateway closed the stream.
 */
export type StreamEnd = 'stop' | 'lost' | 'closed';

export type Admitted = StreamOwner | { refused: string };

/** Finds the owner of a stream from its `start`, or returns why it is refused. May have to ask another instance. */
export type StreamAdmission = (stream: TwilioStream, start: StreamStart) => Admitted | Promise<Admitted>;

type State =
  | { name: 'opening'; deadline: Timer; messages: number }
  /** The owner is being looked up. Messages wait until it is known. */
  | { name: 'admitting'; deadline: Timer; streamSid: string; waiting: TwilioMessage[] }
  | { name: 'live'; streamSid: string; reader: MediaReader; owner: StreamOwner }
  | { name: 'ended' };

/** Maximum time until a stream has an owner. Then it is closed. */
const START_TIMEOUT_MS = 10_000;
/** Maximum number of messages before `start`. Twilio sends one, `connected`. */
const MAX_BEFORE_START = 20;
/** Maximum size of a message until the stream has an owner, because its sender is a stranger. Twilio's have 400 bytes. */
const MAX_STRANGER_BYTES = 16 * 1024;
/** Maximum number of messages that wait for the owner, about four seconds of audio. The oldest are dropped first. */
const MAX_WAITING = 200;
/** How often the stream is pinged. A peer that vanished without closing the connection is found by the second ping. */
export const PING_EVERY_MS = 15_000;
/**
 * Maximum number of bytes the socket may buffer, about a minute and a half of speech. Twilio takes audio much faster
 * than it plays it, so with more than this Twilio no longer reads. The stream is then replaced before it costs memory.
 */
const MAX_BACKLOG_BYTES = 1024 * 1024;
/** RFC 6455 close codes. */
const POLICY_VIOLATION = 1008;
const NORMAL = 1000;

/**
 * One Twilio media stream on one WebSocket. A message it cannot use is counted and ignored, because no message may end
 * its stream, another stream or the process.
 */
export class TwilioStream implements PlaybackSink {
  private readonly socket: WebSocket;
  private readonly transport: Duplex;
  private readonly clock: Clock;
  private readonly admit: StreamAdmission;
  private readonly count: (anomaly: Anomaly) => void;
  private readonly onFault: (error: unknown) => void;
  private readonly onRefused: (reason: string) => void;
  private state: State;
  private known: Readonly<Record<string, string>> = {};
  private ping: Timer | undefined;
  private alive = true;

  constructor(options: {
    socket: WebSocket;
    /** The connection that the socket writes to. */
    transport: Duplex;
    clock: Clock;
    admit: StreamAdmission;
    count: (anomaly: Anomaly) => void;
    /** Called when the owner or the admission throws. Only that message is lost, or the stream. */
    onFault: (error: unknown) => void;
    onRefused: (reason: string) => void;
  }) {
    this.socket = options.socket;
    this.transport = options.transport;
    this.clock = options.clock;
    this.admit = options.admit;
    this.count = options.count;
    this.onFault = options.onFault;
    this.onRefused = options.onRefused;
    this.state = {
      name: 'opening',
      messages: 0,
      deadline: this.clock.setTimer(START_TIMEOUT_MS, () => this.refuse('no start within 10 s')),
    };
    this.socket.on('message', (data, isBinary) => {
      try {
        this.onMessage(data, isBinary);
      } catch (error) {
        this.onFault(error);
      }
    });
    this.socket.on('close', () => this.end('lost'));
    // ws reports protocol violations and oversized messages here and then closes, so 'close' does the rest.
    this.socket.on('error', () => this.count('not-json'));
    this.socket.on('pong', () => {
      this.alive = true;
    });
    this.schedulePing();
  }

  sendAudio(base64: string): void {
    if (this.state.name !== 'live') return;
    if (this.bufferedBytes > MAX_BACKLOG_BYTES) {
      this.count('backlog');
      this.break();
      return;
    }
    this.writeTogether();
    this.socket.send(mediaMessage(this.state.streamSid, base64));
  }

  sendMark(name: string): void {
    if (this.state.name === 'live') this.socket.send(markMessage(this.state.streamSid, name));
  }

  sendClear(): void {
    if (this.state.name === 'live') this.socket.send(clearMessage(this.state.streamSid));
  }

  /** The ids of the stream and its call for the log, as far as they are known. */
  get ids(): Readonly<Record<string, string>> {
    return this.known;
  }

  /** Bytes that are accepted for sending and not yet written to the network. */
  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Collects the messages sent in this turn into one write, because a mark follows most pieces of audio. */
  private writeTogether(): void {
    // Corked already. ws itself corks only within one message.
    if (this.transport.writableCorked > 0) return;
    this.transport.cork();
    process.nextTick(() => this.transport.uncork());
  }

  /** Drops a stream that is open and does not work. Its owner sees it as `lost`. */
  break(): void {
    this.end('lost');
    this.socket.terminate();
  }

  /** Closes the stream. Twilio then requests the `<Connect action>` URL for the call's next step. */
  close(): void {
    this.end('closed');
    this.socket.close(NORMAL);
  }

  private refuse(reason: string): void {
    if (this.state.name === 'ended') return;
    this.onRefused(reason);
    this.end('closed');
    this.socket.close(POLICY_VIOLATION, reason);
  }

  /** Handles a message, or the end, so that an error costs only that. */
  private handle(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.onFault(error);
    }
  }

  private onMessage(data: RawData, isBinary: boolean): void {
    const { state } = this;
    if (state.name === 'ended') return;
    // Nearly all messages are frames of a live stream, so they take the shortest way.
    if (state.name === 'live' && !isBinary) {
      const chunk = state.reader.read(data as Buffer);
      if (chunk !== undefined) {
        state.owner.onAudio(chunk, this.clock.now());
        return;
      }
    }
    if (this.state.name === 'opening' && ++this.state.messages > MAX_BEFORE_START) {
      this.refuse('no start among the first messages');
      return;
    }
    if (this.state.name !== 'live' && (data as Buffer).length > MAX_STRANGER_BYTES) {
      this.refuse('a message before the call is known is too large');
      return;
    }
    if (isBinary) {
      this.count('binary');
      return;
    }
    const parsed = parseMessage(data as Buffer);
    if (!parsed.ok) {
      this.count(parsed.anomaly);
      return;
    }
    switch (this.state.name) {
      case 'opening':
        this.onOpeningMessage(parsed.message, this.state.deadline);
        return;
      case 'admitting':
        this.state.waiting.push(parsed.message);
        if (this.state.waiting.length > MAX_WAITING) this.state.waiting.shift();
        return;
      case 'live':
        this.onLiveMessage(parsed.message, this.state.streamSid, this.state.owner);
        return;
    }
  }

  private onOpeningMessage(message: TwilioMessage, deadline: Timer): void {
    if (message.event === 'connected') return;
    if (message.event !== 'start') {
      this.count('out-of-order');
      return;
    }
    const { start } = message;
    if (start.encoding !== 'audio/x-mulaw' || start.sampleRateHz !== 8000 || start.channels !== 1) {
      this.refuse('unsupported media format');
      return;
    }
    const { callSid, streamSid } = start;
    this.known = { stream_sid: streamSid, ...(/^[A-Za-z0-9]{1,64}$/.test(callSid) ? { call_sid: callSid } : {}) };
    const admitted = this.admitted(start);
    if (!(admitted instanceof Promise)) {
      this.onAdmitted(admitted, streamSid, deadline);
      return;
    }
    const waiting: TwilioMessage[] = [];
    this.state = { name: 'admitting', deadline, streamSid, waiting };
    const admit = async (): Promise<void> => {
      this.onAdmitted(await admitted.catch((error: unknown) => this.unadmitted(error)), streamSid, deadline);
      for (const message of waiting) {
        this.handle(() => {
          if (this.state.name === 'live') this.onLiveMessage(message, streamSid, this.state.owner);
        });
      }
    };
    void admit().catch((error: unknown) => this.onFault(error));
  }

  /** A fault in the admission refuses this stream at once, so that Twilio asks for the call's next step. */
  private admitted(start: StreamStart): Admitted | Promise<Admitted> {
    try {
      return this.admit(this, start);
    } catch (error) {
      return this.unadmitted(error);
    }
  }

  private unadmitted(error: unknown): Admitted {
    this.onFault(error);
    return { refused: 'the admission failed' };
  }

  private onAdmitted(admitted: Admitted, streamSid: string, deadline: Timer): void {
    if (this.state.name === 'ended') {
      // Twilio gave up meanwhile, so the owner learns at once that its stream is over.
      if (!('refused' in admitted)) this.handle(() => admitted.onEnd('lost'));
      return;
    }
    if ('refused' in admitted) {
      this.refuse(admitted.refused);
      return;
    }
    deadline.cancel();
    this.state = { name: 'live', streamSid, reader: new MediaReader(streamSid), owner: admitted };
    try {
      admitted.onStart();
    } catch (error) {
      // The stream would stay open without a conversation, and its caller in silence.
      this.onFault(error);
      this.break();
    }
  }

  private onLiveMessage(message: TwilioMessage, streamSid: string, owner: StreamOwner): void {
    if (message.event === 'connected' || message.event === 'start') {
      this.count('out-of-order');
      return;
    }
    if (message.streamSid !== streamSid) {
      this.count('wrong-stream-sid');
      return;
    }
    switch (message.event) {
      case 'media':
        owner.onAudio(AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, message.payload), this.clock.now());
        return;
      case 'mark':
        owner.onMark(message.name);
        return;
      case 'dtmf':
        owner.onDigit(message.digit);
        return;
      case 'stop':
        this.end('stop');
        this.socket.close(NORMAL);
        return;
    }
  }

  private schedulePing(): void {
    this.ping = this.clock.setTimer(PING_EVERY_MS, () => {
      if (!this.alive) {
        this.socket.terminate();
        return;
      }
      this.alive = false;
      this.socket.ping();
      this.schedulePing();
    });
  }

  private end(cause: StreamEnd): void {
    const before = this.state;
    if (before.name === 'ended') return;
    this.state = { name: 'ended' };
    this.ping?.cancel();
    if (before.name === 'live') this.handle(() => before.owner.onEnd(cause));
    else before.deadline.cancel();
  }
}

/** Refuses an upgrade with a plain HTTP answer. Twilio reports any status but 101 as error 31920. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string, help = ''): void {
  const body = help === '' ? `${reason}\n` : `${reason}. ${help}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
