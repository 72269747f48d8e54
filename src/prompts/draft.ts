import { z } from 'zod';
import type { AssistantLines, AssistantPrompt } from './assistant-prompt.js';
import { OWN_LANGUAGES, ownLines } from './lines/index.js';

/** Maximum length of a line. A caller does not listen to a longer one. */
const MAX_LINE_CHARS = 500;
/** Maximum length of the instructions. A model reads them with every answer, and Nova accepts no more than about 40 KB. */
const MAX_INSTRUCTION_CHARS = 20_000;

const line = z.string().trim().min(1, 'expected some words').max(MAX_LINE_CHARS);
const LINE_NAMES = Object.keys(ownLines('en')?.lines ?? {});
/** The line that a prompt in another language may leave out, because prompts are older than it. Then `takenOver` is said. */
const LATER_LINE = 'passedOn';
const lines = z.partialRecord(z.enum(LINE_NAMES), line).transform((given) => given as Partial<AssistantLines>);

/** A language tag of BCP 47: `de`, `de-CH`. */
export const languageTag = z.string().regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/, {
  error: 'expected a language like en-US or de',
});

/** Names of voices, by provider. */
export const voicesByProvider = z.record(z.string(), z.string().trim().min(1));

/** A prompt as its author writes it. Missing fields are filled in from the language. */
export const promptDraft = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'expected a short name of lower-case letters, digits, - and _'),
  language: languageTag,
  languages: z.array(languageTag).max(20).default([]),
  greeting: line.optional(),
  instructions: z.string().trim().min(1, 'expected the instructions for the assistant').max(MAX_INSTRUCTION_CHARS),
  voices: voicesByProvider.default({}),
  tools: z.array(z.string().min(1)).max(100).optional(),
  lines: lines.default({}),
  outbound: z
    .strictObject({
      company: z.string().trim().min(1).max(100).optional(),
      introduction: line
        .refine((text) => text.includes('{company}'), {
          error: 'expected {company} in it, which says for whom it calls',
        })
        .optional(),
      opening: line.optional(),
      message: line.optional(),
      failed: line.optional(),
    })
    .optional(),
});

export type PromptDraft = z.output<typeof promptDraft>;

/** Fills in what a draft leaves out. Returns a string if a field cannot be filled in: the problem. */
export function completed(draft: PromptDraft): AssistantPrompt | string {
  const { instructions, language, languages, name, tools, voices } = draft;
  const own = ownLines(language);
  const greeting = draft.greeting ?? own?.greeting;
  const missing = LINE_NAMES.find(
    (name) => own === undefined && name !== LATER_LINE && !Object.hasOwn(draft.lines, name),
  );
  if (greeting === undefined || missing !== undefined) {
    const field = greeting === undefined ? 'greeting' : `lines.${missing ?? ''}`;
    return `"${field}" is missing, and the gateway has no lines in "${language}", only in ${OWN_LANGUAGES.join(', ')}`;
  }
  return {
    name,
    language,
    languages,
    greeting,
    instructions: `${instructions}\n${languageRule(language, languages)}`,
    voices,
    tools,
    lines: { [LATER_LINE]: draft.lines.takenOver, ...own?.lines, ...draft.lines } as AssistantLines,
    ...(draft.outbound === undefined ? {} : { outbound: draft.outbound }),
  };
}

/** Returns a draft in a language. In another one its own greeting, lines and voices are dropped. */
export function inLanguage(draft: PromptDraft, language: string): PromptDraft {
  const isSame = primary(language) === primary(draft.language);
  return isSame ? { ...draft, language } : { ...draft, language, greeting: undefined, lines: {}, voices: {} };
}

function primary(tag: string): string | undefined {
  return tag.split('-')[0];
}

/** Returns the rule about languages. Without one a model changes its language at the first foreign name. */
function languageRule(language: string, languages: readonly string[]): string {
  const others = languages.filter((other) => other !== language).map(languageName);
  const start = `Speak ${languageName(language)}`;
  if (others.length === 0) {
    return `${start}, and keep to it whatever language the caller speaks. If they do not understand, offer a colleague.`;
  }
  return `${start}. When the caller speaks ${others.join(' or ')}, go on in that; never change to any other language.`;
}

const NAMES = new Intl.DisplayNames('en', { type: 'language' });

/** Returns a language's name in English, because instructions are in English: `Swiss High German`, `Brazilian Portuguese`. */
function languageName(tag: string): string {
  return NAMES.of(tag) ?? tag;
}
