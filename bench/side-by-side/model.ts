import { defaultConfig, updatedConfig } from '../../sim/openai/session-config.js';
import { monotonicMs } from '../monotonic.js';
import type { RawSocket } from './raw-socket.js';
import type { Tally } from './tally.js';
import { audioAt, audioPiece, isSpokenAt, newId } from './wire.js';
import { writeStamp } from './stamp.js';

// The model of the load: it sends what OpenAI's Realtime API sends, in the same order, and understands nothing.

/** An answer is three seconds of speech in pieces of 200 ms, sent four times faster than they are played. */
const PIECES = 15;
export const PIECE_MS = 200;
const PIECE_EVERY_MS = PIECE_MS / 4;
/** Quiet frames after which the caller has finished, 500 ms. */
const QUIET_FRAMES = 25;
const PIECE = audioPiece(PIECE_MS);
const DELTA_FIELD = '"delta":"';

interface ClientEvent {
  type?: string;
  session?: unknown;
  item_id?: string;
  item?: { id?: string };
  response?: { conversation?: string; metadata?: object };
}

interface Answer {
  responseId: string;
  itemId: string;
  pieces: number;
  timer: NodeJS.Timeout | undefined;
  /** The service repeats what the request says. */
  metadata: object | null;
}

/** One session. A relay passes the carrier's messages, and a gateway sends those of OpenAI's protocol. */
export class LoadModel {
  private readonly socket: RawSocket;
  private readonly tally: Tally;
  private readonly expiresAt = Math.floor(Date.now() / 1000) + 3600;
  private config = defaultConfig(newId('sess'), 'gpt-realtime-2.1', this.expiresAt);
  private answer: Answer | undefined;
  private isCallerSpeaking = false;
  private quietFrames = 0;
  private heardMs = 0;
  private questions = 0;
  private speechItemId = '';

  constructor(socket: RawSocket, tally: Tally) {
    this.socket = socket;
    this.tally = tally;
    socket.onText = (message) => this.onMessage(message);
    socket.onClose = () => this.close();
    this.send(eventOf('session.created', { session: this.config }));
  }

  close(): void {
    clearTimeout(this.answer?.timer);
    this.answer = undefined;
    this.socket.close();
  }

  private onMessage(message: Buffer): void {
    const at = audioAt(message);
    if (at >= 0) {
      this.tally.heard(message, at);
      this.onFrame(isSpokenAt(message, at));
      return;
    }
    const event = JSON.parse(message.toString()) as ClientEvent;
    switch (event.type) {
      case 'session.update': {
        const updated = updatedConfig(this.config, event.session, false);
        if (!updated.ok) throw new Error(`The settings of a session were refused: ${updated.error.message}`);
        this.config = updated.value;
        this.send(eventOf('session.updated', { session: this.config }));
        return;
      }
      case 'response.create':
        if (event.response?.conversation === 'none') this.answerAside(event.response.metadata);
        else this.begin(event.response?.metadata);
        return;
      case 'response.cancel':
        this.endAnswer('cancelled');
        return;
      case 'conversation.item.truncate': {
        const { type, ...fields } = event;
        this.send(eventOf('conversation.item.truncated', { ...fields }));
        return;
      }
      case 'conversation.item.create': {
        const item = { ...event.item, id: event.item?.id ?? newId('item') };
        this.send(eventOf('conversation.item.added', { previous_item_id: null, item }));
        this.send(eventOf('conversation.item.done', { previous_item_id: null, item }));
        return;
      }
      default:
        // A relay passes what the carrier says besides audio.
        return;
    }
  }

  private onFrame(isSpoken: boolean): void {
    this.heardMs += 20;
    if (isSpoken) {
      this.quietFrames = 0;
      if (!this.isCallerSpeaking) this.speechStarted();
    } else if (this.isCallerSpeaking && ++this.quietFrames >= QUIET_FRAMES) this.speechStopped();
  }

  private speechStarted(): void {
    this.isCallerSpeaking = true;
    this.speechItemId = newId('item');
    this.send(
      eventOf('input_audio_buffer.speech_started', { audio_start_ms: this.heardMs, item_id: this.speechItemId }),
    );
    this.endAnswer('cancelled');
  }

  private speechStopped(): void {
    this.isCallerSpeaking = false;
    const item_id = this.speechItemId;
    // Another question each time, because a caller who repeats themselves is handed to an agent.
    const transcript = `Where is my order number ${1000 + this.questions++}?`;
    const item = {
      id: item_id,
      type: 'message',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_audio', transcript: null }],
    };
    const usage = { type: 'duration', seconds: 2 };
    this.socket.sendAll([
      eventOf('input_audio_buffer.speech_stopped', { audio_end_ms: this.heardMs, item_id }),
      eventOf('input_audio_buffer.committed', { previous_item_id: null, item_id }),
      eventOf('conversation.item.added', { previous_item_id: null, item }),
      eventOf('conversation.item.done', { previous_item_id: null, item }),
      eventOf('conversation.item.input_audio_transcription.delta', { item_id, content_index: 0, delta: transcript }),
      eventOf('conversation.item.input_audio_transcription.completed', {
        item_id,
        content_index: 0,
        transcript,
        usage,
      }),
    ]);
    this.begin();
  }

  /** Answers a request beside the conversation, for instance for a line to keep, with nothing. */
  private answerAside(metadata: object | null = null): void {
    const answer = newAnswer(metadata);
    this.socket.sendAll([
      eventOf('response.created', { response: this.response(answer, 'in_progress') }),
      eventOf('response.done', { response: this.response(answer, 'failed') }),
    ]);
  }

  private begin(metadata: object | null = null): void {
    this.endAnswer('cancelled');
    const answer = newAnswer(metadata);
    this.answer = answer;
    const at = placeOf(answer);
    const item = { id: answer.itemId, type: 'message', status: 'in_progress', role: 'assistant', content: [] };
    this.socket.sendAll([
      eventOf('response.created', { response: this.response(answer, 'in_progress') }),
      eventOf('response.output_item.added', { response_id: answer.responseId, output_index: 0, item }),
      eventOf('conversation.item.added', { previous_item_id: null, item }),
      eventOf('response.content_part.added', { ...at, part: { type: 'audio', transcript: '' } }),
    ]);
    this.speak(answer);
  }

  private speak(answer: Answer): void {
    const at = placeOf(answer);
    for (const delta of [' some', ' words'])
      this.send(eventOf('response.output_audio_transcript.delta', { ...at, delta }));
    const text = eventOf('response.output_audio.delta', { ...at, delta: PIECE });
    const frame = this.socket.frame(text);
    writeStamp(frame.bytes, frame.at + text.indexOf(DELTA_FIELD) + DELTA_FIELD.length, monotonicMs());
    this.socket.write(frame);
    this.tally.spoken++;
    if (++answer.pieces === PIECES) this.endAnswer('completed');
    else answer.timer = setTimeout(() => this.speak(answer), PIECE_EVERY_MS);
  }

  private endAnswer(status: 'completed' | 'cancelled'): void {
    const { answer } = this;
    if (answer === undefined) return;
    this.answer = undefined;
    clearTimeout(answer.timer);
    const at = placeOf(answer);
    const transcript = ' some words'.repeat(answer.pieces);
    const part = { type: 'audio', transcript };
    const item = {
      id: answer.itemId,
      type: 'message',
      status: status === 'completed' ? 'completed' : 'incomplete',
      role: 'assistant',
      content: [{ type: 'output_audio', transcript }],
    };
    this.socket.sendAll([
      eventOf('response.output_audio.done', at),
      eventOf('response.output_audio_transcript.done', { ...at, transcript }),
      eventOf('response.content_part.done', { ...at, part }),
      eventOf('conversation.item.done', { previous_item_id: null, item }),
      eventOf('response.output_item.done', { response_id: answer.responseId, output_index: 0, item }),
      eventOf('response.done', { response: this.response(answer, status, item) }),
    ]);
  }

  private response(answer: Answer, status: string, item?: object): object {
    return {
      object: 'realtime.response',
      id: answer.responseId,
      status,
      status_details: status === 'cancelled' ? { type: 'cancelled', reason: 'turn_detected' } : null,
      output: item === undefined ? [] : [item],
      conversation_id: 'conv_load',
      output_modalities: ['audio'],
      max_output_tokens: 'inf',
      audio: { output: { format: { type: 'audio/pcmu' }, voice: 'marin' } },
      usage: item === undefined ? null : USAGE,
      metadata: answer.metadata,
    };
  }

  private send(message: string): void {
    this.socket.send(message);
  }
}

const USAGE = {
  total_tokens: 400,
  input_tokens: 300,
  output_tokens: 100,
  input_token_details: { text_tokens: 200, audio_tokens: 100, cached_tokens: 0 },
  output_token_details: { text_tokens: 20, audio_tokens: 80 },
};

function newAnswer(metadata: object | null): Answer {
  return { responseId: newId('resp'), itemId: newId('item'), pieces: 0, timer: undefined, metadata };
}

function placeOf({ itemId, responseId }: Answer): object {
  return { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 };
}

function eventOf(type: string, fields: object): string {
  return JSON.stringify({ type, event_id: newId('event'), ...fields });
}
