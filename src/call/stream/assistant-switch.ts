import type { Clock } from '../../base/clock.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { PassRefusal, VoiceSession } from '../../voice/session.js';
import type { ToolRunner } from '../../voice/tools.js';
import type { CallEvent } from '../call-events.js';
import type { AssistantFor, CallFacts, Chosen } from '../call-facts.js';
import type { CallStateMachine } from '../call-state.js';
import type { AssistantWish } from '../media/assistant-tools.js';
import type { CallCheckpointer } from '../snapshot/checkpointer.js';
import type { Ringing } from './ringing.js';

/** Maximum number of times that one call is passed on or changes its language. Assistants can send a caller in circles. */
const MAX_CHANGES = 5;
/** No name and no language is longer. */
const MAX_NAME_CHARACTERS = 40;

/** What becomes of a wish. A metric label, so a closed set. */
export type SwitchOutcome = 'switched' | 'invalid' | 'too_many' | PassRefusal;

const REFUSALS: Readonly<Record<PassRefusal, string>> = {
  unreachable:
    'It cannot be reached at the moment, and the caller still talks to you. Say so, and help them yourself or call transfer_to_human.',
  lost: 'It did not work, and the caller still talks to you. Go on with what they want.',
  left: 'It did not work, because something else has happened meanwhile.',
};

interface Target {
  assistant: CallFacts['assistant'];
  chosen: Chosen;
}

export interface AssistantSwitchOptions {
  call: CallFacts;
  machine: CallStateMachine;
  ringing: Ringing;
  escalationWatch: EscalationWatch;
  checkpointer: CallCheckpointer;
  services: {
    clock: Clock;
    metrics: Metrics;
    emit: (event: CallEvent) => void;
    assistantFor: AssistantFor;
  };
}

/**
 * Has another assistant talk to the caller, or the same one in another language. Until the moment it does, everything is as before.
 * From then on the call is its call: prompt, voice, tools, lines, phrases, queue and hours.
 */
export class AssistantSwitch {
  private readonly options: AssistantSwitchOptions;
  /** Settles what is under way. */
  private underWay: ((refusal?: string) => void) | undefined;

  constructor(options: AssistantSwitchOptions) {
    this.options = options;
  }

  /**
   * `settled` is called once, unless the stream ends before: without a refusal when the other one talks to the caller, or with what the
   * model is told of why not.
   */
  wish(wish: AssistantWish, tools: ToolRunner, settled: (refusal?: string) => void): void {
    const { call, machine } = this.options;
    const { kind } = wish;
    const refuse = (outcome: SwitchOutcome, words: string): void => {
      this.count(kind, outcome);
      settled(words);
    };
    const target = wish.kind === 'assistant' ? this.next(wish.name) : this.language(wish.language);
    if (typeof target === 'string') {
      refuse('invalid', target);
      return;
    }
    if (this.underWay !== undefined) {
      refuse('invalid', 'The caller is being passed on already.');
      return;
    }
    if (call.chosen.changes >= MAX_CHANGES) {
      call.log().warn({ kind }, 'a call changes its assistant too often');
      refuse('too_many', 'That was done too often in this call. Help the caller yourself, or call transfer_to_human.');
      return;
    }
    const { state } = machine;
    const session = state.name === 'talking' ? state.media.session : undefined;
    if (session?.passOn === undefined) {
      refuse('left', REFUSALS.left);
      return;
    }
    call.chosen = { ...call.chosen, changes: call.chosen.changes + 1 };
    this.begin(session, wish, target, tools, settled);
  }

  private begin(
    session: VoiceSession,
    wish: AssistantWish,
    { assistant, chosen }: Target,
    tools: ToolRunner,
    settled: (refusal?: string) => void,
  ): void {
    const { call, machine, ringing, services } = this.options;
    const { kind } = wish;
    const { state } = machine;
    const startedMs = services.clock.now();
    const isOther = wish.kind === 'assistant';
    const opened = isOther ? assistant.takingOver(call.assistant.name, textOf(wish.summary)) : assistant;
    const toolsThere = ringing.toolsOf(opened);
    this.underWay = settled;
    session.passOn?.({
      to: {
        ...ringing.voiceOf(opened, toolsThere),
        // In another language the answer itself is the first thing that the caller hears.
        greeting: isOther ? assistant.prompt.lines.passedOn : undefined,
        answersLast: true,
      },
      mayBegin: () => machine.state === state,
      onPassed: () => {
        this.underWay = undefined;
        this.switched(kind, assistant, chosen, services.clock.now() - startedMs);
        settled();
        tools.replace(toolsThere);
      },
      onRefused: (why) => {
        this.underWay = undefined;
        call.log().warn({ kind, why }, 'the call keeps its assistant');
        this.count(kind, why);
        // Later, so that a model says the last line of the gateway before it says something about this.
        queueMicrotask(() => settled(REFUSALS[why]));
      },
    });
  }

  /** The stream is over, and with it what was under way. */
  streamEnded(): void {
    const settle = this.underWay;
    this.underWay = undefined;
    settle?.(REFUSALS.left);
  }

  private switched(kind: AssistantWish['kind'], next: CallFacts['assistant'], chosen: Chosen, tookMs: number): void {
    const { call, checkpointer, escalationWatch, services } = this.options;
    const from = call.assistant.name;
    const { language } = next.prompt;
    call.assistant = next;
    call.chosen = { ...chosen, changes: call.chosen.changes };
    escalationWatch.listenFor(language);
    checkpointer.note();
    this.count(kind, 'switched');
    call.log().info({ kind, from, to: next.name, language, took_ms: Math.round(tookMs) }, 'another assistant talks');
    services.emit({ type: 'assistant', callSid: call.callSid, kind, from, to: next.name, language, tookMs });
  }

  /** Returns the assistant of that name, or what is wrong with the name. */
  private next(name: unknown): Target | string {
    const { call, services } = this.options;
    const { assistant, chosen, known, outbound, to } = call;
    const names = Object.keys(assistant.passesTo);
    const given = shortText(name);
    if (given === undefined || !names.includes(given)) {
      if (given !== undefined && given === (chosen.assistant ?? assistant.name))
        return 'The caller talks to it already.';
      return names.length === 0
        ? 'There is no other assistant.'
        : `There is no assistant of that name. There is ${names.join(', ')}.`;
    }
    const next = { ...languageOf(chosen), assistant: given };
    return { assistant: services.assistantFor(to, outbound, known, next), chosen: next };
  }

  /** Returns the same assistant in that language, or what is wrong with the language. */
  private language(language: unknown): Target | string {
    const { call, services } = this.options;
    const { assistant, chosen, known, outbound, to } = call;
    const { otherLanguages } = assistant;
    const given = shortText(language)?.toLowerCase();
    const primary = (tag: string): string => tag.toLowerCase().split('-')[0] ?? '';
    const found =
      otherLanguages.find((other) => other.toLowerCase() === given) ??
      otherLanguages.find((other) => given !== undefined && primary(other) === primary(given));
    if (found === undefined) {
      if (given !== undefined && primary(assistant.prompt.language) === primary(given))
        return 'The call is in that language already. Go on in it.';
      return otherLanguages.length === 0
        ? 'This call has one language only.'
        : `The call cannot change to that language. It can change to ${otherLanguages.join(', ')}.`;
    }
    const next = { ...(chosen.assistant === undefined ? {} : { assistant: chosen.assistant }), language: found };
    return { assistant: services.assistantFor(to, outbound, known, next), chosen: next };
  }

  private count(kind: AssistantWish['kind'], outcome: SwitchOutcome): void {
    this.options.services.metrics.assistantChanges.inc({ kind, outcome });
  }
}

/** A caller who has chosen a language keeps it. */
function languageOf({ language }: Chosen): Chosen {
  return language === undefined ? {} : { language };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARACTERS ? value : undefined;
}
