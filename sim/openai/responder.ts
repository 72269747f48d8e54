import type { Clock } from '../../src/base/clock.js';
import type { FaultPlan, LaterFault } from '../model/faults.js';
import type { Act, Brain, OfferedTool, Turn } from '../model/script.js';
import type { Voice } from '../model/voice.js';
import type { ResponseParams } from './client-events.js';
import { Conversation } from './conversation.js';
import { type Item, textOf } from './items.js';
import type { Outbox } from './outbox.js';
import type { Pacing } from './pacing.js';
import { type Performance, Response } from './response.js';
import type { ResponseRequest } from './response-shape.js';
import { isSecondGeneration } from './session-config.js';
import type { SessionConfig } from './session-schema.js';
import type { Tokens } from './usage.js';
import { type Checked, accepted, errorOfClass, refused } from './wire.js';

export interface ResponderOptions {
  clock: Clock;
  brain: Brain;
  voice: Voice;
  pacing: Pacing;
  faults: FaultPlan;
  outbox: Outbox;
  conversation: Conversation;
  /** Returns the current settings. */
  config: () => SessionConfig;
  /** Resolves with what the user said in this item when it is understood. */
  understood(item: Item): Promise<string>;
  onDone(response: Response): void;
}

const RATE_LIMITS = [
  { name: 'requests', limit: 10_000, remaining: 9999, reset_seconds: 8.64 },
  { name: 'tokens', limit: 1_000_000, remaining: 999_000, reset_seconds: 0.06 },
];

/** Creates the model's responses, one at a time in the conversation and any number outside of it. */
export class Responder {
  private readonly options: ResponderOptions;
  private active: Response | undefined;
  private readonly outside = new Set<Response>();
  /** Items since the last response that call for an answer. */
  private unanswered: Item[] = [];
  private turns = 0;
  private cached: Tokens = { text: 0, audio: 0 };
  /** A fault that applies to a response but was triggered when there was none. */
  private waitingFault: LaterFault | undefined;
  /** Whether the model has spoken. After that its voice is fixed. */
  hasSpoken = false;

  constructor(options: ResponderOptions) {
    this.options = options;
  }

  get isResponding(): boolean {
    return this.active !== undefined;
  }

  /** Notes a new item that the model did not write. */
  note(item: Item): void {
    if (item.type === 'function_call_output' || (item.type === 'message' && item.role === 'user'))
      this.unanswered.push(item);
  }

  create(params: ResponseParams = {}): Checked<undefined> {
    const isInConversation = params.conversation !== 'none';
    if (isInConversation && this.active !== undefined)
      return refused(
        'conversation_already_has_active_response',
        `Conversation already has an active response in progress: ${this.active.id}. Wait until the response is finished before creating a new one.`,
      );
    const input = this.inputOf(params);
    if (!input.ok) return input;
    const request = this.requestOf(params, isInConversation, input.value);
    // A response outside of the conversation does not count as a turn.
    const turn = params.conversation === 'none' ? 0 : ++this.turns;
    const { clock, pacing, faults, outbox } = this.options;
    const response = new Response(request, {
      clock,
      pacing,
      faults: faults.inAnswer(turn),
      cached: this.cached,
      send: (event) => outbox.send(event),
      strike: (fault) => this.strike(fault),
      onDone: (done) => this.finish(done),
    });
    outbox.send({ type: 'rate_limits.updated', rate_limits: RATE_LIMITS });
    const asking = input.value ?? this.unanswered;
    if (isInConversation) {
      this.active = response;
      this.unanswered = [];
    } else this.outside.add(response);
    if (this.waitingFault !== undefined) {
      this.strike(this.waitingFault, response);
      this.waitingFault = undefined;
    }
    for (const fault of faults.atTurn(turn)) this.strike(fault, response);
    void this.answer(response, params, asking);
    return accepted(undefined);
  }

  /** Cancels a response for the client. Without an id this is the response in the conversation. */
  cancel(responseId: string | undefined): Checked<undefined> {
    const running = [...(this.active === undefined ? [] : [this.active]), ...this.outside];
    const response = responseId === undefined ? this.active : running.find(({ id }) => id === responseId);
    if (response === undefined)
      return refused('response_cancel_not_active', 'Cancellation failed: no active response found');
    response.end({ status: 'cancelled', reason: 'client_cancelled' });
    return accepted(undefined);
  }

  /** Cancels the response in the conversation because the caller started to speak. */
  interrupt(): void {
    this.active?.end({ status: 'cancelled', reason: 'turn_detected' });
  }

  strike(fault: LaterFault, response = this.active): void {
    if (fault.type !== 'blocked' && fault.type !== 'failed-response') this.options.outbox.strike(fault);
    else if (response === undefined) this.waitingFault = fault;
    else if (fault.type === 'blocked') response.end({ status: 'incomplete', reason: 'content_filter' });
    else response.end({ status: 'failed', error: errorOfClass(fault.class) });
  }

  dispose(): void {
    this.active?.dispose();
    for (const response of this.outside) response.dispose();
    this.outside.clear();
    this.active = undefined;
  }

  private finish(response: Response): void {
    if (response === this.active) this.active = undefined;
    this.outside.delete(response);
    this.cached = response.input;
    this.hasSpoken ||= response.spokenMs > 0;
    this.options.onDone(response);
  }

  /** Returns the items of the response's `input`, which replaces the conversation. */
  private inputOf({ input }: ResponseParams): Checked<Item[] | undefined> {
    if (input === undefined) return accepted(undefined);
    const { conversation, config } = this.options;
    const own = new Conversation();
    for (const given of input) {
      if (given.type === 'item_reference') {
        const found = conversation.retrieve(given.id);
        if (!found.ok) return found;
        own.append(found.value);
        continue;
      }
      const stored = own.insert(given, undefined, config().audio.input.format);
      if (!stored.ok) return stored;
    }
    return accepted([...own.items]);
  }

  private requestOf(params: ResponseParams, isInConversation: boolean, input: Item[] | undefined): ResponseRequest {
    const config = this.options.config();
    let { conversation } = this.options;
    if (!isInConversation) {
      const shown = input ?? conversation.items;
      conversation = new Conversation();
      for (const item of shown) conversation.append(item);
    }
    return {
      conversation,
      isInConversation,
      instructions: params.instructions ?? config.instructions,
      modality: (params.output_modalities ?? config.output_modalities)[0] ?? 'audio',
      format: params.audio?.output?.format ?? config.audio.output.format,
      voice: params.audio?.output?.voice ?? config.audio.output.voice,
      maxOutputTokens: params.max_output_tokens ?? config.max_output_tokens,
      metadata: params.metadata ?? null,
      multipleItemsHavePhases: isSecondGeneration(config.model),
    };
  }

  private async answer(response: Response, params: ResponseParams, asking: readonly Item[]): Promise<void> {
    try {
      const turn = await this.turnOf(params, asking);
      if (response.isOver) return;
      const config = this.options.config();
      const acts = this.options.brain.decide(turn, {
        instructions: config.instructions,
        tools: offeredTools(params, config),
        history: historyOf(response.request.conversation.items),
      });
      const performances = await Promise.all(acts.map((act) => this.rehearse(act, response)));
      response.play(performances);
    } catch {
      // A brain or a voice that throws counts as a model failure.
      response.end({ status: 'failed', error: errorOfClass('server') });
    }
  }

  private async rehearse(act: Act, response: Response): Promise<Performance> {
    if (act.type !== 'speak' || response.request.modality === 'text') return { act, sound: new Uint8Array(0) };
    return { act, sound: await this.options.voice.speak(act.text, act) };
  }

  private async turnOf(params: ResponseParams, asking: readonly Item[]): Promise<Turn> {
    const { instructions } = params;
    const last = asking.at(-1);
    if (isAside(params))
      return { type: 'aside', instructions: params.instructions ?? '', text: last === undefined ? '' : textOf(last) };
    if (instructions !== undefined || last === undefined) return { type: 'asked', instructions: instructions ?? '' };
    if (last.type === 'function_call_output') {
      const called = this.options.conversation.items.find(
        (item) => item.type === 'function_call' && item.callId === last.callId,
      );
      return { type: 'tool-result', name: called?.type === 'function_call' ? called.name : '', output: last.output };
    }
    const isSpoken = last.type === 'message' && last.content.some((part) => part.type === 'input_audio');
    if (!isSpoken) return { type: 'typed', text: textOf(last) };
    return { type: 'spoken', text: await this.options.understood(last) };
  }
}

function isAside({ conversation, output_modalities: modalities }: ResponseParams): boolean {
  return conversation === 'none' && modalities?.[0] === 'text';
}

function offeredTools(params: ResponseParams, config: SessionConfig): OfferedTool[] {
  const choice = params.tool_choice ?? config.tool_choice;
  if (choice === 'none') return [];
  const offered: OfferedTool[] = [];
  for (const tool of params.tools ?? config.tools) {
    if (tool.type !== 'function') continue;
    const { name, description = '', parameters } = tool;
    if (typeof choice === 'string' || choice.name === name)
      offered.push({ name, description: description, parameters });
  }
  return offered;
}

function historyOf(items: readonly Item[]) {
  return items.flatMap((item) => (item.type === 'message' ? [{ role: item.role, text: textOf(item) }] : []));
}
