import type { Verb } from '../twilio/twiml.js';

/** Returns the `<Say>` with which Twilio speaks a line in the prompt's language. Empty without a text. */
export function announcement(text: string | undefined, { language }: { language: string }): Verb[] {
  return text === undefined ? [] : [{ verb: 'say', text, language }];
}
