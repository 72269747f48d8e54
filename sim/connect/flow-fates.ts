import type { FlowAction } from './flow.js';

type Actions = ReadonlyMap<string, FlowAction>;

/** Checks that every action can be reached, that every path leads a caller to a queue, and that none runs forever. */
export function lintFates(start: string, actions: Actions): string[] {
  const problems: string[] = [];
  const reached = reachable(start, actions);
  for (const id of actions.keys()) if (!reached.has(id)) problems.push(`${id}: cannot be reached`);
  const isForCallers = [...actions.values()].some(
    ({ Type }) => Type === 'TransferContactToQueue' || Type === 'DisconnectParticipant',
  );
  if (isForCallers) {
    for (const { Identifier, Type } of beforeQueue(start, actions)) {
      if (Type === 'DisconnectParticipant') problems.push(`${Identifier}: hangs up on a caller who was in no queue`);
      if (Type === 'EndFlowExecution') problems.push(`${Identifier}: ends without a queue for the caller`);
    }
  }
  for (const id of endless(actions)) problems.push(`${id}: can run again without a Loop to count`);
  return problems;
}

export function nextOf({ Transitions }: FlowAction): string[] {
  return [
    Transitions.NextAction,
    ...errorsOf(Transitions),
    ...(Transitions.Conditions ?? []).map((condition) => condition.NextAction),
  ].filter((next): next is string => next !== undefined);
}

function errorsOf({ Errors = [] }: FlowAction['Transitions']): string[] {
  return Errors.map((error) => error.NextAction);
}

/** Returns the actions that a caller can reach before a transfer to a queue was tried. */
function beforeQueue(start: string, actions: Actions): Set<FlowAction> {
  // What follows an action depends on whether a queue was set before it.
  const reached = { with: new Set<FlowAction>(), without: new Set<FlowAction>() };
  const visit = (id: string | undefined, hasQueue: boolean): void => {
    const action = id === undefined ? undefined : actions.get(id);
    const known = hasQueue ? reached.with : reached.without;
    if (action === undefined || known.has(action)) return;
    known.add(action);
    const { Parameters, Transitions, Type } = action;
    switch (Type) {
      case 'TransferContactToQueue':
        // A transfer without a queue fails, and nothing was tried.
        if (!hasQueue) for (const next of errorsOf(Transitions)) visit(next, false);
        return;
      case 'UpdateContactTargetQueue':
        visit(Transitions.NextAction, true);
        // A fixed queue that is missing counts as tried.
        if (!isFixed(Parameters['QueueId'])) for (const next of errorsOf(Transitions)) visit(next, hasQueue);
        return;
      default:
        for (const next of nextOf(action)) visit(next, hasQueue);
    }
  };
  visit(start, false);
  return new Set([...reached.without, ...reached.with]);
}

function isFixed(queue: unknown): boolean {
  return typeof queue === 'string' && !queue.startsWith('$.');
}

/**
 * Returns the actions that can run again without end. A Loop counts, and is counted anew once it was left. So it ends
 * only a cycle that its way out leaves.
 */
function endless(actions: Actions): string[] {
  return cyclesIn(actions).flatMap((cycle) => {
    const counting = [...cycle.values()].filter(
      (action) => action.Type === 'Loop' && !waysOut(action).some((next) => cycle.has(next)),
    );
    if (counting.length === 0) return [...cycle.keys()];
    const rest = new Map(cycle);
    for (const { Identifier } of counting) rest.delete(Identifier);
    return endless(rest);
  });
}

function waysOut({ Transitions: { Conditions = [], NextAction } }: FlowAction): string[] {
  const conditions = Conditions.filter(({ Condition }) => !Condition.Operands.includes('ContinueLooping'));
  return [...conditions.map((condition) => condition.NextAction), ...(NextAction === undefined ? [] : [NextAction])];
}

/** Returns the groups of actions that can each be reached from every other one, and from themselves. */
function cyclesIn(actions: Actions): Actions[] {
  const onwards = new Map(
    [...actions].map(([id, action]) => [id, new Set(nextOf(action).flatMap((next) => [...reachable(next, actions)]))]),
  );
  const cycles: Actions[] = [];
  const grouped = new Set<string>();
  for (const id of actions.keys()) {
    if (grouped.has(id) || onwards.get(id)?.has(id) !== true) continue;
    const cycle = new Map(
      [...actions].filter(([other]) => onwards.get(id)?.has(other) === true && onwards.get(other)?.has(id) === true),
    );
    for (const other of cycle.keys()) grouped.add(other);
    cycles.push(cycle);
  }
  return cycles;
}

/** Returns the actions that can be reached from `start`, and `start` itself. */
function reachable(start: string, actions: Actions): Set<string> {
  const reached = new Set<string>();
  const visit = (id: string): void => {
    const action = actions.get(id);
    if (action === undefined || reached.has(id)) return;
    reached.add(id);
    for (const next of nextOf(action)) visit(next);
  };
  visit(start);
  return reached;
}
