import type { Escalation } from '../escalation/escalation.js';
import type { EscalationWatch } from '../escalation/watch.js';
import type { ToolRunner } from '../voice/tools.js';
import { type Frame, ToolResultFrame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** Answers the model's tool calls: the gateway's own two, and those its user brought. */
export class ToolProcessor implements Processor {
  readonly name = 'tools';
  private readonly options: {
    watch: EscalationWatch;
    runner: ToolRunner;
    endCallTool: string;
    onEscalation: (escalation: Escalation) => void;
    onEndCall: () => void;
    onFiller: (text: string) => void;
  };

  constructor(options: ToolProcessor['options']) {
    this.options = options;
  }

  process(frame: Frame, link: Link): void {
    link.push(frame);
    const { endCallTool, onEndCall, onEscalation, onFiller, runner, watch } = this.options;
    if (frame.kind === 'cancel') runner.close();
    if (frame.kind !== 'tool-call') return;
    const answer = (output: unknown): void => link.emit(new ToolResultFrame(frame.toolCallId, output));
    const escalation = watch.toolCalled(frame.name, frame.arguments);
    if (escalation !== undefined) {
      answer({ status: 'ok' });
      onEscalation(escalation);
    } else if (frame.name === endCallTool) {
      answer({ status: 'ok' });
      onEndCall();
    } else {
      runner.run({ name: frame.name, arguments: frame.arguments, onResult: answer, onFiller });
    }
  }

  close(): void {
    this.options.runner.close();
  }
}
