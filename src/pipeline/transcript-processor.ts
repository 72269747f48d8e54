import type { History, Turn } from '../voice/history.js';
import type { Frame } from './frame.js';
import type { Link, Processor } from './processor.js';

/** Records the conversation in the history, as the caller heard it. */
export class TranscriptProcessor implements Processor {
  readonly name = 'transcript';
  private readonly history: History;
  private readonly onTurn: (turn: Readonly<Turn>) => void;

  constructor(history: History, onTurn: (turn: Readonly<Turn>) => void) {
    this.history = history;
    this.onTurn = onTurn;
  }

  process(frame: Frame, link: Link): void {
    switch (frame.type) {
      case 'caller-text':
        if (frame.final) this.onTurn(this.history.callerSaid(frame.itemId, frame.text));
        break;
      case 'caller-turn':
        this.history.callerTurn(frame.itemId);
        break;
      case 'assistant-text-final':
        this.history.assistantSaidFinally(frame.itemId, frame.text);
        break;
      case 'assistant-text':
        this.history.assistantSaid(frame.itemId, frame.text);
        break;
      case 'item-done': {
        const turn = this.history.turnOf(frame.itemId);
        if (turn !== undefined && turn.text !== '') this.onTurn(turn);
        break;
      }
      case 'heard':
        for (const turn of this.history.heard(frame.items)) this.onTurn(turn);
        break;
      default:
        break;
    }
    link.push(frame);
  }
}
