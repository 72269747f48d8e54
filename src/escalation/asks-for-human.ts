import type { Language } from './language.js';
import type { PhraseBook } from './phrase-book.js';
import { PHRASE_BOOKS } from './phrases/index.js';
import { END, START, fold, sentencesOf, wordsPattern } from './words.js';

/** Phrases that the operator adds, for all languages. */
export interface OwnPhrases {
  /** Each asks for a human anywhere in a clause, unless the clause refuses. */
  asks: readonly string[];
  /** Each is removed before listening, for example "travel agent" where tickets are sold. */
  never: readonly string[];
}

export const NO_OWN_PHRASES: OwnPhrases = { asks: [], never: [] };

/** Whether an utterance asks for a human. */
export type HumanListener = (said: string) => boolean;

/**
 * Listens for a request for a human in `languages`. Decides clause by clause, so that "I don't want an agent, I want my
 * money back" is not a request and "I don't want a robot, give me a person" is one.
 */
export function humanListener(languages: readonly Language[], own: OwnPhrases = NO_OWN_PHRASES): HumanListener {
  const never = own.never.length === 0 ? undefined : new RegExp(wordsPattern(own.never.map(literal)), 'gu');
  const books = languages.map((language) => listenerOf(PHRASE_BOOKS[language], own.asks.map(literal)));
  return (said) => {
    const sentences = sentencesOf(said).map((sentence) =>
      never === undefined ? sentence : sentence.replace(never, '').replace(/ +/g, ' '),
    );
    return books.some((asks) => sentences.some(asks));
  };
}

function listenerOf(book: PhraseBook, ownAsks: readonly string[]): HumanListener {
  const { around, between, negatedRequests, person, wish } = book;
  const request = wordsPattern([
    `${wish}(?: ${between})* ${person}`,
    `${START}(?:${around} )*${person}(?: (?:${around}|${person}))*${END}`,
    ...book.requests,
    ...ownAsks,
  ]);
  const refusal = wordsPattern(book.refusals);
  const negatedRequest = wordsPattern(negatedRequests);
  const machine = wordsPattern([book.machine]);
  const human = wordsPattern([person]);
  const boundary = clauseBoundary(book);

  // "I do not want to talk to a robot" refuses the machine, not the human.
  const refuses = (clause: string): boolean =>
    !negatedRequest.test(clause) && !(machine.test(clause) && !human.test(clause)) && refusal.test(clause);
  return (sentence) =>
    sentence
      .split(boundary)
      .map((clause) => ` ${clause.trim()} `)
      .some((clause) => request.test(clause) && !refuses(clause));
}

/** Matches where one clause ends and the next begins in text without punctuation. */
function clauseBoundary({ breaks, newWish }: PhraseBook): RegExp {
  const { governs, starts } = newWish;
  return new RegExp(`(?<= )(?:${fold(breaks)})(?= )|(?<! (?:${fold(governs)})) (?=(?:${fold(starts)}) )`, 'u');
}

/** Converts an operator's phrase to the source of a pattern. Only its words count, not the punctuation between them. */
function literal(phrase: string): string {
  return sentencesOf(phrase).join(' ').trim().replace(/ +/g, ' ');
}
