import { type Flow, type FlowAction, type FlowKind, nextOf } from './flow.js';
import { readsDigits } from './flow-parameters.js';
import { stringsOf, textOf } from './flow-values.js';

/** A place on a caller's way through a flow, with what is true there. */
interface Place {
  action: FlowAction;
  /** Whether the service writes the values of each step to the flow's log. */
  isLogged: boolean;
  hasQueue: boolean;
}

/**
 * Follows every way through a flow; for a caller, until a queue was tried. Returns where a caller would be lost, where a token
 * or what was said would be logged, and where the log stays off for the rest of the call. A fixed queue counts as one that
 * exists.
 */
export function lintPaths(flow: Flow, actions: ReadonlyMap<string, FlowAction>, kind: FlowKind): string[] {
  const problems = new Set<string>();
  const seen = new Set<string>();
  const visit = (id: string, isLogged: boolean, hasQueue: boolean): void => {
    const action = actions.get(id);
    const key = `${id} ${String(isLogged)} ${String(hasQueue)}`;
    if (action === undefined || seen.has(key)) return;
    seen.add(key);
    const place = { action, isLogged, hasQueue };
    const problem = kind === 'guide' ? problemOfGuide(place) : problemAt(place);
    if (problem !== undefined) problems.add(`${id}: ${problem}`);
    for (const [next, logged, queued] of waysFrom(place)) visit(next, logged, queued);
  };
  visit(flow.StartAction, true, false);
  return [...problems];
}

function problemOfGuide({ action, isLogged }: Place): string | undefined {
  return isLogged && action.Type === 'ShowView' ? 'writes what was said to the log' : undefined;
}

function problemAt({ action, hasQueue, isLogged }: Place): string | undefined {
  switch (action.Type) {
    case 'DisconnectParticipant':
      return 'hangs up on a caller who was in no queue';
    case 'EndFlowExecution':
      return 'ends without a queue for the caller';
    case 'TransferContactToQueue':
      // Later segments inherit it (Amazon Connect API reference: UpdateFlowLoggingBehavior).
      return hasQueue && !isLogged ? 'leaves the log off for the rest of the call' : undefined;
    default:
      return isLogged && (readsDigits(action) || passesDigits(action)) ? 'writes a token to the log' : undefined;
  }
}

function passesDigits({ Parameters, Type }: FlowAction): boolean {
  const given = Object.values(
    stringsOf((Parameters as FlowAction['Parameters'] | undefined)?.['LambdaInvocationAttributes']),
  );
  return Type === 'InvokeLambdaFunction' && given.includes('$.StoredCustomerInput');
}

/** Returns the next actions, with what is true there. */
function waysFrom({ action, hasQueue, isLogged }: Place): [next: string, isLogged: boolean, hasQueue: boolean][] {
  const { Parameters, Transitions, Type } = action;
  const errors = (Transitions.Errors ?? []).map((error) => error.NextAction);
  if (Type === 'TransferContactToQueue') {
    // Without a queue the transfer fails. With one the caller is in it, or it was full.
    return hasQueue ? [] : errors.map((next) => [next, isLogged, false]);
  }
  const logged =
    Type === 'UpdateFlowLoggingBehavior' ? textOf(Parameters['FlowLoggingBehavior']) === 'Enabled' : isLogged;
  if (Type === 'UpdateContactTargetQueue') {
    const found = Transitions.NextAction === undefined ? [] : [Transitions.NextAction];
    const isFixed = !textOf((Parameters as FlowAction['Parameters'] | undefined)?.['QueueId']).startsWith('$.');
    return [
      ...found.map((next): [string, boolean, boolean] => [next, logged, true]),
      ...(isFixed ? [] : errors.map((next): [string, boolean, boolean] => [next, logged, hasQueue])),
    ];
  }
  return nextOf(action).map((next) => [next, logged, hasQueue]);
}
