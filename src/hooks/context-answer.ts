import type { CallContext } from '../call/before-call.js';
import { oneLine } from '../handover/text.js';

/** What is wrong with an answer, for the log. A closed set: nothing of the answer is in it. */
export type ContextProblem =
  | 'not_json'
  | 'not_an_object'
  | 'unknown_field'
  | 'wrong_type'
  | 'bad_name'
  | 'too_many'
  | 'unknown_assistant'
  | 'unknown_language';

/** What can be used of an answer. `problem`: the first thing that cannot be, which is left out. */
export interface ReadContext {
  context: CallContext | undefined;
  problem: ContextProblem | undefined;
}

/** Says whether the gateway has what an answer names. */
export interface ContextNames {
  hasAssistant: (name: string) => boolean;
  /** `assistant` is `undefined` for that of the number called. */
  speaks: (assistant: string | undefined, language: string) => boolean;
}

const MAX_VARIABLES = 20;
const MAX_VALUE_CHARACTERS = 200;
const MAX_NAME_CHARACTERS = 100;
const VARIABLE = /^[a-z][a-z0-9_]{0,31}$/;
const FIELDS: ReadonlySet<string> = new Set(['variables', 'assistant', 'language', 'priority', 'action']);

/** Reads what a hook has returned, which may be anything. Uses what can be used. Never throws. */
export function readContext(value: unknown, names: ContextNames): ReadContext {
  if (value === undefined || value === null) return { context: undefined, problem: undefined };
  if (typeof value !== 'object' || Array.isArray(value)) return { context: undefined, problem: 'not_an_object' };
  const given = value as Record<string, unknown>;
  const problems: ContextProblem[] = [];
  if (Object.keys(given).some((field) => !FIELDS.has(field))) problems.push('unknown_field');
  const variables = variablesOf(given['variables'], problems);
  const assistant = nameOf(given['assistant'], names.hasAssistant, 'unknown_assistant', problems);
  const speaks = (tag: string): boolean => names.speaks(assistant, tag);
  const language = nameOf(given['language'], speaks, 'unknown_language', problems);
  const priority = wordOf(given['priority'], ['high', 'normal'], problems);
  const action = wordOf(given['action'], ['answer', 'refuse', 'human'], problems);
  const [problem] = problems;
  const context: CallContext = {
    variables,
    ...(assistant === undefined ? {} : { assistant }),
    ...(language === undefined ? {} : { language }),
    ...(priority === 'high' ? { hasPriority: true } : {}),
    ...(action === 'refuse' || action === 'human' ? { action } : {}),
  };
  const isEmpty = Object.keys(variables).length === 0 && Object.keys(context).length === 1;
  return { context: isEmpty ? undefined : context, problem };
}

function variablesOf(value: unknown, problems: ContextProblem[]): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    problems.push('wrong_type');
    return {};
  }
  const variables: Record<string, string> = {};
  let count = 0;
  for (const [name, given] of Object.entries(value)) {
    if (!VARIABLE.test(name)) problems.push('bad_name');
    else if (given === null || given === '') continue;
    else if (!['string', 'number', 'boolean'].includes(typeof given)) problems.push('wrong_type');
    else if (count === MAX_VARIABLES) problems.push('too_many');
    else {
      count++;
      variables[name] = oneLine(String(given), MAX_VALUE_CHARACTERS);
    }
  }
  return variables;
}

function nameOf(
  value: unknown,
  isKnown: (name: string) => boolean,
  unknown: ContextProblem,
  problems: ContextProblem[],
): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') problems.push('wrong_type');
  else if (value.length > MAX_NAME_CHARACTERS || !isKnown(value)) problems.push(unknown);
  else return value;
  return undefined;
}

function wordOf<Word extends string>(
  value: unknown,
  words: readonly Word[],
  problems: ContextProblem[],
): Word | undefined {
  if (value === undefined || value === null) return undefined;
  const word = words.find((one) => one === value);
  if (word === undefined) problems.push('wrong_type');
  return word;
}
