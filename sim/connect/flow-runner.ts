import type { Clock, Timer } from '../../src/base/clock.js';
import type { DigitInput } from './digit-input.js';
import type { Flow, FlowAction } from './flow.js';

export type LambdaFunction = (event: unknown) => Promise<unknown>;

/** Where a flow left the contact. */
export type FlowEnd = { queue: string; whisper: string | undefined } | 'disconnected' | 'ended';

export interface FlowStep {
  atMs: number;
  action: string;
  type: string;
  /** A description for people, which never contains digits. */
  detail: string;
}

export interface FlowContact {
  contactId: string;
  customerNumber: string;
  systemNumber: string;
  attributes: Record<string, string>;
  isGone(): boolean;
  /** Resolves after `delayMs`, or at once when the contact is gone. */
  pause(delayMs: number): Promise<void>;
}

export interface FlowServices {
  clock: Clock;
  /** The clock for the limit on the function, because the function runs in real time. The call's clock by default. */
  lambdaClock?: Clock;
  input: DigitInput;
  lambda: LambdaFunction;
  /** The existing queues by ARN, with whether they have room. */
  queues: ReadonlyMap<string, { name: string; hasRoom: boolean }>;
  /**
   * Whether an attribute may be set to an empty value, by default not. The service does not document it, so a flow must
   * work either way.
   */
  takesEmptyAttributes?: boolean;
  onStep(step: FlowStep): void;
  /** Called when a message begins to play. */
  onMessage(text: string): void;
}

/** Maximum number of calls of a failing function. Connect makes them all within the block's limit. */
const LAMBDA_TRIES = 3;
const MAX_RESPONSE_BYTES = 32 * 1024;
const MAX_STEPS = 1000;
/** Limits of the flow language (Amazon Connect API reference: GetParticipantInput, InvokeLambdaFunction). */
const MAX_FIRST_DIGIT_S = 180;
const MAX_BETWEEN_DIGITS_S = 20;
const MAX_INVOCATION_S = 8;
/** Duration of speech at a usual pace, about sixteen characters a second. */
const SPEECH_MS_PER_CHARACTER = 60;

/** Runs a flow for one contact, action by action, with the service's timings and error branches. */
export class FlowRunner {
  private readonly services: FlowServices;
  private readonly contact: FlowContact;
  private readonly loops = new Map<string, number>();
  private stored = '';
  private external: Record<string, string> = {};
  private queue: string | undefined;
  private whisper: string | undefined;

  constructor(services: FlowServices, contact: FlowContact) {
    this.services = services;
    this.contact = contact;
  }

  async run(flow: Flow): Promise<FlowEnd> {
    const actions = new Map(flow.Actions.map((action) => [action.Identifier, action]));
    let next: string | undefined = flow.StartAction;
    for (let step = 0; step < MAX_STEPS && next !== undefined; step++) {
      const action = actions.get(next);
      if (action === undefined || this.contact.isGone()) return 'disconnected';
      if (action.Type === 'EndFlowExecution') return 'ended';
      if (action.Type === 'DisconnectParticipant') {
        this.note(action, 'hung up');
        return 'disconnected';
      }
      const result = await this.perform(action);
      if (typeof result === 'object') return result;
      next = result;
    }
    return 'disconnected';
  }

  /**
   * Performs one action. Resolves with the identifier of the next one, or with the queue that the contact was
   * transferred to.
   */
  private async perform(action: FlowAction): Promise<string | Extract<FlowEnd, object> | undefined> {
    const { Parameters: parameters, Transitions: transitions } = action;
    switch (action.Type) {
      case 'UpdateFlowLoggingBehavior':
        this.note(action, textOf(parameters['FlowLoggingBehavior']));
        return transitions.NextAction;
      case 'GetParticipantInput':
        return this.collect(action);
      case 'InvokeLambdaFunction':
        return this.invoke(action);
      case 'Compare': {
        const value = this.resolve(textOf(parameters['ComparisonValue']));
        const hit = (transitions.Conditions ?? []).find(({ Condition }) =>
          matches(Condition.Operator, value, Condition.Operands),
        );
        // Only texts that cannot be a token are shown.
        this.note(action, hit === undefined ? 'no condition met' : `is ${hit.Condition.Operands.join()}`);
        return hit?.NextAction ?? errorOf(action, 'NoMatchingCondition') ?? transitions.NextAction;
      }
      case 'Loop': {
        const done = this.loops.get(action.Identifier) ?? 0;
        const continues = done < Number(parameters['LoopCount']);
        this.loops.set(action.Identifier, continues ? done + 1 : 0);
        this.note(action, continues ? 'once more' : 'done');
        const operand = continues ? 'ContinueLooping' : 'DoneLooping';
        return (transitions.Conditions ?? []).find(({ Condition }) => Condition.Operands.includes(operand))?.NextAction;
      }
      case 'UpdateContactAttributes':
        return this.setAttributes(action);
      case 'UpdateContactTargetQueue': {
        const queue = this.resolve(textOf(parameters['QueueId']));
        const known = this.services.queues.get(queue);
        this.note(action, known?.name ?? 'no such queue');
        if (known === undefined) return errorOf(action, 'NoMatchingError');
        this.queue = queue;
        return transitions.NextAction;
      }
      case 'UpdateContactEventHooks':
        this.whisper = stringsOf(parameters['EventHooks'])['AgentWhisper'];
        this.note(action, 'agent whisper set');
        return transitions.NextAction;
      case 'MessageParticipant': {
        const text = this.resolveAll(textOf(parameters['Text']));
        this.services.onMessage(text);
        await this.contact.pause(text.length * SPEECH_MS_PER_CHARACTER);
        this.note(action, 'message played');
        return transitions.NextAction;
      }
      case 'TransferContactToQueue': {
        const queue = this.queue === undefined ? undefined : this.services.queues.get(this.queue);
        if (queue === undefined) return errorOf(action, 'NoMatchingError');
        this.note(action, queue.hasRoom ? queue.name : 'queue is full');
        return queue.hasRoom
          ? { queue: this.queue as string, whisper: this.whisper }
          : errorOf(action, 'QueueAtCapacity');
      }
      default:
        return errorOf(action, 'NoMatchingError');
    }
  }

  private setAttributes(action: FlowAction): string | undefined {
    const given = stringsOf(action.Parameters['Attributes']);
    const values = Object.entries(given).map(([name, value]) => [name, this.resolve(value)] as const);
    if (this.services.takesEmptyAttributes !== true && values.some(([, value]) => value === '')) {
      this.note(action, 'an attribute would be empty');
      return errorOf(action, 'NoMatchingError');
    }
    for (const [name, value] of values) this.contact.attributes[name] = value;
    this.note(action, values.length === 1 ? '1 attribute' : `${values.length} attributes`);
    return action.Transitions.NextAction;
  }

  private async collect(action: FlowAction): Promise<string | undefined> {
    const { Parameters: parameters } = action;
    const validation = stringsOf(fieldsOf(parameters['InputValidation'])['CustomValidation']);
    const dtmf = stringsOf(parameters['DTMFConfiguration']);
    const { InputTerminationSequence: terminator = '#', InterdigitTimeLimitSeconds: betweenSeconds = '5' } = dtmf;
    this.stored = await this.services.input.collect({
      firstDigitMs:
        promptMs(textOf(parameters['SSML'])) + millisecondsOf(parameters['InputTimeLimitSeconds'], MAX_FIRST_DIGIT_S),
      betweenDigitsMs: millisecondsOf(betweenSeconds, MAX_BETWEEN_DIGITS_S),
      maxLength: Number(validation['MaximumLength']),
      terminator,
    });
    this.note(action, this.stored === 'Timeout' ? 'no digits' : `${this.stored.length} digits heard`);
    return action.Transitions.NextAction;
  }

  private async invoke(action: FlowAction): Promise<string | undefined> {
    const { Parameters: parameters } = action;
    const given = stringsOf(parameters['LambdaInvocationAttributes']);
    const resolved = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, this.resolve(value)]));
    const limitMs = millisecondsOf(parameters['InvocationTimeLimitSeconds'], MAX_INVOCATION_S);
    const response = await this.call(this.event(resolved), limitMs);
    if (response === undefined || !isStringMap(response)) {
      this.note(action, 'the function failed');
      return errorOf(action, 'NoMatchingError');
    }
    this.external = response;
    this.note(action, `token ${response['token_status'] ?? 'unknown'}`);
    return action.Transitions.NextAction;
  }

  /** Resolves with the function's answer. `undefined` if all tries failed or the limit passed. */
  private async call(event: unknown, limitMs: number): Promise<unknown> {
    const limit = { isOver: false };
    let timer: Timer = { cancel: () => undefined };
    const late = new Promise<undefined>((resolve) => {
      timer = (this.services.lambdaClock ?? this.services.clock).setTimer(limitMs, () => {
        limit.isOver = true;
        resolve(undefined);
      });
    });
    try {
      for (let attempt = 0; attempt < LAMBDA_TRIES && !limit.isOver && !this.contact.isGone(); attempt++) {
        try {
          return await Promise.race([this.services.lambda(event), late]);
        } catch {
          // The service retries a failing function.
        }
      }
      return undefined;
    } finally {
      timer.cancel();
    }
  }

  private event(parameters: Record<string, string>): unknown {
    const { contactId, customerNumber, systemNumber, attributes } = this.contact;
    return {
      Name: 'ContactFlowEvent',
      Details: {
        ContactData: {
          Attributes: attributes,
          Channel: 'VOICE',
          ContactId: contactId,
          InitialContactId: contactId,
          PreviousContactId: contactId,
          CustomerEndpoint: { Address: customerNumber, Type: 'TELEPHONE_NUMBER' },
          SystemEndpoint: { Address: systemNumber, Type: 'TELEPHONE_NUMBER' },
          InitiationMethod: 'INBOUND',
          InstanceARN: 'arn:aws:connect:us-east-1:000000000000:instance/00000000-0000-0000-0000-000000000000',
          Queue: null,
          LanguageCode: 'en-US',
          MediaStreams: { Customer: { Audio: null } },
        },
        Parameters: parameters,
      },
    };
  }

  private resolve(value: string): string {
    if (value === '$.StoredCustomerInput') return this.stored;
    const path = /^\$\.(External|Attributes)\.(\w+)$/.exec(value);
    if (path === null) return value;
    const from = path[1] === 'External' ? this.external : this.contact.attributes;
    return from[path[2] as string] ?? '';
  }

  private resolveAll(text: string): string {
    return text.replace(/\$\.(?:External|Attributes)\.\w+/g, (path) => this.resolve(path));
  }

  private note(action: FlowAction, detail: string): void {
    this.services.onStep({ atMs: this.services.clock.now(), action: action.Identifier, type: action.Type, detail });
  }
}

function errorOf(action: FlowAction, type: string): string | undefined {
  return (action.Transitions.Errors ?? []).find((error) => error.ErrorType === type)?.NextAction;
}

function matches(operator: string, value: string, operands: readonly string[]): boolean {
  return operands.some((operand) => {
    switch (operator) {
      case 'Equals':
        return value === operand;
      case 'TextStartsWith':
        return value.startsWith(operand);
      case 'TextEndsWith':
        return value.endsWith(operand);
      case 'TextContains':
        return value.includes(operand);
      case 'NumberGreaterThan':
        return Number(value) > Number(operand);
      case 'NumberGreaterOrEqualTo':
        return Number(value) >= Number(operand);
      case 'NumberLessThan':
        return Number(value) < Number(operand);
      case 'NumberLessOrEqualTo':
        return Number(value) <= Number(operand);
      default:
        return false;
    }
  });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Returns the fields of `value` that are strings. */
function stringsOf(value: unknown): Readonly<Record<string, string>> {
  const fields = Object.entries(fieldsOf(value));
  return Object.fromEntries(fields.filter((field): field is [string, string] => typeof field[1] === 'string'));
}

/** Returns a time given in seconds, and the least or the most that the service allows in place of any other. */
function millisecondsOf(value: unknown, maxSeconds: number): number {
  const seconds = Number(value);
  return 1000 * (seconds >= 1 ? Math.min(seconds, maxSeconds) : 1);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Returns the silence of a prompt that consists of breaks alone. */
function promptMs(ssml: string): number {
  return [...ssml.matchAll(/<break time="(\d+)ms"/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

function isStringMap(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (!Object.values(value).every((entry) => typeof entry === 'string')) return false;
  return Buffer.byteLength(JSON.stringify(value)) < MAX_RESPONSE_BYTES;
}
