import type { Report } from './tally.js';

// What the benchmark asks its processes, over the channel between parent and child.

/** What the load is asked to do. */
export type LoadQuestion =
  | { ask: 'open'; port: number; rings: boolean; authToken: string; calls: number }
  | { ask: 'reset' }
  | { ask: 'report' }
  | { ask: 'close' };

export interface LoadAnswer {
  url?: string;
  report?: Report;
}

/** What is compared: a bare relay, the gateway in both its modes, and the Twilio transport of OpenAI's Agents SDK. */
export const KINDS = ['relay', 'pipeline', 'direct', 'agents'] as const;
export type Kind = (typeof KINDS)[number];
export type SubjectQuestion = 'start-counting' | 'counted' | 'held' | 'start-profile' | 'profile';

export interface Counted {
  /** User and system time of all threads, and the system's part. */
  cpuMs: number;
  systemMs: number;
  /** The pauses of the garbage collector. */
  pausesMs: readonly number[];
}

export const AUTH_TOKEN = 'bench0123456789bench0123456789be';
