import { AudioChunk, TELEPHONE_RATE_HZ } from '../src/audio/chunk.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../src/voice/session.js';
import { REPLY_PIECE } from './wire.js';

/** A caller speaks this long in each turn, and is silent for the rest of it. */
const SPOKEN_MS = 1500;
const THINKS_MS = 400;
const TURN_MS = 6000;
const PIECES = 10;
const PIECE_EVERY_MS = 40;
/** The calls are not in step. */
const STAGGER_MS = 37;

/**
 * A model inside the process that talks and hears by the clock, whatever the caller sends: all events of a conversation, and no
 * work for each frame of the caller.
 */
export class TurnsProvider implements VoiceProvider {
  readonly name = 'turns';
  readonly answerWithinMs = 600_000;
  private opened = 0;

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open({ listener }: VoiceSessionOptions): VoiceSession {
    const conversation = new Conversation(listener, (this.opened++ * STAGGER_MS) % TURN_MS);
    return {
      sendAudio: () => undefined,
      sendText: () => undefined,
      sendDigits: () => undefined,
      say: () => undefined,
      cancel: () => undefined,
      reportHeard: () => undefined,
      sendToolResult: () => undefined,
      close: () => conversation.close(),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One call: the caller speaks, the model answers, and so on. */
class Conversation {
  private readonly tell: (event: VoiceEvent) => void;
  private turns = 0;
  private next: NodeJS.Timeout;

  constructor(tell: (event: VoiceEvent) => void, delayMs: number) {
    this.tell = tell;
    queueMicrotask(() => tell({ type: 'ready' }));
    this.next = setTimeout(() => this.callerSpeaks(), delayMs);
  }

  close(): void {
    clearTimeout(this.next);
  }

  private callerSpeaks(): void {
    this.turns++;
    this.tell({ type: 'caller-speech-started' });
    this.next = setTimeout(() => {
      this.tell({ type: 'caller-speech-stopped' });
      // A new question each time, because a caller who repeats themselves is handed to an agent.
      const text = `Where is my order number ${1000 + this.turns}?`;
      this.tell({ type: 'caller-text', itemId: `caller-${this.turns}`, text, final: true });
      this.next = setTimeout(() => this.answer(0), THINKS_MS);
    }, SPOKEN_MS);
  }

  private answer(piece: number): void {
    const ids = { responseId: `response-${this.turns}`, itemId: `item-${this.turns}` };
    const { responseId } = ids;
    if (piece === 0) this.tell({ type: 'response-started', responseId, sayId: undefined });
    this.tell({ type: 'audio', ...ids, chunk: AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, REPLY_PIECE) });
    this.tell({ type: 'assistant-text', ...ids, text: ' word' });
    if (piece < PIECES - 1) {
      this.next = setTimeout(() => this.answer(piece + 1), PIECE_EVERY_MS);
      return;
    }
    this.tell({ type: 'item-done', ...ids });
    this.tell({ type: 'response-done', responseId, sayId: undefined, status: 'completed' });
    this.next = setTimeout(() => this.callerSpeaks(), TURN_MS - SPOKEN_MS - THINKS_MS - PIECES * PIECE_EVERY_MS);
  }
}
