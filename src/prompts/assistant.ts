import type { AssistantPrompt } from './assistant-prompt.js';
import { type PromptDraft, completed, inLanguage, languageTag } from './draft.js';
import type { OpeningHours } from './opening-hours.js';

/** The ARNs of the queues for callers, by reason or topic, and for all other cases. */
export interface Queues {
  byReason: Readonly<Record<string, string>>;
  otherwise: string | undefined;
}

/**
 * Whether calls are recorded. `announced`: from the moment the caller has heard so. `consent`: the caller must also have agreed.
 */
export type RecordingMode = 'off' | 'announced' | 'consent';

/** The assistant that answers the calls to a number, with its providers, opening hours and queues. */
export class Assistant {
  readonly prompt: AssistantPrompt;
  /** The name of the built-in prompt, or the path of the file, that `prompt` was made from. */
  readonly source: string;
  /** Names of providers in the order of preference. `undefined` means the configured ones. */
  readonly providers: readonly string[] | undefined;
  private readonly hours: OpeningHours | undefined;
  private readonly draft: PromptDraft | undefined;
  readonly queues: readonly Queues[];
  readonly recording: RecordingMode;

  /** `queues` are the number's own first, then those of the gateway. */
  constructor(options: {
    prompt: AssistantPrompt;
    source?: string;
    providers?: readonly string[] | undefined;
    hours?: OpeningHours | undefined;
    queues: readonly Queues[];
    /** What the prompt was made from. Without it the assistant speaks no other language. */
    draft?: PromptDraft | undefined;
    /** Default: `off`. */
    recording?: RecordingMode | undefined;
  }) {
    this.prompt = options.prompt;
    this.source = options.source ?? options.prompt.name;
    this.providers = options.providers;
    this.hours = options.hours;
    this.queues = options.queues;
    this.draft = options.draft;
    this.recording = options.recording ?? 'off';
  }

  /** Returns the same assistant with another prompt. */
  withPrompt(prompt: AssistantPrompt, draft = this.draft): Assistant {
    const { hours, providers, queues, recording, source } = this;
    return new Assistant({ prompt, source, providers, hours, queues, draft, recording });
  }

  /** Returns its prompt in a language. `undefined` if the gateway has no lines for that. */
  promptIn(language: string): AssistantPrompt | undefined {
    if (language === this.prompt.language) return this.prompt;
    if (this.draft === undefined || !languageTag.safeParse(language).success) return undefined;
    const prompt = completed(inLanguage(this.draft, language));
    return typeof prompt === 'string' ? undefined : prompt;
  }

  /** Whether agents answer at this time. Without opening hours they always do. */
  isOpen(epochMs: number): boolean {
    return this.hours?.isOpen(epochMs) ?? true;
  }

  /** The ARN of every queue to which a caller may be sent. */
  get queueArns(): readonly string[] {
    const all = this.queues.flatMap(({ byReason, otherwise }) => [otherwise, ...Object.values(byReason)]);
    return all.filter((arn) => arn !== undefined);
  }

  /** Returns the ARN of the queue for a caller. Empty means the contact flow's own. */
  queueFor(reason: string, intent: string): string {
    for (const { byReason, otherwise } of this.queues) {
      const arn = byReason[reason] ?? byReason[intent] ?? otherwise;
      if (arn !== undefined) return arn;
    }
    return '';
  }
}
