import { type Flow, type FlowAction, nextOf } from './flow.js';
import { endlessActions } from './flow-cycles.js';
import { lintParameters } from './flow-parameters.js';

interface Rule {
  /** The required error branches. No others are allowed. */
  errors: readonly string[];
  conditions?: 'any' | readonly string[];
  terminal?: true;
}

/** The rules of each action type (Amazon Connect API reference: flow language actions). */
const RULES: Readonly<Record<string, Rule>> = {
  UpdateFlowLoggingBehavior: { errors: [] },
  GetParticipantInput: { errors: ['NoMatchingError'] },
  Compare: { errors: ['NoMatchingCondition'], conditions: 'any' },
  InvokeLambdaFunction: { errors: ['NoMatchingError'] },
  UpdateContactAttributes: { errors: ['NoMatchingError'] },
  UpdateContactTargetQueue: { errors: ['NoMatchingError'] },
  UpdateContactEventHooks: { errors: ['NoMatchingError'] },
  TransferContactToQueue: { errors: ['QueueAtCapacity', 'NoMatchingError'] },
  MessageParticipant: { errors: ['NoMatchingError'] },
  Loop: { errors: [], conditions: ['ContinueLooping', 'DoneLooping'] },
  DisconnectParticipant: { errors: [], terminal: true },
  EndFlowExecution: { errors: [], terminal: true },
};

const MAX_ACTIONS = 250;

/** Returns what the service would refuse about a flow, and where a caller would be lost. Empty if the flow is fine. */
export function lintFlow(flow: Flow): string[] {
  const problems: string[] = [];
  const actions = new Map<string, FlowAction>();
  for (const action of flow.Actions) {
    if (actions.has(action.Identifier)) problems.push(`${action.Identifier}: the identifier is used twice`);
    actions.set(action.Identifier, action);
    if (action.Identifier.length > 50 || /[%:(\\/)=$,;[\]{}]/.test(action.Identifier)) {
      problems.push(`${action.Identifier}: the identifier is too long or holds a character that is not allowed`);
    }
  }
  if (flow.Version !== '2019-10-30') problems.push(`the version is ${flow.Version}, not 2019-10-30`);
  if (flow.Actions.length > MAX_ACTIONS) problems.push(`there are more than ${MAX_ACTIONS} actions`);
  if (!actions.has(flow.StartAction)) problems.push(`the start action ${flow.StartAction} does not exist`);
  for (const action of flow.Actions) problems.push(...lintAction(action, actions));
  const reached = reachable(flow, actions);
  for (const id of actions.keys()) if (!reached.has(id)) problems.push(`${id}: cannot be reached`);
  problems.push(...lintFates(flow, actions));
  return problems;
}

function lintAction(action: FlowAction, actions: ReadonlyMap<string, FlowAction>): string[] {
  const id = action.Identifier;
  const rule = RULES[action.Type];
  if (rule === undefined) return [`${id}: there is no action type ${action.Type}`];
  const problems = lintParameters(action);
  for (const next of nextOf(action))
    if (!actions.has(next)) problems.push(`${id}: leads to ${next}, which does not exist`);
  if (rule.terminal === true) {
    if (Object.keys(action.Transitions).length > 0) problems.push(`${id}: ends the flow and cannot lead anywhere`);
    return problems;
  }
  if (action.Transitions.NextAction === undefined) problems.push(`${id}: has no NextAction`);
  const errors = (action.Transitions.Errors ?? []).map((error) => error.ErrorType);
  for (const error of errors) if (!rule.errors.includes(error)) problems.push(`${id}: has no error branch ${error}`);
  for (const error of rule.errors)
    if (!errors.includes(error)) problems.push(`${id}: the error branch ${error} is missing`);
  const operands = (action.Transitions.Conditions ?? []).flatMap((condition) => condition.Condition.Operands);
  if (rule.conditions === undefined && operands.length > 0) problems.push(`${id}: cannot have conditions`);
  if (Array.isArray(rule.conditions) && !sameSet(operands, rule.conditions)) {
    problems.push(`${id}: needs exactly the conditions ${rule.conditions.join(' and ')}`);
  }
  return problems;
}

/** Checks that every path leads a caller to a queue, and that no path runs forever. */
function lintFates(flow: Flow, actions: ReadonlyMap<string, FlowAction>): string[] {
  const problems: string[] = [];
  const isForCallers = flow.Actions.some(
    ({ Type }) => Type === 'TransferContactToQueue' || Type === 'DisconnectParticipant',
  );
  if (isForCallers) {
    for (const { Identifier, Type } of beforeQueue(flow, actions)) {
      if (Type === 'DisconnectParticipant') problems.push(`${Identifier}: hangs up on a caller who was in no queue`);
      if (Type === 'EndFlowExecution') problems.push(`${Identifier}: ends without a queue for the caller`);
    }
  }
  for (const id of endlessActions(actions)) problems.push(`${id}: can run again without a Loop to count`);
  return problems;
}

/** Returns the actions that a caller can reach before a transfer to a queue was tried. */
function beforeQueue(flow: Flow, actions: ReadonlyMap<string, FlowAction>): Set<FlowAction> {
  // What follows an action depends on whether a queue was set before it.
  const reached = { withQueue: new Set<FlowAction>(), without: new Set<FlowAction>() };
  const visit = (id: string | undefined, hasQueue: boolean): void => {
    const action = id === undefined ? undefined : actions.get(id);
    const known = hasQueue ? reached.withQueue : reached.without;
    if (action === undefined || known.has(action)) return;
    known.add(action);
    const { Transitions, Type } = action;
    const errors = (Transitions.Errors ?? []).map((error) => error.NextAction);
    switch (Type) {
      case 'TransferContactToQueue':
        // A transfer without a queue fails, and nothing was tried.
        if (!hasQueue) for (const next of errors) visit(next, false);
        return;
      case 'UpdateContactTargetQueue':
        visit(Transitions.NextAction, true);
        // A fixed queue that is missing counts as tried.
        if (!hasFixedQueue(action)) for (const next of errors) visit(next, hasQueue);
        return;
      default:
        for (const next of nextOf(action)) visit(next, hasQueue);
    }
  };
  visit(flow.StartAction, false);
  return new Set([...reached.without, ...reached.withQueue]);
}

function hasFixedQueue({ Parameters }: FlowAction): boolean {
  const queue = Parameters['QueueId'];
  return typeof queue === 'string' && !queue.startsWith('$.');
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((entry) => others.includes(entry));
}

/** Returns the actions that a flow can reach. */
function reachable(flow: Flow, actions: ReadonlyMap<string, FlowAction>): Set<string> {
  const reached = new Set<string>();
  const visit = (id: string): void => {
    const action = actions.get(id);
    if (action === undefined || reached.has(id)) return;
    reached.add(id);
    for (const next of nextOf(action)) visit(next);
  };
  visit(flow.StartAction);
  return reached;
}
