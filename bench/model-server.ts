import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { monotonicMs } from './monotonic.js';
import { FRAME, REPLY_PIECE, modelDelta } from './wire.js';

/**
 * `replies`: every four seconds of caller audio bring two seconds of speech in ten pieces, five times faster than it
 * plays, with twenty pieces of text and eight events around. `echo`: every frame comes back.
 */
export type ModelManner = 'replies' | 'echo';

const FRAMES_A_REPLY = 200;
const PIECES = 10;
const PIECE_EVERY_MS = 40;
/** Replies of different calls do not come in step. */
const STAGGER = 37;

const event = (type: string): string => `{"type":"${type}","response_id":"resp_1","item_id":"item_1"}`;
const BEFORE = [
  'response.created',
  'response.output_item.added',
  'conversation.item.added',
  'response.content_part.added',
].map(event);
const AFTER = [
  'response.output_audio.done',
  'response.output_audio_transcript.done',
  'response.output_item.done',
  'response.done',
].map(event);
const TEXT =
  '{"type":"response.output_audio_transcript.delta","response_id":"resp_1","item_id":"item_1","delta":" word"}';

/** The model of the benchmark: hears and speaks over WebSockets like OpenAI's, understands nothing. */
export class ModelServer {
  readonly url: string;
  /** Caller frames that arrived, and pieces of audio sent. */
  heard = 0;
  spoken = 0;
  private readonly server: WebSocketServer;
  private readonly manner: ModelManner;
  private sessions = 0;

  private constructor(server: WebSocketServer, manner: ModelManner) {
    this.server = server;
    this.manner = manner;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on('connection', (socket) => this.converse(socket, this.sessions++));
  }

  static async start(manner: ModelManner): Promise<ModelServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await new Promise((resolve) => server.once('listening', resolve));
    return new ModelServer(server, manner);
  }

  reset(): void {
    this.heard = 0;
    this.spoken = 0;
  }

  close(): void {
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private converse(socket: WebSocket, index: number): void {
    let frames = (index * STAGGER) % FRAMES_A_REPLY;
    let next: NodeJS.Timeout | undefined;
    const reply = (piece: number): void => {
      if (piece === 0) for (const text of BEFORE) socket.send(text);
      this.speak(socket, REPLY_PIECE);
      socket.send(TEXT);
      socket.send(TEXT);
      if (piece < PIECES - 1) next = setTimeout(() => reply(piece + 1), PIECE_EVERY_MS);
      else for (const text of AFTER) socket.send(text);
    };
    socket.on('message', (data: Buffer) => {
      // Caller audio, in the gateway's words or passed on raw; marks that a relay lets through are neither.
      if (!data.includes('audio') && !data.includes('"media"')) return;
      this.heard++;
      if (this.manner === 'echo') this.speak(socket, FRAME);
      else if (++frames % FRAMES_A_REPLY === 0) reply(0);
    });
    socket.on('close', () => clearTimeout(next));
    socket.on('error', () => socket.terminate());
  }

  private speak(socket: WebSocket, audio: string): void {
    this.spoken++;
    socket.send(modelDelta(audio, monotonicMs()));
  }
}
