import type { ResponseStatus } from '../session.js';

export interface ToolOutput {
  toolCallId: string;
  output: string;
}

/** The tool calls of one response. The model needs all results before it continues. */
interface Round {
  open: Set<string>;
  outputs: ToolOutput[];
  /** `running` until the response is over. The results are then sent with a request for a reply, or only as a note. */
  state: 'running' | 'reply' | 'note';
}

/** Collects the results of each response's tool calls until the response is over and all results are there. */
export class ToolRounds {
  private readonly rounds = new Map<string, Round>();
  private readonly onComplete: (outputs: readonly ToolOutput[], wantsReply: boolean) => void;

  constructor(onComplete: (outputs: readonly ToolOutput[], wantsReply: boolean) => void) {
    this.onComplete = onComplete;
  }

  called(responseId: string, toolCallId: string): void {
    let round = this.rounds.get(responseId);
    if (round === undefined) {
      round = { open: new Set(), outputs: [], state: 'running' };
      this.rounds.set(responseId, round);
    }
    round.open.add(toolCallId);
  }

  /** Returns false if no open call has this id. */
  result(toolCallId: string, output: string): boolean {
    for (const [responseId, round] of this.rounds) {
      if (!round.open.delete(toolCallId)) continue;
      round.outputs.push({ toolCallId, output });
      this.settle(responseId, round);
      return true;
    }
    return false;
  }

  responseDone(responseId: string, status: ResponseStatus, isCancelled: boolean): void {
    const round = this.rounds.get(responseId);
    if (round === undefined || round.state !== 'running') return;
    // A failed response is requested again anyway.
    round.state = isCancelled || status === 'failed' ? 'note' : 'reply';
    this.settle(responseId, round);
  }

  /** Called when the owner cancels. Results are still noted, but no reply to them is requested. */
  abandon(): void {
    for (const round of this.rounds.values()) if (round.state === 'reply') round.state = 'note';
  }

  private settle(responseId: string, round: Round): void {
    if (round.state === 'running' || round.open.size > 0) return;
    this.rounds.delete(responseId);
    this.onComplete(round.outputs, round.state === 'reply');
  }
}
