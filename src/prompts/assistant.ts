import type { AssistantPrompt } from './assistant-prompt.js';
import type { OpeningHours } from './opening-hours.js';

/** Where callers wait, by reason or topic, and for everything else. */
export interface Queues {
  byReason: Readonly<Record<string, string>>;
  otherwise: string | undefined;
}

/** Who answers the calls to a number, and what belongs to it. */
export class Assistant {
  readonly prompt: AssistantPrompt;
  /** Providers by name, in the order of preference; undefined: those of the configuration. */
  readonly providers: readonly string[] | undefined;
  private readonly hours: OpeningHours | undefined;
  private readonly queues: readonly Queues[];

  /** `queues`: the number's own first, then those of the gateway. */
  constructor(options: {
    prompt: AssistantPrompt;
    providers?: readonly string[] | undefined;
    hours?: OpeningHours | undefined;
    queues: readonly Queues[];
  }) {
    this.prompt = options.prompt;
    this.providers = options.providers;
    this.hours = options.hours;
    this.queues = options.queues;
  }

  /** Whether there are people who answer now; without opening hours there always are. */
  isOpen(epochMs: number): boolean {
    return this.hours?.isOpen(epochMs) ?? true;
  }

  /** The ARN of the queue for a caller; empty: the contact flow's own. */
  queueFor(reason: string, intent: string): string {
    for (const { byReason, otherwise } of this.queues) {
      const arn = byReason[reason] ?? byReason[intent] ?? otherwise;
      if (arn !== undefined) return arn;
    }
    return '';
  }
}
