import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import { signatureOf } from '../../src/twilio/signature.js';
import { everyTurn } from '../every-turn.js';
import { monotonicMs } from '../monotonic.js';
import { RawSocket } from './raw-socket.js';
import { writeStamp } from './stamp.js';
import type { Tally } from './tally.js';
import { audioAt, audioPiece } from './wire.js';

// The carrier of the load: what Twilio sends for many calls, with as little CPU as possible.

export const PUBLIC_HOST = 'bench.example.com';
const ACCOUNT = `AC${'0'.repeat(32)}`;
const FRAME_MS = 20;
const SPOKEN = audioPiece(FRAME_MS);
const QUIET = audioPiece(FRAME_MS, false);
/**
 * When the caller speaks, in milliseconds of a pattern that repeats: a question that is answered; one whose answer is interrupted
 * while it plays and has been sent; one whose answer is interrupted while the model still sends it.
 */
const PATTERN_MS = 24_000;
const SPEECH_MS: readonly (readonly [from: number, to: number])[] = [
  [0, 1500],
  [8000, 9500],
  [11_800, 12_600],
  [17_000, 18_500],
  [19_300, 20_200],
];
const IS_SPOKEN = Uint8Array.from({ length: PATTERN_MS / FRAME_MS }, (_, frame) =>
  Number(SPEECH_MS.some(([from, to]) => frame * FRAME_MS >= from && frame * FRAME_MS < to)),
);
/** So that the callers do not speak in step. */
const STAGGER_FRAMES = 37;
/** Maximum number of calls opened at the same time. */
const RINGING = 10;

interface Call {
  socket: RawSocket;
  tail: string;
  frames: number;
  /** Marks to return when the audio before them has been played. */
  marks: { message: Buffer; dueMs: number }[];
  playedOutMs: number;
}

export interface CarrierOptions {
  port: number;
  /** Whether the subject asks for a webhook and a `start`. A relay does not. */
  rings: boolean;
  /** Signs requests as Twilio does. */
  authToken: string;
  tally: Tally;
}

/** Holds calls against one subject, each with a frame every 20 ms. */
export class LoadCarrier {
  private readonly options: CarrierOptions;
  private readonly calls: Call[] = [];
  private readonly stop: () => void;
  private nextMs = 0;
  private nextCall = 0;
  private opened = 0;

  constructor(options: CarrierOptions) {
    this.options = options;
    this.stop = everyTurn(() => this.sendDueFrames());
  }

  /** Opens calls until there are `count`. Each sends frames from then on. */
  async open(count: number): Promise<void> {
    while (this.calls.length < count) {
      const more = Math.min(RINGING, count - this.calls.length);
      this.calls.push(...(await Promise.all(Array.from({ length: more }, () => this.dial()))));
      this.options.tally.calls = this.calls.length;
    }
  }

  close(): void {
    this.stop();
    for (const { socket } of this.calls) socket.close();
  }

  private async dial(): Promise<Call> {
    const { rings, tally } = this.options;
    const callSid = `CA${randomBytes(16).toString('hex')}`;
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    const { path, token } = rings ? await this.ring(callSid) : { path: '/', token: '' };
    const socket = await this.upgrade(path);
    const call: Call = {
      socket,
      tail: `"},"streamSid":"${streamSid}"}`,
      frames: this.opened++ * STAGGER_FRAMES,
      marks: [],
      playedOutMs: 0,
    };
    socket.onText = (message) => this.onMessage(call, message);
    socket.onClose = () => tally.lost++;
    if (rings) {
      socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }));
      const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
      const start = {
        accountSid: ACCOUNT,
        streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat,
        customParameters: { token },
      };
      socket.send(JSON.stringify({ event: 'start', sequenceNumber: '1', start, streamSid }));
    }
    return call;
  }

  /** Asks the gateway what to do with the call. Resolves with where its stream goes. */
  private async ring(callSid: string): Promise<{ path: string; token: string }> {
    const { authToken, port } = this.options;
    const url = `https://${PUBLIC_HOST}/twilio/voice`;
    const body = new URLSearchParams({
      AccountSid: ACCOUNT,
      CallSid: callSid,
      From: '+12025550123',
      To: '+12065550199',
      CallStatus: 'ringing',
      Direction: 'inbound',
      ApiVersion: '2010-04-01',
    });
    const headers = { 'x-twilio-signature': signatureOf(authToken, url, body) };
    const ask = (): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/twilio/voice`, { method: 'POST', headers, body });
    // The server may close a kept connection at the moment of its use. Twilio retries as well.
    const text = await (await ask().catch(ask)).text();
    const path = /<Stream url="wss:\/\/[^/"]+([^"]+)"/.exec(text)?.[1];
    if (path === undefined) throw new Error(`The subject did not take the call: ${text.slice(0, 200)}`);
    return { path, token: /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '' };
  }

  private upgrade(path: string): Promise<RawSocket> {
    const { authToken, port } = this.options;
    return new Promise((resolve, reject) => {
      const upgrade = request({
        host: '127.0.0.1',
        port,
        path,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': randomBytes(16).toString('base64'),
          'x-twilio-signature': signatureOf(authToken, `wss://${PUBLIC_HOST}${path}`, undefined),
        },
      });
      upgrade.once('upgrade', (_response, connection, head) => {
        connection.setNoDelay(true);
        resolve(new RawSocket(connection, 'client', head));
      });
      upgrade.once('response', (response) => reject(new Error(`The stream was refused with ${response.statusCode}.`)));
      upgrade.once('error', reject);
      upgrade.end();
    });
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
      this.options.tally.sentLate(nowMs - this.nextMs);
      this.nextMs += FRAME_MS / length;
      this.sendFrame(call, nowMs);
    }
  }

  private sendFrame(call: Call, nowMs: number): void {
    const n = call.frames++;
    const audio = IS_SPOKEN[n % IS_SPOKEN.length] === 1 ? SPOKEN : QUIET;
    const head = `{"event":"media","sequenceNumber":"${n + 2}","media":{"track":"inbound","chunk":"${n + 1}","timestamp":"${n * FRAME_MS}","payload":"`;
    const frame = call.socket.frame(head + audio + call.tail);
    writeStamp(frame.bytes, frame.at + head.length, monotonicMs());
    call.socket.write(frame);
    for (let mark = call.marks[0]; mark !== undefined && mark.dueMs <= nowMs; mark = call.marks[0]) {
      call.marks.shift();
      call.socket.send(mark.message);
    }
  }

  private onMessage(call: Call, message: Buffer): void {
    const at = audioAt(message);
    if (at >= 0) {
      this.options.tally.played(message, at);
      const characters = message.indexOf('"', at) - at;
      const audioMs = (characters * 3) / 4 / MULAW_BYTES_PER_MS;
      call.playedOutMs = Math.max(performance.now(), call.playedOutMs) + audioMs;
    } else if (message.includes('"event":"mark"')) {
      call.marks.push({ message: Buffer.from(message), dueMs: call.playedOutMs });
    } else if (message.includes('"event":"clear"')) {
      call.playedOutMs = performance.now();
      for (const mark of call.marks) mark.dueMs = 0;
    }
  }
}
