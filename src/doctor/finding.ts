import type { Config } from '../config/config.js';

/** The result of a check. `advice` means that it works, but that the operator should know or change something. */
export interface Finding {
  result: 'fine' | 'advice' | 'fault';
  /** One line that says what was found or what to do. Never holds a secret. */
  text: string;
}

export interface Check {
  name: string;
  /** Whether the check applies to this configuration. Without it the check always runs. */
  applies?: (config: Config) => boolean;
  /** A rejection or an exception counts as a fault. */
  run: (config: Config, env: Readonly<Record<string, string | undefined>>) => Promise<Finding> | Finding;
}

export const fine = (text: string): Finding => ({ result: 'fine', text });
export const advice = (text: string): Finding => ({ result: 'advice', text });
