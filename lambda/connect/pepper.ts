import type { Clock } from '../../src/base/clock.js';
import { type Environment, settingOf } from '../../src/base/environment.js';
import { TandemError } from '../../src/base/errors.js';
import { parsePepper, readPepper } from '../../src/handover/shared-settings.js';
import { readSecret, unreadable } from './secrets-manager.js';

const VARIABLE = 'HANDOVER_TOKEN_PEPPER';
const ARN_VARIABLE = 'HANDOVER_TOKEN_PEPPER_SECRET_ARN';
/** How long a pepper from Secrets Manager is used before it is read again, so that a rotation arrives. */
const FRESH_MS = 5 * 60_000;
/** Maximum time for one question to Secrets Manager. The whole answer to Connect has 2.5 s (redeem.ts). */
const LIMIT_MS = 2000;

export interface PepperOptions {
  env: Environment;
  clock: Clock;
  /** Called when it could not be read again, and the older pepper is still used. */
  onFailure: (error: unknown) => void;
}

/** The key of the handover records, from its variable or from Secrets Manager. */
export class Pepper {
  private readonly options: PepperOptions;
  private known: { value: string; untilMs: number } | undefined;
  private reading: Promise<string> | undefined;

  constructor(options: PepperOptions) {
    this.options = options;
  }

  /**
   * Resolves with the pepper. One from Secrets Manager is remembered. When it is no longer fresh, it is read again while it
   * is still used. A failure is not remembered.
   * @throws TandemError PEPPER_UNREADABLE or CONFIG_INVALID
   */
  async get(): Promise<string> {
    const { clock, onFailure } = this.options;
    if (this.known === undefined) return this.read();
    if (clock.epochMs() >= this.known.untilMs) void this.read().catch(onFailure);
    return this.known.value;
  }

  private read(): Promise<string> {
    this.reading ??= this.readOnce().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async readOnce(): Promise<string> {
    const value = await this.fromSource();
    this.known = { value, untilMs: this.options.clock.epochMs() + FRESH_MS };
    return value;
  }

  private async fromSource(): Promise<string> {
    const { clock, env } = this.options;
    const arn = settingOf(env, ARN_VARIABLE);
    if (arn !== undefined) return pepperIn(await readSecret({ arn, clock, env, limitMs: LIMIT_MS }));
    const value = readPepper(env);
    if (value !== undefined) return value;
    throw new TandemError('CONFIG_INVALID', `Neither ${ARN_VARIABLE} nor ${VARIABLE} is set.`);
  }
}

/** Returns the pepper in a secret: its text, or the value of its key HANDOVER_TOKEN_PEPPER if the text is a JSON object. */
function pepperIn(secret: string): string {
  const text = /^\s*\{/.test(secret) ? keyIn(secret) : secret;
  if (text === undefined) throw unreadable(`the secret is JSON without a key ${VARIABLE}`);
  const parsed = parsePepper(text);
  if ('value' in parsed) return parsed.value;
  throw unreadable(`the secret has a value that cannot be used: ${parsed.expected}`);
}

function keyIn(secret: string): string | undefined {
  try {
    const value: unknown = (JSON.parse(secret) as Record<string, unknown>)[VARIABLE];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
