import type { AssistantPrompt } from './assistant-prompt.js';
import { type PromptDraft, completed, inLanguage, languageTag } from './draft.js';
import { passedOnInstructions } from './passed-on.js';
import type { OpeningHours } from './opening-hours.js';

/** The ARNs of the queues for callers, by reason or topic, and for all other cases. */
export interface Queues {
  byReason: Readonly<Record<string, string>>;
  otherwise: string | undefined;
}

/** The assistant that answers the calls to a number, with its providers, opening hours and queues. */
export class Assistant {
  readonly prompt: AssistantPrompt;
  /** The assistants to which it may pass a caller, by name, each with what the model is told of when to do so. */
  readonly passesTo: Readonly<Record<string, string>>;
  /** The name of the built-in prompt, or the path of the file, that `prompt` was made from. */
  readonly source: string;
  /** Names of providers in the order of preference. `undefined` means the configured ones. */
  readonly providers: readonly string[] | undefined;
  private readonly hours: OpeningHours | undefined;
  private readonly nameInFile: string | undefined;
  private readonly draft: PromptDraft | undefined;
  readonly queues: readonly Queues[];

  /** `queues` are the number's own first, then those of the gateway. */
  constructor(options: {
    prompt: AssistantPrompt;
    /** In the assistants' file. `undefined` if that names it by a number, or not at all. */
    name?: string | undefined;
    passesTo?: Readonly<Record<string, string>>;
    source?: string;
    providers?: readonly string[] | undefined;
    hours?: OpeningHours | undefined;
    queues: readonly Queues[];
    /** What the prompt was made from. Without it the assistant speaks no other language. */
    draft?: PromptDraft | undefined;
  }) {
    this.prompt = options.prompt;
    this.nameInFile = options.name;
    this.passesTo = options.passesTo ?? {};
    this.source = options.source ?? options.prompt.name;
    this.providers = options.providers;
    this.hours = options.hours;
    this.queues = options.queues;
    this.draft = options.draft;
  }

  /** Its name in the assistants' file, or else that of its prompt. Safe to log. */
  get name(): string {
    return this.nameInFile ?? this.prompt.name;
  }

  /** Returns the same assistant with another prompt. */
  withPrompt(prompt: AssistantPrompt, draft = this.draft): Assistant {
    const { hours, nameInFile: name, passesTo, providers, queues, source } = this;
    return new Assistant({ prompt, name, passesTo, source, providers, hours, queues, draft });
  }

  /** Returns its prompt in a language. `undefined` if the gateway has no lines for that. */
  promptIn(language: string): AssistantPrompt | undefined {
    if (language === this.prompt.language) return this.prompt;
    if (this.draft === undefined || !languageTag.safeParse(language).success) return undefined;
    const prompt = completed(inLanguage(this.draft, language));
    return typeof prompt === 'string' ? undefined : prompt;
  }

  /**
   * Returns the same assistant, told that it takes over from another one. `summary`: what that one says the caller wants, in the words
   * of its model.
   */
  takingOver(from: string, summary: string | undefined): Assistant {
    const { prompt } = this;
    return this.withPrompt({ ...prompt, instructions: passedOnInstructions(prompt.instructions, from, summary) });
  }

  /** The languages to which it can change (BCP 47), besides the one that it speaks. */
  get otherLanguages(): readonly string[] {
    return this.languages.filter(
      (language) => language !== this.prompt.language && this.promptIn(language) !== undefined,
    );
  }

  /**
   * Returns the same assistant in a language of the caller's own choice. It can change back. `undefined` if the gateway has no lines
   * for that language.
   */
  inLanguage(language: string): Assistant | undefined {
    if (language === this.prompt.language) return this;
    const { draft } = this;
    const isTag = languageTag.safeParse(language).success;
    if (draft === undefined || !isTag) return undefined;
    const spoken = inLanguage(draft, language);
    const prompt = completed({ ...spoken, languages: this.languages.filter((other) => other !== language) });
    return typeof prompt === 'string' ? undefined : this.withPrompt(prompt);
  }

  private get languages(): readonly string[] {
    const { draft, prompt } = this;
    return [...new Set([draft?.language ?? prompt.language, ...(draft?.languages ?? prompt.languages)])];
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
