import type { LaterFault } from './faults.js';

/** The input that the model reacts to. */
export type Turn =
  | { type: 'spoken'; text: string }
  | { type: 'typed'; text: string }
  | { type: 'tool-result'; name: string; output: string }
  /** The client only asks the model to speak. `instructions` are those of the request, or `''`. */
  | { type: 'asked'; instructions: string }
  /** A request for a text outside of the conversation. */
  | { type: 'aside'; instructions: string; text: string };

/** One act of the model. The acts of a turn happen one after the other. */
export type Act =
  /** `durationMs` sets the length of the sound regardless of the text. See {@link Voice}. */
  | { type: 'speak'; text: string; voice?: 'speech' | 'tone'; durationMs?: number }
  /** `arguments` that are a string are sent unchanged, valid JSON or not. */
  | { type: 'call-tool'; name: string; arguments: Record<string, unknown> | string }
  | { type: 'wait'; ms: number }
  | { type: 'fault'; fault: LaterFault };

export interface OfferedTool {
  name: string;
  description: string;
  /** JSON Schema from the client. */
  parameters: unknown;
}

/** What the model knows when it decides. */
export interface Situation {
  /** The session's instructions (the system prompt). */
  instructions: string;
  tools: readonly OfferedTool[];
  /** The conversation as the model remembers it, including this turn. */
  history: readonly { role: 'system' | 'user' | 'assistant'; text: string }[];
}

/** Decides what the simulated model does. Each session has its own brain. With an empty list the model says nothing. */
export interface Brain {
  decide(turn: Turn, situation: Situation): readonly Act[];
}

/** Called once for each session. */
export type BrainFactory = () => Brain;

/**
 * Returns a brain that answers with `turns` in order, whatever it hears, and then with nothing. Every session starts at
 * the first turn. A text outside of the conversation is answered with `aside`, and uses no turn.
 */
export function scriptedBrain(turns: readonly (readonly Act[] | string)[], aside: readonly Act[] = []): BrainFactory {
  return () => {
    let next = 0;
    return {
      decide: (turn) => {
        if (turn.type === 'aside') return aside;
        const acts = turns[next++] ?? [];
        return typeof acts === 'string' ? [speak(acts)] : acts;
      },
    };
  };
}

export function speak(text: string, options: { voice?: 'speech' | 'tone'; durationMs?: number } = {}): Act {
  return { type: 'speak', text, ...options };
}

export function callTool(name: string, args: Record<string, unknown> | string = {}): Act {
  return { type: 'call-tool', name, arguments: args };
}

export function wait(ms: number): Act {
  return { type: 'wait', ms };
}

export function fault(what: LaterFault): Act {
  return { type: 'fault', fault: what };
}
