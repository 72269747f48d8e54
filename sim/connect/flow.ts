import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Amazon Connect's flow language, version 2019-10-30. */
export interface Flow {
  Version: string;
  StartAction: string;
  Actions: readonly FlowAction[];
  /** Where the designer draws the blocks. */
  Metadata?: { ActionMetadata?: Readonly<Record<string, { position?: { x: number; y: number } }>> };
}

export interface FlowAction {
  Identifier: string;
  Type: string;
  Parameters: Readonly<Record<string, unknown>>;
  Transitions: {
    NextAction?: string;
    Errors?: readonly { ErrorType: string; NextAction: string }[];
    Conditions?: readonly { NextAction: string; Condition: { Operator: string; Operands: readonly string[] } }[];
  };
}

/** For whom a flow runs: for the caller, for the agent's ear before the two are joined, or for the agent's screen. */
export type FlowKind = 'call' | 'whisper' | 'guide';

export const FLOW_KINDS = {
  'contact-flow': 'call',
  'agent-whisper': 'whisper',
  'agent-guide': 'guide',
} as const satisfies Record<string, FlowKind>;
export type FlowName = keyof typeof FLOW_KINDS;

/** The path from dist/sim/connect to the flows in the project's root. */
const FOLDER = fileURLToPath(new URL('../../../connect/', import.meta.url));

/** Reads a flow of `connect/` and fills in its `${…}` placeholders, as the deployment does. */
export function loadFlow(name: FlowName, values: Readonly<Record<string, string>> = {}): Flow {
  const text = readFileSync(`${FOLDER}${name}.json`, 'utf8').replace(
    /\$\{(\w+)\}/g,
    (place, key: string) => values[key] ?? place,
  );
  return JSON.parse(text) as Flow;
}

/** Returns every action that can follow. */
export function nextOf({ Transitions }: FlowAction): string[] {
  return [
    Transitions.NextAction,
    ...(Transitions.Errors ?? []).map((error) => error.NextAction),
    ...(Transitions.Conditions ?? []).map((condition) => condition.NextAction),
  ].filter((next): next is string => next !== undefined);
}
