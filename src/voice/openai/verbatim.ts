// What the model is told so that it says a given line. Instructions of a response replace those of the session.

/** Says `text` and nothing else. */
export function sayExactly(text: string): string {
  return `Say exactly the following text, word for word, in the language it is written in. Add nothing before it and nothing after it, and do not answer anything.\n\n${text}`;
}

/** Says the greeting, then answers what the caller said last, as the assistant it is. */
export function greetThenAnswer(sessionInstructions: string, greeting: string): string {
  return `${sessionInstructions}\n\nFirst say exactly the following text, word for word:\n\n${greeting}\n\nThen answer the caller's last question.`;
}

/** A turn of the caller that was not spoken. */
export function keyedDigits(digits: string): string {
  return `(The caller pressed these keys of the telephone: ${digits})`;
}
