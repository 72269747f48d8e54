import { AudioChunk, MULAW_BYTES_PER_MS, MULAW_SILENCE, TELEPHONE_RATE_HZ } from '../../audio/chunk.js';
import type { Clock, Timer } from '../../base/clock.js';
import { type HeardItem, cutAtShare } from '../history.js';
import type { ResponseStatus, VoiceEvent } from '../session.js';
import { SoundGate } from './sound-gate.js';

export interface ModelSpeechOptions {
  clock: Clock;
  emit: (event: VoiceEvent) => void;
  newId: (kind: 'response' | 'item') => string;
  /** Returns whether the backend works on something that the model has yet to tell. */
  isWorking: () => boolean;
  /** Called when the model begins to speak, before the first event of it. */
  onBegins: () => void;
  onBegun: () => void;
  /** `agoMs`: how long ago the last sound was. */
  onEnded: (agoMs: number) => void;
  /** Called when the stream of audio stopped in the middle of speech. */
  onCut: () => void;
}

/** Quiet that ends an utterance, in milliseconds of audio. */
export const UTTERANCE_ENDS_AFTER_MS = 800;
/** Time without any audio that ends an utterance, because the service may leave silence out. */
const STREAM_ENDS_AFTER_MS = 1300;
/**
 * Quiet after a sound that is passed on, in milliseconds. Twilio is silent by itself for the rest of a pause. What is still
 * playing would else look like speech for as long as the pause lasts.
 */
const QUIET_PASSED_ON_MS = 300;
/**
 * Silence that is sent before each utterance, and after each longer pause in it. The audio arrives in real time, so that Twilio would have nothing left
 * whenever a piece is late. Twilio plays the silence meanwhile.
 */
const CUSHION_MS = 120;
const CUSHION = new Uint8Array(CUSHION_MS * MULAW_BYTES_PER_MS).fill(MULAW_SILENCE);
/** Gap between two pieces of text after which the second one belongs to the next utterance. */
const TEXT_GAP_MS = 800;
/** Maximum age of a text that waits for its sound. */
const TEXT_WAITS_MS = 3000;
const MAX_WAITING_CHARS = 4000;
/** Number of utterances whose text is remembered, to tell the model what of it was heard. */
const REMEMBERED = 16;

interface Utterance {
  responseId: string;
  itemId: string;
  text: string;
  /** End of its text on the session's timeline. */
  textEndMs: number;
}

type State =
  | { name: 'quiet' }
  | { name: 'sounding'; utterance: Utterance }
  /** Nothing of this utterance may be heard any more. */
  | { name: 'cut' };

/**
 * What the model says. Its audio is one stream that runs in real time, with silence or with gaps between the words and
 * without any mark of a beginning or an end. So an utterance is what sounds between two stretches of quiet, and a
 * response is all utterances up to the end of what the backend does for it.
 */
export class ModelSpeech {
  private readonly options: ModelSpeechOptions;
  private readonly gate = new SoundGate();
  private state: State = { name: 'quiet' };
  private responseId: string | undefined;
  private last: Utterance | undefined;
  private waiting = { text: '', endMs: 0, atMs: 0 };
  private readonly texts = new Map<string, string>();
  private timer: Timer | undefined;
  private lastAudioMs = 0;
  /** Whether the service has sent silence. Then the stream never pauses, unless something is wrong with it. */
  private isContinuous = false;
  /** Whether a piece of this utterance was passed on. */
  private hasBegun = false;

  constructor(options: ModelSpeechOptions) {
    this.options = options;
  }

  get isSounding(): boolean {
    return this.state.name === 'sounding';
  }

  /** How long the model has been quiet, in milliseconds of its audio. */
  get quietMs(): number {
    return this.gate.quietMs;
  }

  /** Takes base64 of mu-law at 8 kHz. */
  audio(base64: string): void {
    const chunk = AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, base64);
    this.lastAudioMs = this.options.clock.now();
    const pausedMs = this.gate.quietMs;
    const sounds = this.gate.push(chunk.bytes);
    this.isContinuous ||= this.gate.quietMs >= UTTERANCE_ENDS_AFTER_MS;
    if (sounds && this.state.name === 'quiet') this.begin();
    if (this.state.name === 'quiet') return;
    if (this.state.name === 'sounding') this.pass(this.state.utterance, chunk, { pausedMs, sounds });
    this.timer ??= this.wait(STREAM_ENDS_AFTER_MS);
    if (this.gate.quietMs >= UTTERANCE_ENDS_AFTER_MS) this.end();
  }

  words(text: string, startMs: number, endMs: number): void {
    const { state, last } = this;
    if (state.name === 'cut') return;
    if (state.name === 'sounding') {
      this.add(state.utterance, text, endMs);
    } else if (last !== undefined && (last.text === '' || startMs - last.textEndMs <= TEXT_GAP_MS)) {
      // The text may be behind the sound.
      last.text += text;
      last.textEndMs = Math.max(last.textEndMs, endMs);
      this.remember(last);
      const { itemId, responseId } = last;
      this.options.emit({ type: 'assistant-text-final', responseId, itemId, text: last.text });
    } else {
      const nowMs = this.options.clock.now();
      if (nowMs - this.waiting.atMs > TEXT_WAITS_MS) this.waiting.text = '';
      this.waiting = { text: (this.waiting.text + text).slice(-MAX_WAITING_CHARS), endMs, atMs: nowMs };
    }
  }

  /** Called when the backend begins to work. The caller waits for it, although nobody speaks. */
  workBegun(): void {
    this.respond();
  }

  /** Called when the backend has nothing more to do. `isTold`: the model has said something since. */
  workDone(isTold: boolean): void {
    if (this.state.name !== 'sounding') this.endResponse(isTold ? 'completed' : 'incomplete');
  }

  /** Called when the caller has taken the floor. What is still playing has to stop. */
  interrupted(): void {
    this.options.emit({ type: 'interruption' });
    this.cutOff('quiet');
  }

  /** Drops the rest of what the model is saying. Returns whether it was saying anything. */
  cancel(): boolean {
    const wasSounding = this.state.name === 'sounding';
    this.cutOff(wasSounding ? 'cut' : this.state.name === 'cut' ? 'cut' : 'quiet');
    return wasSounding;
  }

  /** Called when no more audio will arrive. */
  breakOff(): void {
    const wasSounding = this.state.name === 'sounding';
    this.endItem();
    this.endResponse(wasSounding ? 'incomplete' : 'failed');
    this.close();
  }

  /** Returns what was heard of the items of this session, or `undefined` if none of them was cut by much. */
  heardOf(items: readonly HeardItem[], leastCutMs: number): string | undefined {
    const ours = items.filter(({ itemId }) => this.texts.has(itemId));
    const cutMs = ours.reduce((sum, { heardMs, sentMs }) => sum + sentMs - heardMs, 0);
    if (cutMs < leastCutMs) return undefined;
    const heard = ours.map(({ heardMs, itemId, sentMs }) =>
      cutAtShare((this.texts.get(itemId) ?? '').trim(), heardMs / Math.max(1, sentMs)),
    );
    return heard.join(' ').trim();
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.state = { name: 'cut' };
    this.responseId = undefined;
  }

  private begin(): void {
    const { clock, newId, onBegins, onBegun } = this.options;
    onBegins();
    const utterance: Utterance = { responseId: this.respond(), itemId: newId('item'), text: '', textEndMs: 0 };
    this.state = { name: 'sounding', utterance };
    this.hasBegun = false;
    this.last = utterance;
    this.remember(utterance);
    const { atMs, endMs, text } = this.waiting;
    this.waiting = { text: '', endMs: 0, atMs: 0 };
    if (text !== '' && clock.now() - atMs <= TEXT_WAITS_MS) this.add(utterance, text, endMs);
    this.cushion(utterance);
    onBegun();
  }

  private respond(): string {
    if (this.responseId === undefined) {
      this.responseId = this.options.newId('response');
      this.options.emit({ type: 'response-started', responseId: this.responseId, sayId: undefined });
    }
    return this.responseId;
  }

  /** `pausedMs`: how long the model has been quiet before this piece. */
  private pass(utterance: Utterance, chunk: AudioChunk, piece: { pausedMs: number; sounds: boolean }): void {
    const isLongPause = piece.pausedMs >= QUIET_PASSED_ON_MS;
    // The first piece of an utterance follows its own cushion.
    if (piece.sounds && isLongPause && this.hasBegun) this.cushion(utterance);
    if (piece.sounds || !isLongPause) this.play(utterance, chunk);
    this.hasBegun = true;
  }

  private cushion(utterance: Utterance): void {
    this.play(utterance, AudioChunk.fromBytes('mulaw', TELEPHONE_RATE_HZ, CUSHION));
  }

  private play({ itemId, responseId }: Utterance, chunk: AudioChunk): void {
    this.options.emit({ type: 'audio', responseId, itemId, chunk });
  }

  private add(utterance: Utterance, text: string, endMs: number): void {
    utterance.text += text;
    utterance.textEndMs = Math.max(utterance.textEndMs, endMs);
    this.remember(utterance);
    const { itemId, responseId } = utterance;
    this.options.emit({ type: 'assistant-text', responseId, itemId, text });
  }

  private remember({ itemId, text }: Utterance): void {
    this.texts.set(itemId, text);
    for (const oldest of this.texts.keys()) {
      if (this.texts.size <= REMEMBERED) break;
      this.texts.delete(oldest);
    }
  }

  private end(status?: ResponseStatus): void {
    this.timer?.cancel();
    this.timer = undefined;
    const wasSounding = this.state.name === 'sounding';
    this.endItem();
    if (wasSounding && (status !== undefined || !this.options.isWorking())) this.endResponse(status ?? 'completed');
    if (wasSounding) this.options.onEnded(this.options.clock.now() - this.lastAudioMs + this.gate.quietMs);
  }

  private cutOff(next: 'quiet' | 'cut'): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.endItem();
    this.endResponse('cancelled');
    this.state = { name: next };
    if (next === 'cut') this.timer = this.wait(STREAM_ENDS_AFTER_MS);
  }

  private endItem(): void {
    const { state } = this;
    this.state = { name: 'quiet' };
    if (state.name !== 'sounding') return;
    const { itemId, responseId } = state.utterance;
    this.options.emit({ type: 'item-done', responseId, itemId });
  }

  private endResponse(status: ResponseStatus): void {
    const { responseId } = this;
    this.responseId = undefined;
    if (responseId !== undefined) this.options.emit({ type: 'response-done', responseId, sayId: undefined, status });
  }

  /** Set once and left alone, because moving a timer with every piece of audio would cost more than the audio. */
  private wait(delayMs: number): Timer {
    return this.options.clock.setTimer(delayMs, () => {
      this.timer = undefined;
      const leftMs = this.lastAudioMs + STREAM_ENDS_AFTER_MS - this.options.clock.now();
      if (leftMs > 0) {
        this.timer = this.wait(Math.max(1, leftMs));
        return;
      }
      const isCut = this.isContinuous && this.state.name === 'sounding';
      if (isCut) this.options.onCut();
      this.end(isCut ? 'incomplete' : undefined);
      this.gate.quietMs = 0;
    });
  }
}
