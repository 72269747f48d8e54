import type { VoiceEvent } from '../voice/session.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

export type ToolCallFrame = Extract<VoiceEvent, { type: 'tool-call' }>;

/** Hands the model's tool calls to `onToolCall` and sends each answer upstream. */
export class ToolProcessor implements Processor {
  readonly name = 'tools';
  private readonly onToolCall: (call: ToolCallFrame, answer: (output: unknown) => void) => void;

  constructor(onToolCall: (call: ToolCallFrame, answer: (output: unknown) => void) => void) {
    this.onToolCall = onToolCall;
  }

  process(frame: Frame, link: Link): void {
    link.push(frame);
    if (frame.type !== 'tool-call') return;
    const { toolCallId } = frame;
    this.onToolCall(frame, (output) => link.emit({ type: 'tool-result', toolCallId, output }));
  }
}
