import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { everyTurn } from './every-turn.js';
import { monotonicMs } from './monotonic.js';
import { twilioMedia } from './wire.js';

interface Line {
  socket: WebSocket;
  streamSid: string;
  /** Frames sent, and some more: the callers do not speak in step. */
  frames: number;
  /** Marks that come back when what was sent before them has been played. */
  marks: { message: Buffer; dueMs: number }[];
  playedOutMs: number;
}

const FRAME_MS = 20;
/** Every four seconds the caller speaks for one and a half, then hears the answer. */
const [TURN_FRAMES, SPOKEN_FRAMES] = [200, 75];
const STAGGER = 37;
/** Bytes of a media message without its audio, near enough: base64 has four characters for three bytes. */
const ENVELOPE_BYTES = 62;
const MULAW_BYTES_PER_MS = 8;
/** Calls rung at the same time while many are opened. */
const RINGING = 10;

/**
 * Many calls at once, as light as a load can be made: each sends a frame every 20 ms, spread over the period, and returns
 * marks when a real line would have played that far.
 */
export class SimulatedCalls {
  /** Frames sent, and messages with audio that came back. */
  sent = 0;
  received = 0;
  /** How late frames were sent, against their time: what the load itself adds. */
  latenessMs: number[] = [];
  /** Calls that the other end let go of: what is measured from then on is not what was to be. */
  lost = 0;
  private readonly base: string;
  private readonly rings: boolean;
  private readonly lines: Line[] = [];
  private readonly stop: () => void;
  private nextMs = 0;
  private nextLine = 0;
  private opened = 0;

  /** `rings`: the process at the port wants a webhook first and a `start`; a relay does not. */
  constructor(port: number, options: { rings: boolean }) {
    this.base = `127.0.0.1:${port}`;
    this.rings = options.rings;
    this.stop = everyTurn(() => this.sendDueFrames());
  }

  /** Opens calls until there are `count`; each speaks from then on. */
  async open(count: number): Promise<void> {
    while (this.lines.length < count) {
      const more = Math.min(RINGING, count - this.lines.length);
      const opened = await Promise.all(Array.from({ length: more }, () => this.openMediaSession()));
      this.lines.push(...opened);
    }
  }

  reset(): void {
    this.sent = 0;
    this.received = 0;
    this.latenessMs = [];
  }

  close(): void {
    this.stop();
    for (const { socket } of this.lines) socket.terminate();
  }

  private async openMediaSession(): Promise<Line> {
    const callSid = `CA${randomBytes(16).toString('hex')}`;
    const streamSid = `MZ${randomBytes(16).toString('hex')}`;
    const { path, token } = this.rings ? await this.ring(callSid) : { path: '/', token: '' };
    const socket = new WebSocket(`ws://${this.base}${path}`, { perMessageDeflate: false });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const line: Line = { socket, streamSid, frames: this.opened++ * STAGGER, marks: [], playedOutMs: 0 };
    socket.on('message', (data: Buffer) => this.onMessage(line, data));
    socket.on('close', () => this.lost++);
    if (this.rings) {
      const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
      const start = { streamSid, callSid, accountSid: 'AC', mediaFormat, customParameters: { token } };
      socket.send(JSON.stringify({ event: 'start', streamSid, start }));
    }
    return line;
  }

  private sendDueFrames(): void {
    const { length } = this.lines;
    const startedMs = performance.now();
    if (length === 0) this.nextMs = startedMs;
    // A machine that does not keep up is late, and says so; it must still get to reading what comes.
    const end = this.nextLine + length;
    for (let nowMs = startedMs; nowMs >= this.nextMs && this.nextLine < end; nowMs = performance.now()) {
      const line = this.lines[this.nextLine++ % length];
      if (line === undefined) return;
      this.latenessMs.push(nowMs - this.nextMs);
      this.nextMs += FRAME_MS / length;
      this.sendFrame(line);
    }
  }

  private async ring(callSid: string): Promise<{ path: string; token: string }> {
    const From = '+12025550123';
    const body = new URLSearchParams({ CallSid: callSid, From, To: '+12065550199', CallStatus: 'ringing' });
    const ask = (): Promise<Response> => fetch(`http://${this.base}/twilio/voice`, { method: 'POST', body });
    // A kept connection may be closed at the moment it is used; Twilio asks again as well.
    const response = await ask().catch(ask);
    const text = await response.text();
    const path = /<Stream url="wss:\/\/[^/"]+([^"]+)"/.exec(text)?.[1];
    const token = /name="token" value="([^"]+)"/.exec(text)?.[1];
    if (path === undefined || token === undefined) throw new Error('The gateway did not take the call.');
    return { path, token };
  }

  private sendFrame(line: Line): void {
    this.sent++;
    const isSpoken = line.frames++ % TURN_FRAMES < SPOKEN_FRAMES;
    line.socket.send(twilioMedia(line.streamSid, monotonicMs(), isSpoken));
    const nowMs = performance.now();
    for (let mark = line.marks[0]; mark !== undefined && mark.dueMs <= nowMs; mark = line.marks[0]) {
      line.marks.shift();
      line.socket.send(mark.message, { binary: false });
    }
  }

  private onMessage(line: Line, message: Buffer): void {
    // A gateway's words for it, or the model's passed on raw.
    if (message.includes('"payload"') || message.includes('audio.delta')) {
      this.received++;
      const audioMs = ((message.length - ENVELOPE_BYTES) * 3) / 4 / MULAW_BYTES_PER_MS;
      line.playedOutMs = Math.max(performance.now(), line.playedOutMs) + audioMs;
    } else if (message.includes('"mark"')) {
      line.marks.push({ message, dueMs: line.playedOutMs });
    }
  }
}
