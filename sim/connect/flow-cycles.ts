import { type FlowAction, nextOf } from './flow.js';

type Actions = ReadonlyMap<string, FlowAction>;

/**
 * Returns the actions that can run again without end. A Loop counts, and is counted anew once it was left. So it ends
 * only a cycle that its way out leaves.
 */
export function endless(actions: Actions): string[] {
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
export function reachable(start: string, actions: Actions): Set<string> {
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
