// Instructions that make the model say a given line. The instructions of a response replace those of the session.

/** Makes the model say `text` and nothing else. */
export function sayExactly(text: string): string {
  return `Say exactly the following text, word for word, in the language it is written in. Add nothing before it and nothing after it, and do not answer anything.\n\n${text}`;
}

/** Makes the model say the greeting and then answer the caller's last turn, with the session's instructions. */
export function greetThenAnswer(sessionInstructions: string, greeting: string): string {
  return `${sessionInstructions}\n\nFirst say exactly the following text, word for word:\n\n${greeting}\n\nThen answer the caller's last question.`;
}

/** Returns pressed keys as a written turn of the caller. */
export function keyedDigits(digits: string): string {
  return `(The caller pressed these keys of the telephone: ${digits})`;
}
