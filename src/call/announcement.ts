import type { Verb } from '../twilio/twiml.js';

/** A line that Twilio's voice says, in the language of the prompt it is from; none without a text. */
export function announcement(text: string | undefined, { language }: { language: string }): Verb[] {
  return text === undefined ? [] : [{ verb: 'say', text, language }];
}
