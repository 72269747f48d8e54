import { TandemError } from '../../base/errors.js';
import type { Frame } from '../../pipeline/frame.js';
import type { Link, Processor } from '../../pipeline/processor.js';
import type { ConversationParts } from './conversation.js';
import { noteBargeIn } from './note-barge-in.js';

/** The last stage of the pipeline. Hands what the caller should hear to the playback ledger, and events to the call. */
export class PlayoutProcessor implements Processor {
  readonly name = 'playout';
  private readonly parts: ConversationParts;

  constructor(parts: ConversationParts) {
    this.parts = parts;
  }

  process(frame: Frame, link: Link): void {
    const { idle, listener, meter, playback } = this.parts;
    switch (frame.type) {
      case 'audio':
        playback.play(frame.itemId, frame.chunk);
        meter.audioSent(frame.itemId);
        idle.assistantBusy();
        return;
      case 'item-done':
        playback.endItem();
        return;
      case 'interruption':
        if (this.stopPlayout(link)) noteBargeIn(this.parts);
        return;
      case 'leave':
        this.stopPlayout(link);
        return;
      case 'input-dtmf':
        idle.callerActive();
        this.stopPlayout(link);
        return;
      case 'tool-call':
        idle.assistantBusy();
        return;
      case 'usage':
        listener.onUsage(frame.inputTokens, frame.outputTokens);
        return;
      case 'response-done':
        if (frame.sayId !== undefined) listener.onSaid(frame.sayId, frame.status);
        return;
      case 'caller-speech-started':
        meter.speechStarted();
        idle.callerSpeechStarted();
        listener.onSign({ type: 'caller-speaks' });
        return;
      case 'caller-speech-stopped':
        meter.speechStopped();
        idle.callerSpeechStopped();
        listener.onSign({ type: 'caller-stops' });
        return;
      case 'caller-text':
        idle.callerActive();
        return;
      case 'ended':
        listener.onFailure(new TandemError('SESSION_CLOSED', 'The model ended the session.'));
        return;
      case 'failed':
        listener.onFailure(frame.error);
        return;
      default:
        return;
    }
  }

  private stopPlayout(link: Link): boolean {
    const cut = this.parts.playback.clear();
    if (cut.length === 0) return false;
    link.push({ type: 'heard', items: cut });
    return true;
  }
}
