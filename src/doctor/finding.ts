import type { Config } from '../config/config.js';

/** What a check found. `advice`: it works, but somebody should know. */
export interface Finding {
  result: 'fine' | 'advice' | 'fault';
  /** One line: what is there, or what to do. Never a secret. */
  text: string;
}

export interface Check {
  name: string;
  /** Whether this configuration uses it at all; always by default. */
  applies?: (config: Config) => boolean;
  /** What it throws is a fault. */
  run: (config: Config, env: Readonly<Record<string, string | undefined>>) => Promise<Finding> | Finding;
}

export const fine = (text: string): Finding => ({ result: 'fine', text });
export const advice = (text: string): Finding => ({ result: 'advice', text });
