import type { ResponseStatus } from '../session.js';

export interface ToolOutput {
  toolCallId: string;
  output: string;
}

/** The calls of one response. The model wants all results before it goes on. */
interface Round {
  open: Set<string>;
  outputs: ToolOutput[];
  /** What follows once the response is over: an answer, or only the note of the results. */
  state: 'running' | 'reply' | 'note';
}

/** Gathers the results of the calls of each response until it is over and all of them are there. */
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

  /** False when nobody waits for it. */
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
    // A failed response is asked for again anyway.
    round.state = isCancelled || status === 'failed' ? 'note' : 'reply';
    this.settle(responseId, round);
  }

  /** The owner goes another way: results are noted, but nobody waits for what the model would say about them. */
  abandon(): void {
    for (const round of this.rounds.values()) if (round.state === 'reply') round.state = 'note';
  }

  private settle(responseId: string, round: Round): void {
    if (round.state === 'running' || round.open.size > 0) return;
    this.rounds.delete(responseId);
    this.onComplete(round.outputs, round.state === 'reply');
  }
}
