import type { Escalation } from '../escalation/escalation.js';
import type { EscalationWatch } from '../escalation/watch.js';
import { type Frame, ToolResultFrame, KeyedDigitsFrame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** Notices that a human is needed, and answers the tools the gateway itself provides. */
export class EscalationProcessor implements Processor {
  readonly name = 'escalation';
  private readonly watch: EscalationWatch;
  private readonly endCallTool: string;
  private readonly onEscalation: (escalation: Escalation) => void;
  private readonly onEndCall: () => void;

  constructor(options: {
    watch: EscalationWatch;
    endCallTool: string;
    onEscalation: (escalation: Escalation) => void;
    onEndCall: () => void;
  }) {
    this.watch = options.watch;
    this.endCallTool = options.endCallTool;
    this.onEscalation = options.onEscalation;
    this.onEndCall = options.onEndCall;
  }

  process(frame: Frame, link: Link): void {
    switch (frame.kind) {
      case 'caller-text': {
        // The transcript stands behind this processor: the turn is in the history before anybody acts on it.
        link.push(frame);
        const escalation = frame.final ? this.watch.callerSaid(frame.text) : undefined;
        if (escalation !== undefined) this.onEscalation(escalation);
        return;
      }
      case 'digit': {
        const escalation = this.watch.callerPressed(frame.digit);
        if (escalation !== undefined) this.onEscalation(escalation);
        else link.emit(new KeyedDigitsFrame(frame.digit));
        return;
      }
      case 'tool-call': {
        const escalation = this.watch.toolCalled(frame.name, frame.arguments);
        const known = escalation !== undefined || frame.name === this.endCallTool;
        const output = known ? { status: 'ok' } : { error: `There is no tool named ${frame.name}.` };
        link.emit(new ToolResultFrame(frame.toolCallId, output));
        if (escalation !== undefined) this.onEscalation(escalation);
        else if (known) this.onEndCall();
        return;
      }
      default:
        link.push(frame);
    }
  }
}
