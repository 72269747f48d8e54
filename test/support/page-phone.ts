import { WebSocket } from 'ws';
import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';

// For tests of the softphone and the desk: what their pages send and hear, without a browser.

const FRAME_BYTES = 160;
const FRAME_MS = 20;
const RATE_HZ = 8000;

export type Told = { type: string; state?: string; callSid?: string } & Record<string, unknown>;

/** A page with a telephone. Its microphone sends a frame every 20 ms, of silence if nobody speaks. */
export class PagePhone {
  readonly told: Told[] = [];
  readonly heard: Uint8Array[] = [];
  private readonly socket: WebSocket;
  private readonly timer: NodeJS.Timeout;
  private unspoken: Uint8Array[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.heard.push(data);
      else this.told.push(JSON.parse(data.toString()) as Told);
    });
    const startedMs = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      for (; sent * FRAME_MS < performance.now() - startedMs; sent++)
        if (socket.readyState === WebSocket.OPEN)
          socket.send(this.unspoken.shift() ?? new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE));
    }, FRAME_MS / 2);
  }

  static open(base: string, page: 'phone' | 'agent'): Promise<PagePhone> {
    const { host } = new URL(base);
    const socket = new WebSocket(`ws://${host}/console/api/${page}`, { headers: { origin: `http://${host}` } });
    const phone = new PagePhone(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(phone));
      socket.on('error', (error) => {
        phone.close();
        reject(error);
      });
    });
  }

  get states(): string[] {
    return this.told.flatMap(({ state, type }) => (type === 'status' && state !== undefined ? [state] : []));
  }

  get last(): Told | undefined {
    return this.told.findLast(({ type }) => type === 'status');
  }

  /** An attribute of the contact for which it rang last. `undefined` if there is none. */
  attribute(name: string): unknown {
    const attributes = this.told.findLast(({ state }) => state === 'ringing')?.['attributes'];
    return (attributes as Record<string, unknown> | undefined)?.[name];
  }

  /** The loudness of a tone in the last `ms` heard, as a sine's amplitude of 16-bit samples. */
  toneLevel(hz: number, ms: number): number {
    const pcm = mulawToPcm(Buffer.concat(this.heard.slice(-Math.round(ms / FRAME_MS))));
    let real = 0;
    let imaginary = 0;
    for (const [index, sample] of pcm.entries()) {
      const angle = (2 * Math.PI * hz * index) / RATE_HZ;
      real += sample * Math.cos(angle);
      imaginary += sample * Math.sin(angle);
    }
    return pcm.length === 0 ? 0 : (2 * Math.hypot(real, imaginary)) / pcm.length;
  }

  send(message: Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Speaks at the pace of speech. */
  speak(mulaw: Uint8Array): void {
    for (let at = 0; at < mulaw.length; at += FRAME_BYTES) {
      const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
      frame.set(mulaw.subarray(at, at + FRAME_BYTES));
      this.unspoken.push(frame);
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.socket.terminate();
  }
}

/** A tone as raw mu-law. */
export function toneOf(hz: number, ms: number): Uint8Array {
  const count = (RATE_HZ * ms) / 1000;
  return pcmToMulaw(
    Int16Array.from({ length: count }, (_, index) => Math.round(8000 * Math.sin((2 * Math.PI * hz * index) / RATE_HZ))),
  );
}
