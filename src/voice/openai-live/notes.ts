import type { ToolDefinition } from '../session.js';

// What the models are told. GPT-Live is two models: one that listens and speaks, and a backend that thinks and has the
// tools (OpenAI: Prompting voice models – split the prompt between both).

/** The prompt of the model that speaks. It knows what the backend can do, and not how the tools are called. */
export function frontInstructions(instructions: string, tools: readonly ToolDefinition[]): string {
  const tasks = tools.map(({ description }) => `- ${description.replaceAll(/\s+/g, ' ').trim()}`);
  if (tasks.length === 0) return instructions;
  return `${instructions}

# The backend
You have no tools. A backend has them, and it works while you talk. Delegate to it at once whenever one of these is called for:
${tasks.join('\n')}
Say nothing as a fact, and nothing as done, before the backend has reported it. If the caller asks for a person, delegate that at once.`;
}

/** The prompt of the backend. */
export function backInstructions(instructions: string): string {
  return `You work behind an assistant that talks with a caller on the telephone. The transcript can contain mistakes, unfinished phrases and later corrections: use the latest of them. Use the tools. Report a thing as done only after its tool has confirmed it. Return what the caller should hear, in one or two short sentences without formatting, in the language of the caller.

The assistant was told:
${instructions}`;
}

/** Precedes the earlier conversation of a call that goes on in a new session. */
export const CALL_GOES_ON =
  'This call is in progress. What follows was said in it. Go on from there: do not greet again, and do not mention a change.';

/** Precedes the last turns of a conversation that is too long to be repeated. */
export const EARLIER_LEFT_OUT = 'The beginning of the conversation is left out.';

export function sayNow(text: string): string {
  return `Immediately say the following text, word for word and in full, in the language it is written in, without waiting for the caller. Add nothing. Then pause and listen. The text: ${text}`;
}

export function sayThenAnswer(text: string): string {
  return `Immediately say the following text, word for word and in full, without waiting for the caller. Then answer the caller's last question. The text: ${text}`;
}

/** The gateway may have said "one moment" since the caller's question. */
export const ANSWER_NOW =
  "Go back to the caller's last question, then answer it now, without waiting for them to speak again. After that, pause and listen.";

/** Prompts the model to follow what it was just told (OpenAI: Managing GPT-Live sessions – greet before the caller speaks). */
export const BEGIN_NOW = 'Speak now, following the instructions you were just given.';

export const REMINDER =
  'The caller has stopped speaking and hears nothing. Answer them now. If you did not understand them, say so. After that, pause and listen.';

export const BACKEND_FAILED =
  'The backend could not finish the last task. Tell the caller that it did not work, and offer to try again or to fetch a colleague.';

export const STOP_SPEAKING = 'Stop speaking now. Wait for what the caller does next.';

export function heardOnly(text: string): string {
  return text === ''
    ? 'The caller interrupted you and heard nothing of what you said last.'
    : `The caller interrupted you. Of what you said last, they heard only this: ${text}`;
}

export function alreadySaid(text: string): string {
  return `The caller has just heard this from you. Do not repeat it: ${text}`;
}

export function keyed(digits: string): string {
  return `The caller pressed these keys of the telephone: ${digits}`;
}
