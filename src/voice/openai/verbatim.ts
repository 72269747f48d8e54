// Instructions that make the model say a given line. The instructions of a response replace those of the session.

/** Makes the model say `text` and nothing else. */
export function sayExactly(text: string): string {
  return `Say exactly the following text, word for word, in the language it is written in. Add nothing before it and nothing after it, and do not answer anything.\n\n${text}`;
}

/** Makes the model say the greeting and then answer the caller's last turn, with the session's instructions. */
export function greetThenAnswer(sessionInstructions: string, greeting: string): string {
  return `${sessionInstructions}\n\nFirst say exactly the following text, word for word:\n\n${greeting}\n\nThen answer the caller's last question.`;
}

const CONTINUE =
  'Your last answer broke off in the middle. Continue it exactly where it stopped. Do not repeat what you have said, and do not mention the interruption.';

/** Makes the model finish the answer that it began with `instructions`. */
export function continuing(instructions: string): string {
  return instructions.endsWith(CONTINUE) ? instructions : `${instructions}\n\n${CONTINUE}`;
}

/** Returns pressed keys as a written turn of the caller. */
export function keyedDigits(digits: string): string {
  return `(The caller pressed these keys of the telephone: ${digits})`;
}
