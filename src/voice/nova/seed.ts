import type { Turn } from '../history.js';
import type { VoiceSessionOptions } from '../session.js';
import { LISTEN_FOR_TRANSFER } from '../transcription-watch.js';
import { MAX_TEXT_BYTES, historyBlocks, splitText } from './history-blocks.js';
import type { EndpointingSensitivity, InputEvents } from './input-events.js';

export interface SeedOptions {
  session: Pick<VoiceSessionOptions, 'answersLast' | 'conversation' | 'greeting' | 'instructions' | 'tools'>;
  events: InputEvents;
  newId: () => string;
  voice: string;
  endpointingSensitivity: EndpointingSensitivity | undefined;
  /** Whether the service writes down nothing of what this caller says. */
  isBlind: boolean;
}

/** The first events of a session. */
export interface Seed {
  /** Everything before the audio, and the start of the audio. */
  setup: string[];
  /** A text of the caller that makes the model speak first, sent after the first audio. */
  opening: string | undefined;
}

/** 1024, the value in most samples, is too little for turns with tools. */
const MAX_TOKENS = 4096;
/** Maximum size of a piece of the system prompt that is known to work. */
const MAX_PROMPT_PIECE_BYTES = 4000;
/** A text that the model answers with its greeting. It must be something that a caller says. */
const HELLO = 'Hello.';

/**
 * Returns the first events in the only order that works: session, prompt, one SYSTEM block, the history, then the
 * audio. A second SYSTEM block ends the session.
 */
export function createSeed(options: SeedOptions): Seed {
  const { endpointingSensitivity, events, newId, session, voice } = options;
  const { earlier, unanswered } = divide(session);
  const setup = [
    events.sessionStart({ maxTokens: MAX_TOKENS, endpointingSensitivity }),
    events.promptStart({ voice, tools: session.tools }),
    ...events.textBlock(newId(), 'SYSTEM', splitText(systemText(options, unanswered), MAX_PROMPT_PIECE_BYTES), false),
    // Not interactive, although the guide's example is, because the model would answer the whole history again.
    ...historyBlocks(earlier).flatMap(({ role, texts }) => events.textBlock(newId(), role, texts, false)),
    events.audioStart(),
  ];
  return { setup, opening: unanswered ?? (session.greeting === undefined ? undefined : HELLO) };
}

/**
 * Takes the caller's unanswered turns out of the history, because the model has to answer them now. The assistant may have
 * said something since: "one moment", or the beginning of an answer.
 */
function divide(session: SeedOptions['session']): { earlier: readonly Turn[]; unanswered: string | undefined } {
  const { turns } = session.conversation;
  if (!session.answersLast) return { earlier: turns, unanswered: undefined };
  let end = turns.length;
  while (end > 0 && turns[end - 1]?.speaker === 'assistant') end--;
  let from = end;
  while (from > 0 && turns[from - 1]?.speaker === 'caller') from--;
  const unanswered = turns
    .slice(from, end)
    .map(({ text }) => text.trim())
    .join(' ')
    .trim();
  return unanswered === ''
    ? { earlier: turns, unanswered: undefined }
    : { earlier: [...turns.slice(0, from), ...turns.slice(end)], unanswered: lastBytes(unanswered) };
}

function lastBytes(text: string): string {
  return splitText(text, MAX_TEXT_BYTES).at(-1) ?? text;
}

function systemText({ isBlind, session }: SeedOptions, unanswered: string | undefined): string {
  const { greeting } = session;
  const mustListen = isBlind && session.tools.some(({ name }) => name === 'transfer_to_human');
  const instructions = mustListen ? `${session.instructions}\n\n${LISTEN_FOR_TRANSFER}` : session.instructions;
  if (greeting === undefined) return instructions;
  const then = unanswered === undefined ? 'wait for the caller' : 'answer the caller';
  const order = `When the conversation begins, first say exactly this, and then ${then}: ${JSON.stringify(greeting)}`;
  return instructions === '' ? order : `${instructions}\n\n${order}`;
}
