import { endless, reachable } from './flow-cycles.js';
import { type Flow, type FlowAction, type FlowKind, nextOf } from './flow.js';
import { lintParameters } from './flow-parameters.js';
import { lintPaths } from './flow-paths.js';

interface Rule {
  /** The required error branches. No others are allowed. */
  errors: readonly string[];
  conditions?: 'any' | readonly string[];
  terminal?: true;
  /** The kinds of flows that may hold it. All by default. */
  kinds?: readonly FlowKind[];
}

/** The rules of each action type (Amazon Connect API reference: flow language actions). */
const RULES: Readonly<Record<string, Rule>> = {
  UpdateFlowLoggingBehavior: { errors: [] },
  GetParticipantInput: { errors: ['NoMatchingError'], kinds: ['call'] },
  Compare: { errors: ['NoMatchingCondition'], conditions: 'any' },
  InvokeLambdaFunction: { errors: ['NoMatchingError'] },
  UpdateContactAttributes: { errors: ['NoMatchingError'] },
  UpdateContactTargetQueue: { errors: ['NoMatchingError'], kinds: ['call'] },
  UpdateContactEventHooks: { errors: ['NoMatchingError'] },
  UpdateContactRoutingBehavior: { errors: [], kinds: ['call'] },
  UpdateContactTextToSpeechVoice: { errors: ['NoMatchingError'] },
  UpdateFlowAttributes: { errors: ['NoMatchingError'] },
  TransferContactToQueue: { errors: ['QueueAtCapacity', 'NoMatchingError'], kinds: ['call'] },
  // A guide is a chat of the agent's screen with Connect, so no call can hold it.
  ShowView: {
    errors: ['NoMatchingCondition', 'NoMatchingError', 'TimeLimitExceeded'],
    conditions: 'any',
    kinds: ['guide'],
  },
  MessageParticipant: { errors: ['NoMatchingError'] },
  Loop: { errors: [], conditions: ['ContinueLooping', 'DoneLooping'] },
  DisconnectParticipant: { errors: [], terminal: true, kinds: ['call', 'guide'] },
  EndFlowExecution: { errors: [], terminal: true, kinds: ['whisper'] },
};

const MAX_ACTIONS = 250;

/**
 * Returns what the service would refuse about a flow, where a caller would be lost, and what an operator could not read. Empty
 * if the flow is fine.
 */
export function lintFlow(flow: Flow, kind: FlowKind): string[] {
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
  for (const action of flow.Actions) problems.push(...lintAction(action, actions, kind));
  const reached = reachable(flow.StartAction, actions);
  for (const id of actions.keys()) if (!reached.has(id)) problems.push(`${id}: cannot be reached`);
  for (const id of endless(actions)) problems.push(`${id}: can run again without a Loop to count`);
  problems.push(...lintPositions(flow));
  if (kind !== 'whisper') problems.push(...lintPaths(flow, actions, kind));
  return problems;
}

function lintAction(action: FlowAction, actions: ReadonlyMap<string, FlowAction>, kind: FlowKind): string[] {
  const id = action.Identifier;
  const rule = RULES[action.Type];
  if (rule === undefined) return [`${id}: there is no action type ${action.Type}`];
  const problems = lintParameters(action);
  if (rule.kinds?.includes(kind) === false) problems.push(`${id}: ${action.Type} is not possible in a ${kind} flow`);
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

/** Room that the designer needs for a block. */
const BLOCK = { width: 200, height: 100 };

/** Checks that the designer can draw the blocks beside each other. */
function lintPositions({ Actions, Metadata }: Flow): string[] {
  const placed = Actions.flatMap(({ Identifier }) => {
    const at = Metadata?.ActionMetadata?.[Identifier]?.position;
    return at === undefined ? [] : [{ Identifier, ...at }];
  });
  const lost = Actions.filter(({ Identifier }) => !placed.some((one) => one.Identifier === Identifier));
  const hidden = placed.filter((one, index) =>
    placed
      .slice(0, index)
      .some((other) => Math.abs(one.x - other.x) < BLOCK.width && Math.abs(one.y - other.y) < BLOCK.height),
  );
  return [
    ...lost.map(({ Identifier }) => `${Identifier}: has no position for the designer`),
    ...hidden.map(({ Identifier }) => `${Identifier}: is drawn over another block`),
  ];
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((entry) => others.includes(entry));
}
