import type { AudioChunk } from '../audio/chunk.js';
import type { TandemError } from '../base/errors.js';
import type { HeardItem, Turn } from './history.js';

/** The conversation as its owner knows it; a live view, true whenever it is read. */
export interface ConversationView {
  /** What was said on both sides so far, as heard by the caller. */
  readonly turns: readonly Turn[];
  /** Something sent to the caller has not been confirmed as played. */
  readonly isPlaying: boolean;
}

/** A function the model may call. `parameters` is a JSON Schema object. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

/** What the far end of the gateway can take and give; the session converts where its model speaks something else. */
export type VoiceListener = (event: VoiceEvent) => void;

/** What belongs to one call and not to the gateway. */
export interface VoicePreferences {
  /** The voice to speak with, by provider. */
  voices: Readonly<Record<string, string>>;
  /** Providers by name, in the order of preference; undefined: as configured. */
  providers: readonly string[] | undefined;
  /** What the caller hears from the gateway itself when a session was lost. */
  lines: ContinuityLines;
}

export interface ContinuityLines {
  /** Another model goes on, or the same one after it broke off in the middle of a sentence. */
  takenOver: string;
  /** It takes a moment. */
  oneMoment: string;
}

/** Speaks a line without any model, as mu-law at 8 kHz; undefined when nothing on this machine can, in that language. */
export type LineSynthesis = (text: string, language: string) => Promise<Uint8Array | undefined>;

export interface VoiceSessionOptions {
  /** Correlates logs; not a secret. */
  conversationId: string;
  /** In E.164 form; undefined when it is withheld. Not for the model, and never sent anywhere but as a hash under a key. */
  callerNumber?: string | undefined;
  instructions: string;
  /** Spoken first, word for word where the model can; absent: nothing is said unless `answersLast`. */
  greeting: string | undefined;
  /** The caller's last turn waits for an answer, which follows the greeting if there is one. */
  answersLast: boolean;
  /** So long the caller has heard nothing already, in milliseconds. */
  callerWaitsMs?: number;
  /** BCP 47 tag of the language the conversation starts in. */
  language: string;
  tools: readonly ToolDefinition[];
  /** What this call asks for in place of the configuration; absent: nothing. */
  wish?: VoicePreferences;
  /** What was said before this session; its turns are read once, when the session opens. */
  conversation: ConversationView;
  /** Receives every event, synchronously and in order. It must not throw. */
  listener: VoiceListener;
}

/**
 * What a session tells its owner. Only `ready`, `audio`, `assistant-text`, `caller-text`, `ended` and `failed` are
 * certain: a model without turn events (GPT-Live) never sends the others, and the owner must do without.
 *
 * Order: `ready` first; every `audio` and `assistant-text` of an item comes before its `item-done`; nothing after
 * `ended` or `failed`, of which exactly one comes unless the owner closed the session.
 */
export type VoiceEvent =
  | { type: 'ready' }
  /** The caller began to speak (voice activity, before any text). */
  | { type: 'caller-speech-started' }
  | { type: 'caller-speech-stopped' }
  /** The caller talks over the model: whatever is still playing has to stop. */
  | { type: 'interruption' }
  /** An utterance of the caller was taken. Its text may come much later, even after the answer; its place is here. */
  | { type: 'caller-turn'; itemId: string }
  /** What the caller said; `final` false for a partial text that a later one with the same `itemId` replaces. */
  | { type: 'caller-text'; itemId: string; text: string; final: boolean }
  /** `sayId` names the {@link VoiceSession.say} that asked for this response. */
  | { type: 'response-started'; responseId: string; sayId: string | undefined }
  /** Always mu-law at 8 kHz: a session whose model speaks something else converts it. */
  | { type: 'audio'; responseId: string; itemId: string; chunk: AudioChunk }
  /** A further piece of the item's text, in order; concatenated they are what the item's audio says. */
  | { type: 'assistant-text'; responseId: string; itemId: string; text: string }
  /** The whole text of the item as it was spoken; replaces the pieces. May come after `item-done`. */
  | { type: 'assistant-text-final'; responseId: string; itemId: string; text: string }
  /** All audio and text of the item has been given. */
  | { type: 'item-done'; responseId: string; itemId: string }
  | { type: 'response-done'; responseId: string; sayId: string | undefined; status: ResponseStatus }
  | { type: 'tool-call'; toolCallId: string; name: string; arguments: unknown }
  /** Tokens used since the last such event. */
  | { type: 'usage'; inputTokens: number; outputTokens: number }
  /** The model ended the session on its own and has nothing more to say. */
  | { type: 'ended'; reason: string }
  /** The session is gone; `error.retryable` says whether opening a new one makes sense. */
  | { type: 'failed'; error: TandemError };

/** A text about the conversation, for people and not for the caller. */
export interface SummaryRequest {
  instructions: string;
  /** What was said on both sides, a line for each turn. */
  transcript: string;
  /** Ends the wait: the promise rejects at once. */
  signal: AbortSignal;
}

export type ResponseStatus = 'completed' | 'cancelled' | 'incomplete' | 'failed';

/**
 * One live connection to a speech-to-speech model. It knows nothing of the carrier. Every method may be called at any
 * time, returns at once and never throws; after the session has ended they do nothing.
 */
export interface VoiceSession {
  /** The provider whose audio came last, where that can change under the session; absent: the one that opened it. */
  readonly speaker?: string | undefined;
  /** So long the caller, who is owed something, has heard nothing: milliseconds; 0 when they do not wait. Absent: unknown. */
  readonly callerWaitsMs?: number;
  /** Caller audio in order. What comes before the session is ready is held (bounded) and sent then. */
  sendAudio(chunk: AudioChunk): void;
  /** Something the caller wrote, as a turn of theirs. */
  sendText(text: string): void;
  /** Keys the caller pressed, collected: 0-9, * and #. The model is told that they are keys. */
  sendDigits(digits: string): void;
  /**
   * Has `text` spoken as given, after cancelling nothing; the resulting response carries `sayId`. A session that cannot
   * speak a given line ends that response with status `failed`, at once.
   */
  say(text: string, sayId: string): void;
  /** Stops the response in progress; its late audio is not delivered any more. */
  cancel(): void;
  /** After an interruption: what was heard of each item, so that the model's memory matches the caller's. */
  reportHeard(items: readonly HeardItem[]): void;
  sendToolResult(toolCallId: string, output: unknown): void;
  /**
   * Has the model write a summary beside the conversation: nothing of it is spoken, remembered or reported, and what is
   * being said goes on. It outlives {@link VoiceSession.close}; its owner ends it with the signal. Rejects with
   * TandemError when no text comes. Absent: this model cannot write.
   */
  summarize?(request: SummaryRequest): Promise<string>;
  /** Ends the session without an event. */
  close(): void;
}

/** When a session has to make way for a new one, because the model ends it after a fixed time. */
export interface RenewalTimes {
  /** From here on the next pause between turns is used. */
  afterMs: number;
  /** From here on it happens without a pause. Leaves time for opening the next session before the model's own limit. */
  forceAfterMs: number;
}

/** Opens sessions with one model. Shared by all calls of a process. */
export interface VoiceProvider {
  readonly name: string;
  /** Undefined: a session lasts as long as the call. */
  readonly renewal?: RenewalTimes | undefined;
  /** A model that owes an answer and gives no sign of life for this long has stalled. Default 8 s; infinite: never. */
  readonly answerWithinMs?: number | undefined;
  /** New calls had better not ask it for a session: as many are open as its account allows. Absent: there is room. */
  readonly isFull?: boolean;
  /** Loads what every session shares (weights, credentials). Throws TandemError with what to do when it cannot. */
  prepare(): Promise<void>;
  /** Returns at once; `ready` or `failed` follows. */
  open(options: VoiceSessionOptions): VoiceSession;
  /** Ends what `prepare` began; open sessions are closed without an event. */
  close(): Promise<void>;
}
