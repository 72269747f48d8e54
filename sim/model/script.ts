import type { LaterFault } from './faults.js';

/** What the model is to react to. */
export type Turn =
  | { type: 'spoken'; text: string }
  | { type: 'typed'; text: string }
  | { type: 'tool-result'; name: string; output: string }
  /** The client only asks it to speak; `instructions` are those of the request, `''` when it gave none. */
  | { type: 'asked'; instructions: string }
  /** Something to write beside the conversation, of which it is no part. */
  | { type: 'aside'; instructions: string; text: string };

/** One thing the model does. The acts of a turn happen one after the other. */
export type Act =
  /** `durationMs` sets the length of the sound, whatever the text; see {@link Voice}. */
  | { type: 'speak'; text: string; voice?: 'speech' | 'tone'; durationMs?: number }
  /** A string is sent as it is, valid JSON or not. */
  | { type: 'call-tool'; name: string; arguments: Record<string, unknown> | string }
  | { type: 'wait'; ms: number }
  | { type: 'fault'; fault: LaterFault };

export interface OfferedTool {
  name: string;
  description: string;
  /** JSON Schema, as the client gave it. */
  parameters: unknown;
}

/** What the model knows when it decides. */
export interface Situation {
  /** The session's instructions (the system prompt). */
  instructions: string;
  tools: readonly OfferedTool[];
  /** The conversation so far as the model remembers it, this turn included. */
  history: readonly { role: 'system' | 'user' | 'assistant'; text: string }[];
}

/** Decides what the simulated model does. One per session; an empty list means that it says nothing. */
export interface Brain {
  decide(turn: Turn, situation: Situation): readonly Act[];
}

/** Called once for each session. */
export type BrainFactory = () => Brain;

/**
 * Answers with `turns` in order, whatever it hears; says nothing when they run out. Every session starts at the first.
 * What it is to write beside the conversation is `aside`, and takes none of the turns.
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
