import type { Clock } from '../../src/base/clock.js';
import type { DigitInput } from './digit-input.js';
import type { Flow, FlowAction } from './flow.js';
import type { FlowContact, Namespace } from './flow-contact.js';
import { type LambdaFunction, invokeLambda } from './flow-lambda.js';
import { fieldsOf, matches, millisecondsOf, promptMs, stringsOf, textOf } from './flow-values.js';
import { type GuideView, readView } from './guide-view.js';

/** Where a flow left the contact. */
export type FlowEnd = { queue: string } | 'disconnected' | 'ended';

export interface FlowStep {
  atMs: number;
  action: string;
  type: string;
  /** A description for people, which never contains digits. */
  detail: string;
  /** Whether the service writes the step to the flow's log, with all its values. */
  isLogged: boolean;
  /** What is known of the step besides its words, for some types. */
  fact?: StepFact;
}

/** Digits that were collected, a function that was asked and its `token_status`, or a queue that was tried. */
export type StepFact = { heard: number } | { asked: string; status: string } | { queue: string; hasRoom: boolean };

export interface FlowServices {
  clock: Clock;
  /** The clock for the limit on the function, because the function runs in real time. The call's clock by default. */
  lambdaClock?: Clock;
  input: DigitInput;
  /** Whether the instance keeps digits between blocks, by default yes. It is new, so a flow must work either way. */
  buffersTones?: boolean;
  lambda: LambdaFunction;
  /** The existing queues by ARN, with whether they have room. */
  queues: ReadonlyMap<string, { name: string; hasRoom: boolean }>;
  /**
   * Whether an attribute may be set to an empty value, by default not. The service does not document it, so a flow must
   * work either way.
   */
  takesEmptyAttributes?: boolean;
  onStep: (step: FlowStep) => void;
  /** A text begins to be spoken in a voice: to the caller, or in a whisper to the agent. */
  onMessage: (text: string, voice: string) => void;
  /** Shows a view to the agent. Resolves with what the agent chose, or with `undefined` if nothing within the time limit. */
  showView?: (view: GuideView) => Promise<string | undefined>;
}

const MAX_STEPS = 1000;
/** Limits of the flow language (Amazon Connect API reference: GetParticipantInput, InvokeLambdaFunction). */
const MAX_FIRST_DIGIT_S = 180;
const MAX_BETWEEN_DIGITS_S = 20;
const MAX_INVOCATION_S = 8;
/** Duration of speech at a usual pace, about sixteen characters a second. */
const SPEECH_MS_PER_CHARACTER = 60;
const NAMESPACES: readonly Namespace[] = ['External', 'Attributes', 'FlowAttributes'];

/** Runs a flow for one contact, action by action, with the service's timings and error branches. */
export class FlowRunner {
  private readonly services: FlowServices;
  private readonly contact: FlowContact;
  private readonly loops = new Map<string, number>();
  private stored = '';
  private external: Readonly<Record<string, string>> = {};
  /** Forgotten when this flow ends, and no part of the contact's record. */
  private readonly flowAttributes: Record<string, string> = {};
  private queue: string | undefined;

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
        this.contact.isLogged = textOf(parameters['FlowLoggingBehavior']) === 'Enabled';
        return this.done(action, this.contact.isLogged ? 'the log is on' : 'the log is off');
      case 'GetParticipantInput':
        return 'EnableDTMFBuffer' in parameters ? this.keepDigits(action) : this.collect(action);
      case 'InvokeLambdaFunction':
        return this.invoke(action);
      case 'Compare': {
        const value = this.resolve(textOf(parameters['ComparisonValue']));
        const hit = (transitions.Conditions ?? []).find(({ Condition }) =>
          matches(Condition.Operator, value, Condition.Operands),
        );
        // Only texts that cannot be a token are shown.
        this.note(action, hit === undefined ? 'none of its cases' : `is ${hit.Condition.Operands.join()}`);
        return hit?.NextAction ?? errorOf(action, 'NoMatchingCondition') ?? transitions.NextAction;
      }
      case 'Loop': {
        const done = this.loops.get(action.Identifier) ?? 0;
        const continues = done < Number(parameters['LoopCount']);
        this.loops.set(action.Identifier, continues ? done + 1 : 0);
        this.note(action, continues ? 'once more' : 'done');
        return conditionOf(action, continues ? 'ContinueLooping' : 'DoneLooping');
      }
      case 'UpdateContactAttributes':
        return this.setAttributes(action);
      case 'UpdateFlowAttributes': {
        for (const [name, given] of Object.entries(fieldsOf(parameters['FlowAttributes'])))
          this.flowAttributes[name] = this.resolve(textOf(fieldsOf(given)['Value']));
        return this.done(action, 'set for this flow');
      }
      case 'UpdateContactTextToSpeechVoice': {
        const voice = this.resolve(textOf(parameters['TextToSpeechVoice']));
        if (voice === '') return this.failed(action, 'no voice is named');
        this.contact.voice = voice;
        return this.done(action, `speaks as ${voice}`);
      }
      case 'UpdateContactRoutingBehavior':
        this.contact.priority = textOf(parameters['QueuePriority']);
        return this.done(action, `is answered with priority ${this.contact.priority}`);
      case 'UpdateContactTargetQueue': {
        const queue = this.resolve(textOf(parameters['QueueId']));
        const known = this.services.queues.get(queue);
        if (known === undefined) return this.failed(action, 'this instance has no such queue');
        this.queue = queue;
        return this.done(action, known.name);
      }
      case 'UpdateContactEventHooks':
        Object.assign(this.contact.hooks, stringsOf(parameters['EventHooks']));
        return this.done(action, `${Object.keys(fieldsOf(parameters['EventHooks'])).join()} is set`);
      case 'MessageParticipant':
        return this.speak(action);
      case 'ShowView':
        return this.show(action);
      case 'TransferContactToQueue': {
        const queue = this.queue === undefined ? undefined : this.services.queues.get(this.queue);
        if (queue === undefined) return errorOf(action, 'NoMatchingError');
        const { hasRoom, name } = queue;
        this.note(action, hasRoom ? name : 'queue is full', { queue: name, hasRoom });
        return hasRoom ? { queue: this.queue as string } : errorOf(action, 'QueueAtCapacity');
      }
      default:
        return errorOf(action, 'NoMatchingError');
    }
  }

  private setAttributes(action: FlowAction): string | undefined {
    const given = stringsOf(action.Parameters['Attributes']);
    const values = Object.entries(given).map(([name, value]) => [name, this.resolve(value)] as const);
    // Either all are set or none (Amazon Connect API reference: UpdateContactAttributes).
    if (this.services.takesEmptyAttributes !== true && values.some(([, value]) => value === ''))
      return this.failed(
        action,
        values.length === 1 ? 'left out, it is not known yet' : 'left out, one is not known yet',
      );
    for (const [name, value] of values) this.contact.attributes[name] = value;
    return this.done(action, values.length === 1 ? '1 attribute' : `${values.length} attributes`);
  }

  private keepDigits(action: FlowAction): string | undefined {
    const { buffersTones = true, input } = this.services;
    if (!buffersTones) return this.failed(action, 'this instance keeps no digits between blocks');
    const isKept = textOf(action.Parameters['EnableDTMFBuffer']).toLowerCase() === 'true';
    input.keep(isKept);
    return this.done(action, isKept ? 'digits are kept between blocks' : 'digits are forgotten');
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
    const heard = this.stored === 'Timeout' ? 0 : this.stored.length;
    return this.done(action, heard === 0 ? 'no digits' : `${heard} digits heard`, { heard });
  }

  private async invoke(action: FlowAction): Promise<string | undefined> {
    const { clock, lambda, lambdaClock = clock } = this.services;
    const { Parameters: parameters } = action;
    const given = Object.entries(stringsOf(parameters['LambdaInvocationAttributes']));
    const response = await invokeLambda(lambda, {
      contact: this.contact,
      clock: lambdaClock,
      limitMs: millisecondsOf(parameters['InvocationTimeLimitSeconds'], MAX_INVOCATION_S),
      parameters: Object.fromEntries(given.map(([name, value]) => [name, this.resolve(value)])),
    });
    const asked = Object.fromEntries(given)['action'] ?? '';
    if (response === undefined) return this.failed(action, 'the function failed', { asked, status: 'failed' });
    this.external = response;
    const status = response['token_status'] ?? 'unknown';
    return this.done(action, `token ${status}`, { asked, status });
  }

  private async speak(action: FlowAction): Promise<string | undefined> {
    const given = action.Parameters['Text'];
    const text = this.fill(textOf(given));
    if (given !== undefined && text === '') return this.failed(action, 'there is nothing to say');
    this.services.onMessage(text, this.contact.voice);
    await this.contact.pause(text.length * SPEECH_MS_PER_CHARACTER);
    return this.done(action, 'message played');
  }

  private async show(action: FlowAction): Promise<string | undefined> {
    const { showView } = this.services;
    if (showView === undefined) return this.failed(action, 'there is nobody to show it to');
    const view = readView(action.Parameters['ViewData'], (text) => this.fill(text));
    this.note(action, 'shown to the agent');
    const chosen = await showView(view);
    if (this.contact.isGone()) return undefined;
    if (chosen === undefined) return errorOf(action, 'TimeLimitExceeded');
    return conditionOf(action, chosen) ?? errorOf(action, 'NoMatchingCondition');
  }

  private resolve(value: string): string {
    if (value === '$.StoredCustomerInput') return this.stored;
    const [, namespace, name] = /^\$\.(\w+)\.(\w+)$/.exec(value) ?? [];
    const known = NAMESPACES.find((one) => one === namespace);
    return known === undefined || name === undefined ? value : (this.valuesOf(known)[name] ?? '');
  }

  private valuesOf(namespace: Namespace): Readonly<Record<string, string>> {
    if (namespace === 'External') return this.external;
    return namespace === 'Attributes' ? this.contact.attributes : this.flowAttributes;
  }

  /** Replaces every path in `text`. */
  private fill(text: string): string {
    return text.replace(/\$\.(?:External|Attributes|FlowAttributes)\.\w+/g, (path) => this.resolve(path));
  }

  private done(action: FlowAction, detail: string, fact?: StepFact): string | undefined {
    this.note(action, detail, fact);
    return action.Transitions.NextAction;
  }

  private failed(action: FlowAction, detail: string, fact?: StepFact): string | undefined {
    this.note(action, detail, fact);
    return errorOf(action, 'NoMatchingError');
  }

  private note(action: FlowAction, detail: string, fact?: StepFact): void {
    const { clock, onStep } = this.services;
    const { isLogged } = this.contact;
    const step = { atMs: clock.now(), action: action.Identifier, type: action.Type, detail, isLogged };
    onStep(fact === undefined ? step : { ...step, fact });
  }
}

function errorOf(action: FlowAction, type: string): string | undefined {
  return (action.Transitions.Errors ?? []).find((error) => error.ErrorType === type)?.NextAction;
}

function conditionOf(action: FlowAction, operand: string): string | undefined {
  return (action.Transitions.Conditions ?? []).find(({ Condition }) => Condition.Operands.includes(operand))
    ?.NextAction;
}
