import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { monotonicMs } from './support/monotonic.js';
import { FRAME, REPLY_PIECE, isSpoken, modelDelta, modelEvent } from './wire.js';

// The model of the benchmark.

/**
 * `replies`: after the caller has spoken, the model sends two seconds of speech in ten pieces, five times faster than they play,
 * with twenty pieces of text and twelve other events. `echo`: the model sends every frame back.
 */
export type ModelManner = 'replies' | 'echo';

const PIECES = 10;
const PIECE_EVERY_MS = 40;
const AFTER_SPEECH = ['input_audio_buffer.speech_stopped', 'input_audio_buffer.committed'];
const BEFORE = [
  'response.created',
  'response.output_item.added',
  'conversation.item.added',
  'response.content_part.added',
];
const AFTER = [
  'response.output_audio.done',
  'response.output_audio_transcript.done',
  'response.output_item.done',
  'response.done',
];

/** The model of the benchmark. It exchanges messages like OpenAI's over WebSockets and understands nothing. */
export class ModelServer {
  readonly url: string;
  /** Number of caller frames received, and of audio pieces sent. */
  heard = 0;
  spoken = 0;
  private readonly server: WebSocketServer;
  private readonly manner: ModelManner;

  private constructor(server: WebSocketServer, manner: ModelManner) {
    this.server = server;
    this.manner = manner;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on('connection', (socket) => this.converse(socket));
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

  private converse(socket: WebSocket): void {
    let isCallerSpeaking = false;
    let replies = 0;
    let next: NodeJS.Timeout | undefined;
    const say = (types: readonly string[]): void => {
      for (const type of types) socket.send(modelEvent(replies, type));
    };
    const onCaller = (speaks: boolean): void => {
      if (speaks === isCallerSpeaking) return;
      isCallerSpeaking = speaks;
      if (speaks) {
        say(['input_audio_buffer.speech_started']);
        return;
      }
      replies++;
      say(AFTER_SPEECH);
      // A new question each time, because a caller who repeats themselves is handed to an agent.
      const words = `Where is my order number ${1000 + replies}?`;
      socket.send(modelEvent(replies, 'conversation.item.input_audio_transcription.completed', words));
      reply(0);
    };
    const reply = (piece: number): void => {
      if (piece === 0) say(BEFORE);
      this.speak(socket, replies, REPLY_PIECE);
      for (let word = 0; word < 2; word++) {
        socket.send(modelEvent(replies, 'response.output_audio_transcript.delta', ' word'));
      }
      if (piece < PIECES - 1) next = setTimeout(() => reply(piece + 1), PIECE_EVERY_MS);
      else say(AFTER);
    };
    socket.on('message', (data: Buffer) => {
      // Caller audio comes as the gateway writes it, or raw from a relay. A relay also passes marks, which are ignored.
      if (!data.includes('audio') && !data.includes('"media"')) return;
      this.heard++;
      if (this.manner === 'echo') this.speak(socket, replies, FRAME);
      else onCaller(isSpoken(data));
    });
    socket.on('close', () => clearTimeout(next));
    socket.on('error', () => socket.terminate());
  }

  private speak(socket: WebSocket, reply: number, audio: string): void {
    this.spoken++;
    socket.send(modelDelta(reply, audio, monotonicMs()));
  }
}
