import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { Clock } from '../../base/clock.js';
import type { EscalationRules } from '../../escalation/rules.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { History, Turn } from '../../voice/history.js';
import type { AssistantVoice, ConversationView, SessionChange, VoiceProvider } from '../../voice/session.js';
import { type AssistantTool, toolDefinition } from '../../voice/tools.js';
import type { CallStateMachine, Ringing as RingingState } from '../call-state.js';
import type { Departure } from '../transfer/departure.js';
import type { CallFacts } from '../call-facts.js';
import { PrewarmedSession } from '../media/prewarmed-session.js';
import { drawStreamToken } from './stream-token.js';
import { assistantTools } from '../media/assistant-tools.js';
import { builtInTools } from '../media/built-in-tools.js';

/** The list of people who do not want to be called. */
export interface DoNotCallList {
  /** Returns the tool with which an assistant puts a number on the list. `onAdded`: called once it is there. */
  tool(number: string, onAdded: () => void): AssistantTool;
}

/** Builds the state of a call that waits for its stream. The voice session is opened meanwhile. */
export class Ringing {
  private readonly options: {
    call: CallFacts;
    history: History;
    machine: CallStateMachine;
    departure: Departure;
    services: {
      clock: Clock;
      provider: VoiceProvider;
      rules: EscalationRules;
      tools: (assistant: CallFacts['assistant'], ownNumber: string) => readonly AssistantTool[];
      doNotCall: DoNotCallList | undefined;
    };
    onSessionChange: (change: SessionChange) => void;
    /** Called when no stream has come in time. */
    onExpired: (quietSinceMs: number | undefined) => void;
  };

  constructor(options: Ringing['options']) {
    this.options = options;
  }

  /**
   * `opening`: what the caller hears first. `quietSinceMs`: since when they have heard nothing, by the monotonic clock.
   */
  state(opening: string | undefined, quietSinceMs: number | undefined, streamToken = this.drawToken()): RingingState {
    const { call, onExpired, onSessionChange, services } = this.options;
    const { clock, provider } = services;
    const { prompt } = call.assistant;
    const tools = this.toolsOf(call.assistant);
    const prewarmed = new PrewarmedSession(provider, {
      conversationId: call.conversationId,
      callerNumber: identifyingNumber(call.from),
      ...this.voiceOf(call.assistant, tools),
      greeting: opening,
      // After a failed dial the opening asks what the caller wants now, so their last words need no answer.
      answersLast: this.owesAnswer && opening !== prompt.lines.nobodyFree,
      callerWaitsMs: this.since(quietSinceMs),
      conversation: this.conversationView(),
      onChange: onSessionChange,
    });
    const expires = clock.setTimer(SILENCE_BUDGET.streamExpectedMs, () => onExpired(quietSinceMs));
    return { name: 'ringing', streamToken, opening, quietSinceMs, prewarmed, tools, expires };
  }

  private drawToken(): string {
    return drawStreamToken(this.options.call.traceId);
  }

  /** Returns what the session of an assistant is opened with, whatever it says first. `tools`: those of {@link toolsOf}. */
  voiceOf(
    assistant: CallFacts['assistant'],
    tools: readonly AssistantTool[],
  ): Pick<AssistantVoice, 'instructions' | 'language' | 'tools' | 'wish'> {
    const { prompt, providers } = assistant;
    return {
      instructions: prompt.instructions,
      language: prompt.language,
      tools: [...builtInTools(this.options.services.rules), ...assistantTools(assistant), ...tools.map(toolDefinition)],
      wish: { voices: prompt.voices, providers, lines: prompt.lines },
    };
  }

  /** Returns an assistant's tools besides the built-in ones. */
  toolsOf(assistant: CallFacts['assistant']): readonly AssistantTool[] {
    const { call, departure, services } = this.options;
    const { tools: allowed } = assistant.prompt;
    const tools = services.tools(assistant, call.to).filter(({ name }) => allowed?.includes(name) ?? true);
    const { log } = call;
    const own = services.doNotCall?.tool(call.from, () => log().info('the person is on the do-not-call list')) ?? [];
    return [...tools, own, departure.transfer.isNobodyThere ? departure.messages.tools() : []].flat();
  }

  /** Whether the caller has spoken and not heard the whole answer. */
  get owesAnswer(): boolean {
    const { turns } = this.options.history;
    const last = turns.at(-1);
    return (
      turns.some(({ speaker }) => speaker === 'caller') && (last?.speaker === 'caller' || last?.interrupted === true)
    );
  }

  /** Returns the milliseconds since a moment of the monotonic clock. 0 if it is `undefined`. */
  since(momentMs: number | undefined): number {
    return momentMs === undefined ? 0 : Math.max(0, this.options.services.clock.now() - momentMs);
  }

  private conversationView(): ConversationView {
    const { history, machine } = this.options;
    const turns = (): readonly Turn[] => history.turns;
    const isPlaying = (): boolean => 'media' in machine.state && machine.state.media.playback.isPlaying;
    return {
      get turns() {
        return turns();
      },
      get isPlaying() {
        return isPlaying();
      },
    };
  }
}
