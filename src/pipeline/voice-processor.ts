import type { VoiceEvent, VoiceSession } from '../voice/session.js';
import {
  CallerSpeechStartedFrame,
  CallerSpeechStoppedFrame,
  CallerTextFrame,
  CallerTurnFrame,
  EndFrame,
  FailureFrame,
  type Frame,
  InterruptionFrame,
  ItemDoneFrame,
  ModelAudioFrame,
  ModelTextFinalFrame,
  ModelTextFrame,
  ResponseDoneFrame,
  ResponseStartedFrame,
  StartFrame,
  ToolCallFrame,
  UsageFrame,
} from './frame.js';
import type { Link, Processor } from './processor.js';

/** The model's place in the pipeline: caller audio goes in, what the model says and does comes out. */
export class VoiceProcessor implements Processor {
  readonly name = 'voice';
  private readonly session: VoiceSession;
  private link: Link | undefined;
  private leaving = false;

  constructor(session: VoiceSession) {
    this.session = session;
  }

  attach(link: Link): void {
    this.link = link;
  }

  process(frame: Frame, link: Link): void {
    switch (frame.kind) {
      case 'caller-audio':
        // Once the call is being left, nobody is there to answer what the caller still says.
        if (!this.leaving) this.session.sendAudio(frame.chunk);
        return;
      case 'digit':
        // Whoever presses a key does not listen any more.
        if (this.leaving) return;
        this.session.cancel();
        link.push(frame);
        return;
      case 'say':
        this.session.say(frame.text, frame.sayId);
        return;
      case 'cancel':
        this.leaving = true;
        this.session.cancel();
        link.push(frame);
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

  /** What the session says, as a frame. */
  deliver(event: VoiceEvent): void {
    this.link?.emit(frameOf(event));
  }
}

function frameOf(event: VoiceEvent): Frame {
  switch (event.type) {
    case 'audio':
      return new ModelAudioFrame(event.responseId, event.itemId, event.chunk);
    case 'assistant-text':
      return new ModelTextFrame(event.responseId, event.itemId, event.text);
    case 'assistant-text-final':
      return new ModelTextFinalFrame(event.responseId, event.itemId, event.text);
    case 'caller-turn':
      return new CallerTurnFrame(event.itemId);
    case 'caller-text':
      return new CallerTextFrame(event.itemId, event.text, event.final);
    case 'caller-speech-started':
      return new CallerSpeechStartedFrame();
    case 'caller-speech-stopped':
      return new CallerSpeechStoppedFrame();
    case 'interruption':
      return new InterruptionFrame();
    case 'response-started':
      return new ResponseStartedFrame(event.responseId, event.sayId);
    case 'item-done':
      return new ItemDoneFrame(event.responseId, event.itemId);
    case 'response-done':
      return new ResponseDoneFrame(event.responseId, event.sayId, event.status);
    case 'tool-call':
      return new ToolCallFrame(event.toolCallId, event.name, event.arguments);
    case 'usage':
      return new UsageFrame(event.inputTokens, event.outputTokens);
    case 'ready':
      return new StartFrame();
    case 'ended':
      return new EndFrame(event.reason);
    case 'failed':
      return new FailureFrame(event.error);
  }
}
