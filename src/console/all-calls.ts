import type { CallBoard } from './call-board.js';
import type { ActionResult, CallLists, CallRow, CallWithEvents, OperatorRequest } from './messages.js';
import type { InstanceQuestion, OtherInstances } from './other-instances.js';
import type { TapesOfOthers } from './tapes.js';

const MAX_RECENT = 50;
/** Maximum wait for what the other instances know. */
const READ_MS = 1000;
/** Maximum wait for the instance that has a call. Then it counts as too late. */
const ACT_MS = 3000;

/** Acts on a call of this instance. */
export type Operate = (callSid: string, action: OperatorRequest) => ActionResult | Promise<ActionResult>;

/** The calls of this instance and of all others, for questions that are asked once. */
export class AllCalls {
  private readonly board: CallBoard;
  private readonly others: OtherInstances | undefined;
  private readonly operate: Operate;
  private readonly tapes: TapesOfOthers;

  constructor(options: {
    board: CallBoard;
    others: OtherInstances | undefined;
    operate: Operate;
    tapes: TapesOfOthers;
  }) {
    this.board = options.board;
    this.others = options.others;
    this.operate = options.operate;
    this.tapes = options.tapes;
  }

  async count(): Promise<number> {
    return (await this.others?.count()) ?? 1;
  }

  async lists(): Promise<CallLists> {
    const own = this.board.lists;
    const answers = (await this.others?.ask('lists', undefined, READ_MS))?.answers ?? [];
    const all = [own, ...answers.map(({ answer }) => answer)];
    const live = byCallSid(all.flatMap(({ calls }) => calls));
    const ended = byCallSid(all.flatMap(({ recent }) => recent).sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0)));
    for (const callSid of live.keys()) ended.delete(callSid);
    const recent = [...ended.values()].reverse().slice(0, MAX_RECENT);
    return { calls: await this.shown([...live.values()]), recent: await this.shown(recent) };
  }

  /** Returns a call with its events on all instances that have had it. `undefined` if none knows it. */
  async find(callSid: string): Promise<CallWithEvents | undefined> {
    const own = this.board.find(callSid);
    const answers = (await this.others?.ask('call', callSid, READ_MS))?.answers ?? [];
    const found = [own, ...answers.map(({ answer }) => answer)].filter((each) => each !== undefined);
    // The one that has it now, or had it last.
    const [latest] = found.toSorted((a, b) => endOf(b.call) - endOf(a.call));
    if (latest === undefined) return undefined;
    const events = found.flatMap((each) => each.events).sort((a, b) => a.atMs - b.atMs);
    const [call] = await this.shown([latest.call]);
    return { call: call ?? latest.call, events };
  }

  /** Acts on a call, wherever it is. */
  async act(callSid: string, action: OperatorRequest): Promise<ActionResult> {
    const here = await this.actHere(callSid, action);
    const isHere = here === 'accepted' || this.board.row(callSid) !== undefined;
    if (isHere || this.others === undefined) return here;
    const { answers, isComplete } = await this.others.ask(
      'act',
      { callSid, action },
      ACT_MS,
      (answer) => answer === 'accepted',
    );
    const results = [here, ...answers.map(({ answer }) => answer)];
    if (results.includes('accepted')) return 'accepted';
    // An instance that has not answered may have the call.
    return results.includes('impossible') || !isComplete ? 'impossible' : 'unknown';
  }

  /** Answers a question of another instance. */
  answer(question: InstanceQuestion): unknown {
    switch (question.name) {
      case 'lists':
        return this.board.lists;
      case 'call':
        return this.board.find(question.asked);
      case 'act':
        return this.actHere(question.asked.callSid, question.asked.action);
    }
  }

  /** Returns the rows with what is here of the tapes of other instances. */
  private shown(rows: readonly CallRow[]): Promise<CallRow[]> {
    const isOwn = ({ callSid }: CallRow): boolean => this.board.find(callSid)?.call.tape === true;
    return Promise.all(rows.map(async (row) => (isOwn(row) ? row : this.tapes.row(row))));
  }

  private async actHere(callSid: string, action: OperatorRequest): Promise<ActionResult> {
    const result = await this.operate(callSid, action);
    if (result === 'accepted') this.board.operated(callSid, action);
    return result === 'unknown' && this.board.find(callSid) !== undefined ? 'impossible' : result;
  }
}

function byCallSid(rows: readonly CallRow[]): Map<string, CallRow> {
  return new Map(rows.map((row) => [row.callSid, row]));
}

/** When a call ended on its instance. A call that lives has not. */
function endOf({ endedAt = Number.POSITIVE_INFINITY }: CallRow): number {
  return endedAt;
}
