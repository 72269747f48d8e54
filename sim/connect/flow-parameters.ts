import type { FlowAction } from './flow.js';
import { lintView } from './guide-view.js';

type Check = (value: unknown) => string | undefined;
type Fields = Readonly<Record<string, Check>>;

interface Shape {
  required: Fields;
  optional?: Fields;
  /** Fields of which exactly one must be there. */
  oneOf?: Fields;
}

/** A path into the contact, the last Lambda's answer or what the caller typed (Amazon Connect: contact attributes). */
const PATH = /^\$\.(?:StoredCustomerInput|(?:External|Attributes|FlowAttributes)\.\w+)$/;

const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'is no text');
/** A text, which may hold paths. */
const spoken: Check = (value) => {
  if (typeof value !== 'string' || value.trim() === '') return 'is no text';
  const bad = value.match(/\$\.[\w.]*\w/g)?.find((path) => !PATH.test(path));
  return bad === undefined ? undefined : `holds ${bad}, which is no path`;
};
const path: Check = (value) => (typeof value === 'string' && PATH.test(value) ? undefined : 'is no path');
/** A fixed text or a single path. */
const value: Check = (given) => {
  if (typeof given !== 'string' || given === '') return 'is no text';
  return given.includes('$.') && !PATH.test(given) ? 'is neither a fixed text nor a single path' : undefined;
};
/** An ARN, an id or a placeholder for one, but no name. */
const arn: Check = (given) =>
  typeof given === 'string' && /^(?:arn:\S+|\$\{\w+\}|[0-9a-f-]{36})$/.test(given) ? undefined : 'is no ARN';
const queue: Check = (given) => (path(given) === undefined ? undefined : arn(given));
/** Exports write every number as a text. */
const number =
  (least: number, most: number): Check =>
  (given) =>
    typeof given === 'string' && /^\d+$/.test(given) && Number(given) >= least && Number(given) <= most
      ? undefined
      : `is no number from ${least} to ${most}, written as a text`;
const among =
  (...values: readonly string[]): Check =>
  (given) =>
    values.some((one) => one === given) ? undefined : `is not ${values.join(' or ')}`;
const map =
  (check: Check, most = Infinity): Check =>
  (given) => {
    const entries = entriesOf(given);
    if (entries === undefined || entries.length === 0) return 'has no entry';
    if (entries.length > most) return `has more than ${most} entry`;
    for (const [name, entry] of entries) {
      const problem = check(entry);
      if (problem !== undefined) return `${name} ${problem}`;
    }
    return undefined;
  };
const object =
  (shape: Shape): Check =>
  (given) => {
    const entries = entriesOf(given);
    return entries === undefined ? 'is no object' : problemsOf(shape, Object.fromEntries(entries))[0];
  };

/** One of Connect's own views, with its version. */
const ownView: Check = (given) =>
  typeof given === 'string' && /^arn:aws:connect:[\w${}-]+:aws:view\/[a-z-]+:\d+$/.test(given)
    ? undefined
    : "is no ARN of one of Connect's own views with its version";

/** What a flow can be attached to (Amazon Connect API reference: UpdateContactEventHooks). */
const EVENTS = [
  'AgentHold',
  'AgentWhisper',
  'CustomerHold',
  'CustomerQueue',
  'CustomerRemaining',
  'CustomerWhisper',
  'DefaultAgentUI',
  'DisconnectAgentUI',
  'PauseContact',
  'ResumeContact',
];
const hooks: Check = (given) => {
  const unknown = entriesOf(given)?.find(([name]) => !EVENTS.includes(name));
  return map(arn, 1)(given) ?? (unknown === undefined ? undefined : `has ${unknown[0]}, which is no event`);
};

const MESSAGE: Fields = { Text: spoken, SSML: spoken, PromptId: value, Media: map(value) };

/** The parameters of each action type (Amazon Connect API reference: flow language actions). */
const SHAPES: Readonly<Record<string, Shape>> = {
  UpdateFlowLoggingBehavior: { required: { FlowLoggingBehavior: among('Enabled', 'Disabled') } },
  GetParticipantInput: {
    oneOf: MESSAGE,
    required: {
      StoreInput: among('True'),
      InputTimeLimitSeconds: number(1, 180),
      InputValidation: object({
        required: { CustomValidation: object({ required: { MaximumLength: number(1, 20) } }) },
      }),
    },
    optional: {
      DTMFConfiguration: object({
        required: {},
        optional: {
          InputTerminationSequence: (given) =>
            typeof given === 'string' && /^[0-9#*]{1,5}$/.test(given) ? undefined : 'is not one to five keys',
          DisableCancelKey: among('True', 'False'),
          InterdigitTimeLimitSeconds: number(1, 20),
        },
      }),
      InputEncryption: map(text),
    },
  },
  Compare: { required: { ComparisonValue: path } },
  InvokeLambdaFunction: {
    required: {
      LambdaFunctionARN: arn,
      InvocationTimeLimitSeconds: number(1, 8),
      ResponseValidation: object({ required: { ResponseType: among('STRING_MAP', 'JSON') } }),
    },
    optional: { InvocationType: among('SYNCHRONOUS'), LambdaInvocationAttributes: map(value) },
  },
  UpdateContactAttributes: { required: { Attributes: map(value), TargetContact: among('Current') } },
  UpdateContactTargetQueue: { required: { QueueId: queue } },
  UpdateContactEventHooks: { required: { EventHooks: hooks } },
  UpdateContactRoutingBehavior: { required: { QueuePriority: number(1, Number.MAX_SAFE_INTEGER) } },
  UpdateContactTextToSpeechVoice: {
    required: { TextToSpeechVoice: value },
    optional: { TextToSpeechEngine: among('Standard', 'Neural', 'Generative') },
  },
  UpdateFlowAttributes: { required: { FlowAttributes: map(object({ required: { Value: value } })) } },
  ShowView: {
    required: {
      ViewResource: object({ required: { Id: ownView } }),
      InvocationTimeLimitSeconds: number(1, 86_400),
      ViewData: (given) => lintView(given, spoken),
    },
  },
  TransferContactToQueue: { required: {} },
  MessageParticipant: { oneOf: MESSAGE, required: {} },
  Loop: { required: { LoopCount: number(0, 100) } },
  DisconnectParticipant: { required: {} },
  EndFlowExecution: { required: {} },
};

/** GetParticipantInput has another form that only says whether digits are kept between blocks. */
const KEEPS_DIGITS: Shape = { required: { EnableDTMFBuffer: among('True', 'False') } };

/** Whether an action reads what the caller types. */
export function readsDigits({ Parameters, Type }: FlowAction): boolean {
  return Type === 'GetParticipantInput' && !isSwitch(Parameters);
}

function isSwitch(parameters: unknown): boolean {
  return entriesOf(parameters)?.some(([name]) => name === 'EnableDTMFBuffer') === true;
}

/** Returns what the service would refuse about the parameters of an action of a known type. */
export function lintParameters({ Identifier, Parameters, Type }: FlowAction): string[] {
  const shape = Type === 'GetParticipantInput' && isSwitch(Parameters) ? KEEPS_DIGITS : SHAPES[Type];
  const given = entriesOf(Parameters);
  if (shape === undefined) return [];
  if (given === undefined) return [`${Identifier}: has no Parameters`];
  return problemsOf(shape, Object.fromEntries(given)).map((problem) => `${Identifier}: ${problem}`);
}

function problemsOf(
  { oneOf = {}, optional = {}, required }: Shape,
  given: Readonly<Record<string, unknown>>,
): string[] {
  const known: Fields = { ...required, ...optional, ...oneOf };
  const problems: string[] = [];
  for (const name of Object.keys(required)) if (!(name in given)) problems.push(`the parameter ${name} is missing`);
  for (const [name, entry] of Object.entries(given)) {
    const problem = known[name] === undefined ? 'is not known' : known[name](entry);
    if (problem !== undefined) problems.push(`the parameter ${name} ${problem}`);
  }
  const choices = Object.keys(oneOf);
  if (choices.length > 0 && choices.filter((name) => name in given).length !== 1)
    problems.push(`needs exactly one of the parameters ${choices.join(', ')}`);
  return problems;
}

function entriesOf(given: unknown): [string, unknown][] | undefined {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : undefined;
}
