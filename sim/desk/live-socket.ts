import type { WebSocket } from 'ws';
import { MULAW_SILENCE } from '../../src/audio/chunk.js';
import { FRAME_BYTES } from '../twilio/ticker.js';

/** Audio that a page has not read yet, above which it gets no more: half a second would never be played any more. */
const MAX_BACKLOG_BYTES = 16 * 1024;
/** RFC 6455: the server is going away. */
const GOING_AWAY = 1001;

/** A page's WebSocket: frames of 160 bytes of mu-law every 20 ms, and messages as JSON, both ways. */
export class LiveSocket {
  private readonly socket: WebSocket;

  /** `onMessage` gets every JSON object, and `onFrame` every frame of audio. Anything else is passed over. */
  constructor(
    socket: WebSocket,
    listener: {
      onMessage: (message: Readonly<Record<string, unknown>>) => void;
      onFrame: (frame: Uint8Array) => void;
      onClose: () => void;
    },
  ) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) {
        const message = objectIn(data.toString());
        if (message !== undefined) listener.onMessage(message);
      } else if (data.length === FRAME_BYTES) listener.onFrame(data);
    });
    socket.on('close', () => listener.onClose());
    // It closes by itself then.
    socket.on('error', () => undefined);
  }

  tell(message: Readonly<Record<string, unknown>>): void {
    this.socket.send(JSON.stringify(message));
  }

  play(audio: Uint8Array): void {
    if (this.socket.bufferedAmount > MAX_BACKLOG_BYTES) return;
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    frame.set(audio.subarray(0, FRAME_BYTES));
    this.socket.send(frame);
  }

  close(): void {
    this.socket.close(GOING_AWAY);
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
