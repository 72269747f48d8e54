import { MULAW_BYTES_PER_MS, MULAW_SILENCE } from '../../src/audio/chunk.js';
import { wordEndsMs, wordsOf } from '../openai/spoken-text.js';

/** Length of one piece of the stream, as others measured it. */
export const FRAME_MS = 100;
const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS;
const SILENCE = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);

interface Speech {
  words: string[];
  ends: number[];
  sound: Uint8Array;
  atMs: number;
  word: number;
  said: string;
}

/** One piece of the model's stream. */
export interface MouthFrame {
  audio: Uint8Array;
  /** The words that end in it, `''` if none. */
  words: string;
  isSilence: boolean;
}

/** Speaks in real time, one piece after the other. Between two speeches it is silent. */
export class Mouth {
  /** Called with what was said of a speech when it ends or is cut off. */
  private readonly onSaid: (text: string) => void;
  private queue: Speech[] = [];

  constructor(onSaid: (text: string) => void) {
    this.onSaid = onSaid;
  }

  get isSpeaking(): boolean {
    return this.queue.length > 0;
  }

  speak(text: string, sound: Uint8Array): void {
    const words = wordsOf(this.queue.length === 0 ? text : ` ${text}`);
    const ends = wordEndsMs(words, sound.length / MULAW_BYTES_PER_MS);
    this.queue.push({ words, ends, sound, atMs: 0, word: 0, said: '' });
  }

  /** Drops what has not been said. */
  stop(): void {
    const [current] = this.queue;
    this.queue = [];
    if (current !== undefined && current.said !== '') this.onSaid(current.said.trim());
  }

  frame(): MouthFrame {
    const [speech] = this.queue;
    if (speech === undefined) return { audio: SILENCE, words: '', isSilence: true };
    const from = speech.atMs * MULAW_BYTES_PER_MS;
    const audio = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    audio.set(speech.sound.subarray(from, from + FRAME_BYTES));
    speech.atMs += FRAME_MS;
    const isOver = speech.atMs * MULAW_BYTES_PER_MS >= speech.sound.length;
    let words = '';
    for (; speech.word < speech.words.length; speech.word++) {
      if (!isOver && (speech.ends[speech.word] as number) > speech.atMs) break;
      words += speech.words[speech.word] as string;
    }
    speech.said += words;
    if (isOver) {
      this.queue.shift();
      this.onSaid(speech.said.trim());
    }
    return { audio, words, isSilence: false };
  }
}
