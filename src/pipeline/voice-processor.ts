import type { VoiceEvent, VoiceSession } from '../voice/session.js';
import type { ResponseGate } from '../voice/response-gate.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** Connects the voice session to the pipeline. Takes the caller's audio and emits the session's events as frames. */
export class VoiceProcessor implements Processor {
  readonly name = 'voice';
  private readonly session: VoiceSession;
  private readonly gate: Pick<ResponseGate, 'isLeaving'>;
  private link: Link | undefined;

  /** `gate` tells whether the call is leaving its stream. */
  constructor(session: VoiceSession, gate: Pick<ResponseGate, 'isLeaving'>) {
    this.session = session;
    this.gate = gate;
  }

  attach(link: Link): void {
    this.link = link;
  }

  process(frame: Frame, link: Link): void {
    switch (frame.type) {
      case 'input-audio':
        // Once the call leaves its stream, the model no longer answers the caller.
        if (!this.gate.isLeaving) this.session.sendAudio(frame.chunk);
        return;
      case 'input-dtmf':
        // A caller who presses a key no longer listens.
        if (this.gate.isLeaving) return;
        this.session.cancel();
        link.push(frame);
        return;
      case 'speak':
        this.session.say(frame.text, frame.sayId);
        return;
      case 'tool-result':
        this.session.sendToolResult(frame.toolCallId, frame.output);
        return;
      case 'keyed-digits':
        this.session.sendDigits(frame.digits);
        return;
      case 'heard':
        this.session.reportHeard(frame.items);
        return;
      default:
        link.push(frame);
    }
  }

  /** Puts an event of the session into the pipeline as a frame. */
  deliver(event: VoiceEvent): void {
    this.link?.emit(event);
  }
}
