import type { EvalCase, Quality } from './case.js';
import type { Conversation } from './chat.js';
import { languageOf } from './language.js';

// The checks of a conversation that need no judge.

/** The result of one check. */
export interface Finding {
  quality: Quality;
  /** 0 to 1. */
  score: number;
  /** What was wrong. Empty if nothing was. */
  why: string;
}

/** Maximum length of an answer, about fifteen seconds of speech. After that a caller stops listening. */
const MAX_WORDS = 45;
const MAX_SENTENCES = 4;
const MARKUP = /[*#`_|]|https?:|www\.|^\s*(?:[-•]|\d+[.)])\s/m;

/** Returns the findings that need no judge: on the transfer, the length and language of the answers, and forbidden words. */
export function checked(evalCase: EvalCase, { endedBy, turns }: Conversation): Finding[] {
  const { escalates, neverSays = [], prompt, speaks = prompt.language.split('-')[0] } = evalCase;
  // The gateway speaks the greeting, so it is not judged.
  const answers = turns.slice(1).filter(({ speaker }) => speaker === 'assistant');
  const findings = answers.flatMap(({ text }) => [brief(text), inLanguage(text, speaks)]);
  if (escalates !== undefined) {
    const did = endedBy === 'transfer_to_human';
    findings.push(
      finding('escalates', did === escalates, did ? 'transferred to a human' : 'did not transfer to a human'),
    );
  }
  for (const pattern of neverSays) {
    const said = answers.find(({ text }) => pattern.test(text));
    findings.push(finding('honest', said === undefined, `said ${JSON.stringify(said?.text ?? '')}`));
  }
  if (answers.length === 0 && endedBy === undefined) findings.push(finding('manner', false, 'said nothing'));
  return findings;
}

function brief(text: string): Finding {
  const words = text.split(/\s+/).length;
  const sentences = text.split(/[.!?।]+(?:\s|$)/).filter((sentence) => /\p{L}/u.test(sentence)).length;
  if (MARKUP.test(text)) return finding('brief', false, `markup in ${JSON.stringify(text)}`);
  return finding('brief', words <= MAX_WORDS && sentences <= MAX_SENTENCES, `${words} words, ${sentences} sentences`);
}

function inLanguage(text: string, wanted: string | undefined): Finding {
  const language = languageOf(text);
  return finding('language', language === undefined || language === wanted, `${language ?? ''}: ${text}`);
}

function finding(quality: Quality, isGood: boolean, why: string): Finding {
  return { quality, score: isGood ? 1 : 0, why: isGood ? '' : why };
}
