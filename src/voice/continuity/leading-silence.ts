import { isDigitalSilence } from '../../audio/level.js';
import type { VoiceEvent } from '../session.js';

type AudioEvent = VoiceEvent & { type: 'audio' };

/** Maximum number of pieces held. Models send 20 to 250 ms in one, so the rest is some seconds at least. */
const MAX_HELD = 100;

/**
 * Holds the silence at the beginning of a response back until a sound follows it. An answer of digital silence is no
 * answer: it would play for as long as it lasts, and the caller would hear nothing. Silence before a sound is passed on,
 * because the model counts it when it is told how much of its answer was heard.
 */
export class LeadingSilence {
  private sounding: string | undefined;
  private held: AudioEvent[] = [];

  /** Returns the events to pass on now, in their order. */
  take(event: VoiceEvent): readonly VoiceEvent[] {
    if (event.type === 'audio') return this.takeAudio(event);
    if (event.type === 'item-done' || event.type === 'response-done') this.held = [];
    return [event];
  }

  private takeAudio(event: AudioEvent): readonly VoiceEvent[] {
    if (event.responseId === this.sounding) return [event];
    if (this.held[0]?.responseId !== event.responseId) this.held = [];
    if (isDigitalSilence(event.chunk.bytes)) {
      this.held.push(event);
      if (this.held.length > MAX_HELD) this.held.shift();
      return [];
    }
    const events = [...this.held, event];
    this.held = [];
    this.sounding = event.responseId;
    return events;
  }
}
