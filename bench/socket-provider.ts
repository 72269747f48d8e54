import { WebSocket } from 'ws';
import { AudioChunk, TELEPHONE_RATE_HZ } from '../src/audio/chunk.js';
import { TandemError } from '../src/base/errors.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../src/voice/session.js';

/** A provider whose sessions have one WebSocket to the benchmark's model, the minimum that any hosted model costs. */
export class SocketProvider implements VoiceProvider {
  readonly name = 'bench';
  /** Long, because the model does not greet and says nothing before the caller has spoken. */
  readonly answerWithinMs = 600_000;
  private readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open({ listener }: VoiceSessionOptions): VoiceSession {
    const socket = new WebSocket(this.url, { perMessageDeflate: false });
    socket.on('open', () => listener({ type: 'ready' }));
    socket.on('message', (data: Buffer) => {
      const event = eventOf(JSON.parse(data.toString('utf8')) as ModelEvent);
      if (event !== undefined) listener(event);
    });
    socket.on('error', () => {
      listener({ type: 'failed', error: new TandemError('SESSION_CLOSED', 'The model of the benchmark is gone.') });
    });
    return {
      sendAudio: (chunk) => {
        if (socket.readyState !== WebSocket.OPEN) return;
        socket.send(Buffer.from(`{"type":"input_audio_buffer.append","audio":"${chunk.base64}"}`), { binary: false });
      },
      sendText: () => undefined,
      sendDigits: () => undefined,
      say: () => undefined,
      cancel: () => undefined,
      reportHeard: () => undefined,
      sendToolResult: () => undefined,
      close: () => {
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        socket.terminate();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface ModelEvent {
  type: string;
  response_id: string;
  item_id: string;
  delta: string;
}

function eventOf(event: ModelEvent): VoiceEvent | undefined {
  const responseId = event.response_id;
  const itemId = event.item_id;
  switch (event.type) {
    case 'response.output_audio.delta':
      return {
        type: 'audio',
        responseId,
        itemId,
        chunk: AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, event.delta),
      };
    case 'input_audio_buffer.speech_started':
      return { type: 'caller-speech-started' };
    case 'input_audio_buffer.speech_stopped':
      return { type: 'caller-speech-stopped' };
    case 'conversation.item.input_audio_transcription.completed':
      return { type: 'caller-text', itemId: `caller-${itemId}`, text: event.delta, final: true };
    case 'response.output_audio_transcript.delta':
      return { type: 'assistant-text', responseId, itemId, text: event.delta };
    case 'response.created':
      return { type: 'response-started', responseId, sayId: undefined };
    case 'response.output_item.done':
      return { type: 'item-done', responseId, itemId };
    case 'response.done':
      return { type: 'response-done', responseId, sayId: undefined, status: 'completed' };
    default:
      return undefined;
  }
}
