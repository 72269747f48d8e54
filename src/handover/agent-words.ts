import { printable } from './text.js';

/** What an agent hears and reads about why a call was handed over, by the reason in the record. */
const REASONS: Readonly<Record<string, string>> = {
  requested_human: 'The caller asked for a person',
  not_understood: 'The assistant did not understand the caller',
  assistant_failed: 'The assistant had a fault',
  complaint: 'The caller has a complaint',
  billing: 'The caller has a question about a bill or a payment',
  order: 'The caller has a question about an order',
  returns: 'The caller wants to return something',
  technical: 'The caller has a technical problem',
  account: 'The caller has a question about their account',
  sales: 'The caller may want to buy something',
  other: 'The assistant could not help',
  angry_caller: 'The caller is upset',
  caller_silent: 'The caller stopped answering',
  call_limit: 'The call had lasted as long as the assistant may talk',
  stopping: 'The assistant had to stop, through no fault of the caller',
  put_through: 'The call was put through at once, without the assistant',
};

/** What the call was about, by the intent in the record. */
const TOPICS: Readonly<Record<string, string>> = {
  billing: 'a bill or a payment',
  returns: 'a return',
  order: 'an order',
  technical: 'a technical problem',
  account: 'the account',
  sales: 'buying something',
  opening_hours: 'the opening hours',
};

const MAX_WORDS = 128;

/** Returns the reason, and the topic if it adds something, as a sentence for the agent. Unknown identifiers keep their words. */
export function reasonInWords(reason: string, intent: string): string {
  const words = Object.hasOwn(REASONS, reason) ? REASONS[reason] : `The reason is ${spaced(reason) || 'not known'}`;
  const about = Object.hasOwn(TOPICS, intent) && intent !== reason ? `, about ${TOPICS[intent]}` : '';
  return printable(`${words}${about}.`, MAX_WORDS);
}

/** Returns the English name of a language: `de-DE` → `German (Germany)`. A text that is no tag stays as it is. */
export function languageInWords(tag: string): string {
  if (tag === '') return '';
  try {
    return printable(new Intl.DisplayNames('en', { type: 'language' }).of(tag) ?? tag, MAX_WORDS);
  } catch {
    return printable(tag, MAX_WORDS);
  }
}

function spaced(identifier: string): string {
  return identifier.replace(/_/g, ' ').trim();
}
