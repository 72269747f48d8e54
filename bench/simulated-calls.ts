import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { signatureOf } from '../src/twilio/signature.js';
import { everyTurn } from './support/every-turn.js';
import { monotonicMs } from './support/monotonic.js';
import { twilioMedia } from './wire.js';

// The load of the benchmark.

interface OpenCall {
  socket: WebSocket;
  streamSid: string;
  /** Frames sent, plus an offset for each call, so that the callers do not speak in step. */
  frames: number;
  /** Marks to return when the audio before them has been played. */
  marks: { message: Buffer; dueMs: number }[];
  playedOutMs: number;
}

const PUBLIC_HOST = 'bench.example.com';
const FRAME_MS = 20;
/** Every four seconds the caller speaks for 1.5 s, then hears the answer. */
const [TURN_FRAMES, SPOKEN_FRAMES] = [200, 75];
const STAGGER = 37;
/** Approximate bytes of a media message without its audio. Base64 has four characters for three bytes. */
const ENVELOPE_BYTES = 62;
const MULAW_BYTES_PER_MS = 8;
/** Maximum number of calls opened at the same time. */
const RINGING = 10;

/**
 * Many calls at once, with as little CPU as possible. Each call sends a frame every 20 ms, spread over the period, and returns
 * a mark when Twilio would have played the audio before it.
 */
export class SimulatedCalls {
  /** Number of frames sent, and of messages with audio received. */
  sent = 0;
  received = 0;
  /** How late each frame was sent, which is the delay that the load itself adds. */
  latenessMs: number[] = [];
  /** Number of calls that the other end closed. A measurement is invalid from then on. */
  lost = 0;
  private readonly base: string;
  private readonly rings: boolean;
  private readonly authToken: string | undefined;
  private readonly frameMs: number;
  private readonly calls: OpenCall[] = [];
  private readonly stop: () => void;
  private nextMs = 0;
  private nextCall = 0;
  private opened = 0;

  /**
   * `rings`: whether the process at the port needs a webhook and a `start`. A relay does not. `authToken`: signs requests as
   * Twilio does, for the host `bench.example.com`. `frameMs`: how often a call sends a frame, by default as often as Twilio.
   */
  constructor(port: number, options: { rings: boolean; authToken?: string | undefined; frameMs?: number }) {
    this.base = `127.0.0.1:${port}`;
    this.rings = options.rings;
    this.authToken = options.authToken;
    this.frameMs = options.frameMs ?? FRAME_MS;
    this.stop = everyTurn(() => this.sendDueFrames());
  }

  /** Opens calls until there are `count`. Each sends frames from then on. */
  async open(count: number): Promise<void> {
    while (this.calls.length < count) {
      const more = Math.min(RINGING, count - this.calls.length);
      const opened = await Promise.all(Array.from({ length: more }, () => this.openMediaSession()));
      this.calls.push(...opened);
    }
  }

  reset(): void {
    this.sent = 0;
    this.received = 0;
    this.latenessMs = [];
  }

  /** Sends no more frames. What is on the way still arrives. */
  pause(): void {
    this.stop();
  }

  close(): void {
    this.stop();
    for (const { socket } of this.calls) socket.terminate();
  }

  private async openMediaSession(): Promise<OpenCall> {
    const callSid = `CA${randomBytes(16).toString('hex')}`;
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    const { path, token } = this.rings ? await this.ring(callSid) : { path: '/', token: '' };
    const headers = this.signed(`wss://${PUBLIC_HOST}${path}`);
    const socket = new WebSocket(`ws://${this.base}${path}`, { perMessageDeflate: false, headers });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const call: OpenCall = { socket, streamSid, frames: this.opened++ * STAGGER, marks: [], playedOutMs: 0 };
    socket.on('message', (data: Buffer) => this.onMessage(call, data));
    socket.on('close', () => this.lost++);
    if (this.rings) {
      const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
      const start = { streamSid, callSid, accountSid: 'AC', mediaFormat, customParameters: { token } };
      socket.send(JSON.stringify({ event: 'start', streamSid, start }));
    }
    return call;
  }

  private sendDueFrames(): void {
    const { length } = this.calls;
    const startedMs = performance.now();
    if (length === 0) this.nextMs = startedMs;
    // A machine that cannot keep up sends late, which is reported. It must still get to read what arrives.
    const end = this.nextCall + length;
    for (let nowMs = startedMs; nowMs >= this.nextMs && this.nextCall < end; nowMs = performance.now()) {
      const call = this.calls[this.nextCall++ % length];
      if (call === undefined) return;
      this.latenessMs.push(nowMs - this.nextMs);
      this.nextMs += this.frameMs / length;
      this.sendFrame(call);
    }
  }

  private async ring(callSid: string): Promise<{ path: string; token: string }> {
    const From = '+12025550123';
    const body = new URLSearchParams({ CallSid: callSid, From, To: '+12065550199', CallStatus: 'ringing' });
    const headers = this.signed(`https://${PUBLIC_HOST}/twilio/voice`, body);
    const ask = (): Promise<Response> => fetch(`http://${this.base}/twilio/voice`, { method: 'POST', headers, body });
    // The server may close a kept connection at the moment of its use. Twilio retries as well.
    const response = await ask().catch(ask);
    const text = await response.text();
    const path = /<Stream url="wss:\/\/[^/"]+([^"]+)"/.exec(text)?.[1];
    const token = /name="token" value="([^"]+)"/.exec(text)?.[1];
    if (path === undefined || token === undefined) throw new Error('The gateway did not take the call.');
    return { path, token };
  }

  private signed(url: string, form?: URLSearchParams): Record<string, string> {
    return this.authToken === undefined ? {} : { 'x-twilio-signature': signatureOf(this.authToken, url, form) };
  }

  private sendFrame(call: OpenCall): void {
    this.sent++;
    const isSpoken = call.frames++ % TURN_FRAMES < SPOKEN_FRAMES;
    call.socket.send(twilioMedia(call.streamSid, monotonicMs(), isSpoken));
    const nowMs = performance.now();
    for (let mark = call.marks[0]; mark !== undefined && mark.dueMs <= nowMs; mark = call.marks[0]) {
      call.marks.shift();
      call.socket.send(mark.message, { binary: false });
    }
  }

  private onMessage(call: OpenCall, message: Buffer): void {
    // Audio comes as the gateway writes it, or raw from the model through a relay.
    if (message.includes('"payload"') || message.includes('audio.delta')) {
      this.received++;
      const audioMs = ((message.length - ENVELOPE_BYTES) * 3) / 4 / MULAW_BYTES_PER_MS;
      call.playedOutMs = Math.max(performance.now(), call.playedOutMs) + audioMs;
    } else if (message.includes('"mark"')) {
      call.marks.push({ message, dueMs: call.playedOutMs });
    }
  }
}
