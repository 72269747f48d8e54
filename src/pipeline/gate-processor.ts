import type { ResponseGate } from '../voice/response-gate.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/**
 * Drops late frames of an interrupted response. Once the call leaves its stream, drops every response but the goodbye.
 */
export class GateProcessor implements Processor {
  readonly name = 'gate';
  private readonly gate: ResponseGate;

  constructor(gate: ResponseGate) {
    this.gate = gate;
  }

  process(frame: Frame, link: Link): void {
    switch (frame.type) {
      case 'audio':
      case 'assistant-text':
      case 'item-done':
        if (!this.gate.lets(frame.responseId)) return;
        break;
      case 'response-started':
        this.gate.started(frame.responseId, frame.sayId);
        break;
      case 'interruption':
        if (this.gate.isLeaving) return;
        this.gate.interrupt();
        break;
      case 'input-dtmf':
        this.gate.interrupt();
        break;
      default:
        break;
    }
    link.push(frame);
  }
}
