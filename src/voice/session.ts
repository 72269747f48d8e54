import type { AudioChunk } from '../audio/chunk.js';
import type { ErrorCode, TandemError } from '../base/errors.js';
import type { HeardItem, Turn } from './history.js';

/** The conversation as the session's owner knows it. A live view: every read returns the present state. */
export interface ConversationView {
  /** What both sides have said so far, oldest first. Of the assistant's turns, only what the caller heard. */
  readonly turns: readonly Turn[];
  /** Whether audio sent to the caller has not been confirmed as played. */
  readonly isPlaying: boolean;
}

/** A function the model may call. */
export interface ToolDefinition {
  name: string;
  /** Tells the model when to call it and what it returns. */
  description: string;
  /** A JSON Schema of type `object`. */
  parameters: Record<string, unknown>;
}

/** Receives every event of a session, synchronously and in order. It must not throw. */
export type VoiceListener = (event: VoiceEvent) => void;

/** What the number called asks for in place of the gateway's configuration. */
export interface VoicePreferences {
  /** The voice to speak with, by the provider's name. A provider without an entry uses its configured voice. */
  voices: Readonly<Record<string, string>>;
  /** Names of providers in order of preference. `undefined` if the configured ones apply. */
  providers: readonly string[] | undefined;
  /** What the caller hears when a session is lost or slow. */
  lines: ContinuityLines;
}

/** Lines that cover the loss of a session, in the language of the call. */
export interface ContinuityLines {
  /**
   * The new session says it first, if another model takes over or the lost one broke off in the middle of a sentence.
   */
  takenOver: string;
  /**
   * Said by the gateway's own voice when a waiting caller hears nothing. Without a voice for the language, the gateway
   * plays a soft tone.
   */
  oneMoment: string;
}

/**
 * Synthesises a line without any model. `language` is a BCP 47 tag. Resolves with mu-law at 8 kHz, or with `undefined`
 * if this machine has no engine for that language. May reject.
 */
export type LineSynthesis = (text: string, language: string) => Promise<Uint8Array | undefined>;

export interface VoiceSessionOptions {
  /** The gateway's id of the call, for logs. It is not secret. */
  conversationId: string;
  /**
   * In E.164 form. `undefined` if the caller withholds it. It must not reach the model, nor leave the process except as
   * a keyed hash.
   */
  callerNumber?: string | undefined;
  /** The system prompt. */
  instructions: string;
  /**
   * Spoken first, word for word if the model can. `undefined`: the model waits for the caller, unless `answersLast`.
   */
  greeting: string | undefined;
  /** Whether the model has to answer the last turn of `conversation` at once, after the greeting if there is one. */
  answersLast: boolean;
  /** How long the caller has heard nothing when the session opens, in milliseconds. Default 0. */
  callerWaitsMs?: number;
  /** BCP 47 tag of the language the conversation starts in. */
  language: string;
  tools: readonly ToolDefinition[];
  /** The preferences of the number called: its voice, providers and lines. Absent if the configuration applies. */
  wish?: VoicePreferences;
  /** The conversation before this session. The session reads its turns once, when it opens. */
  conversation: ConversationView;
  listener: VoiceListener;
  /** Told what happens to the sessions under this one, for an operator's eyes. Must not throw. Absent if nobody looks. */
  onChange?: (change: SessionChange) => void;
}

/** What changes when another assistant talks to the caller: what its session is opened with. */
export type AssistantVoice = Pick<
  VoiceSessionOptions,
  'instructions' | 'greeting' | 'answersLast' | 'language' | 'tools' | 'wish'
>;

/**
 * The wish that another assistant, or the same one in another language, talks to the caller from now on. It begins once the
 * caller has heard what is being said, and one of the last two is called in the end, unless the session is closed before.
 */
export interface PassOn {
  /** `greeting` is its first line. With `answersLast` it then answers what the caller has said last. */
  to: AssistantVoice;
  /** Asked in the moment the other one is called. Returns false if the call has gone elsewhere meanwhile. */
  mayBegin(): boolean;
  /** Called in the moment the other one talks to the caller. This one is gone. */
  onPassed(): void;
  /** Called if it cannot be. This one continues, and has heard all that the caller has said. */
  onRefused(why: PassRefusal): void;
}

/**
 * Why another assistant does not talk to the caller. `unreachable`: none of its providers could be reached in time. `lost`: the session
 * of this one was lost meanwhile. `left`: the call is leaving its stream, or has left it.
 */
export type PassRefusal = 'unreachable' | 'lost' | 'left';

/** A session of a provider is ready, or could not be opened. */
export interface SessionConnected {
  provider: string;
  /**
   * `start`: the first session of the call. `resume`: the call has a new stream. `renewal`: the session before was about to end. `passed`: another
   * assistant was called, or another language. `reconnect`, `failover`: it was lost, and the next one is of the same provider or of another.
   */
  cause: 'start' | 'resume' | 'renewal' | 'passed' | 'reconnect' | 'failover';
  tookMs: number;
  /** Why it could not be opened. `undefined` if it is ready. */
  error: ErrorCode | undefined;
}

/** What happens to the model's sessions under a session that outlives them. */
export type SessionChange =
  | ({ type: 'connected' } & SessionConnected)
  /** No session talks to the caller any more. `waitedMs`: how long they had been waiting, 0 if they were not. */
  | { type: 'lost'; waitedMs: number }
  /**
   * Another session of the same provider, or of another one, talks to the caller now. `isAwaited`: the caller is owed
   * something.
   */
  | { type: 'renewed' | 'replaced' | 'passed'; from: string; to: string; isAwaited: boolean };

/**
 * What a session reports to its owner. Every session sends `ready`, `audio`, `assistant-text`, `caller-text`, `ended`
 * and `failed`. A model without turn events (GPT-Live) sends none of the others, and the owner must work without them.
 *
 * `ready` is the first event. Every `audio` and `assistant-text` of an item comes before its `item-done`. The last
 * event is one `ended` or `failed`, unless the owner closes the session: then no event follows.
 */
export type VoiceEvent =
  | { type: 'ready' }
  /** The caller began to speak, by voice activity and before any text. */
  | { type: 'caller-speech-started' }
  | { type: 'caller-speech-stopped' }
  /** The caller interrupts the model. The owner has to stop what is still playing. */
  | { type: 'interruption' }
  /**
   * The model took an utterance of the caller. Its text may come after the answer, but its place in the transcript is
   * here.
   */
  | { type: 'caller-turn'; itemId: string }
  /** What the caller said. If `final` is false, a later text with the same `itemId` replaces this one. */
  | { type: 'caller-text'; itemId: string; text: string; final: boolean }
  /** `sayId` is the id given to {@link VoiceSession.say}, or `undefined` for a response of the model's own. */
  | { type: 'response-started'; responseId: string; sayId: string | undefined }
  /** Mu-law at 8 kHz. A session whose model speaks another format converts its audio. */
  | { type: 'audio'; responseId: string; itemId: string; chunk: AudioChunk }
  /** The next piece of the item's text. All pieces joined are what the item's audio says. */
  | { type: 'assistant-text'; responseId: string; itemId: string; text: string }
  /** The whole text of the item as it was spoken. It replaces the pieces, and may come after `item-done`. */
  | { type: 'assistant-text-final'; responseId: string; itemId: string; text: string }
  /** All audio and text of the item has been sent. */
  | { type: 'item-done'; responseId: string; itemId: string }
  | { type: 'response-done'; responseId: string; sayId: string | undefined; status: ResponseStatus }
  /**
   * The owner runs the tool and answers with {@link VoiceSession.sendToolResult}. `arguments` is parsed JSON, not
   * validated.
   */
  | { type: 'tool-call'; toolCallId: string; name: string; arguments: unknown }
  /** Tokens used since the previous `usage` event. */
  | { type: 'usage'; inputTokens: number; outputTokens: number }
  /** The model ended the session on its own and has nothing more to say. */
  | { type: 'ended'; reason: string }
  /** The session is lost. `error.retryable` says whether opening a new one makes sense. */
  | { type: 'failed'; error: TandemError };

/** Asks for a summary of the conversation, for an agent's screen or a CRM. The caller never hears it. */
export interface SummaryRequest {
  instructions: string;
  /** What both sides said, one line for each turn. */
  transcript: string;
  /** Ends the wait. The promise then rejects at once. */
  signal: AbortSignal;
}

export type ResponseStatus = 'completed' | 'cancelled' | 'incomplete' | 'failed';

/**
 * One live connection to a speech-to-speech model. It knows nothing of the carrier. Every method may be called at any
 * time, returns at once and never throws. After the session has ended, the methods do nothing.
 */
export interface VoiceSession {
  /**
   * Name of the provider whose audio came last, for a session that can change it. Absent if it is the one that opened
   * it.
   */
  readonly speaker?: string | undefined;
  /**
   * How long a caller who waits for an answer has heard nothing, in milliseconds. 0 if they do not wait. Absent if
   * unknown.
   */
  readonly callerWaitsMs?: number;
  /** How long the caller's line has been quiet, in milliseconds, by its loudness. Absent if unknown. */
  readonly quietLineMs?: number;
  /**
   * Called when the model has said what it had to say. The session no longer waits for what the model may owe. What the model
   * says all the same is heard. Absent if the session watches over nobody's silence.
   */
  expectsNothing?(): void;
  /**
   * Sends the caller's audio, mu-law at 8 kHz, in the order it was spoken. The session buffers a bounded amount until
   * it is ready.
   */
  sendAudio(chunk: AudioChunk): void;
  /** Sends a written text as a turn of the caller. The model answers it. */
  sendText(text: string): void;
  /** Sends the keys of one entry by the caller, of 0-9, * and #. The model is told that they are keys, and answers. */
  sendDigits(digits: string): void;
  /**
   * Speaks `text` word for word and cancels nothing. The events `response-started` and `response-done` of that response
   * carry `sayId`. A session that cannot speak a given line ends the response at once with status `failed`.
   */
  say(text: string, sayId: string): void;
  /** Stops the response in progress. No more of its audio is delivered. */
  cancel(): void;
  /**
   * Tells the session that the line is quiet although the model has reported a speech of the caller and not its end. The
   * speech is over: the model continues what the speech has interrupted. Absent if the session detects speech itself.
   */
  readonly callerIsQuiet?: (() => void) | undefined;
  /** Tells the model after an interruption how much of each item was heard, so that its memory matches the caller's. */
  reportHeard(items: readonly HeardItem[]): void;
  /** Answers a `tool-call`. `output` must be something JSON can hold. The model continues with it. */
  sendToolResult(toolCallId: string, output: unknown): void;
  /**
   * Resolves with a summary that the model writes beside the conversation. The response in progress continues; the
   * summary is not spoken, not part of the conversation and causes no event. It may outlive {@link VoiceSession.close};
   * its owner ends it with the signal. Rejects with TandemError if no text arrives. Absent if this model cannot write.
   */
  summarize?: ((request: SummaryRequest) => Promise<string>) | undefined;
  /**
   * Resolves with `text` as mu-law at 8 kHz, spoken word for word in the session's voice. It is not played, not part of
   * the conversation and causes no event but `usage`. Rejects with TandemError if the session ends before. Absent if this
   * model cannot speak beside the conversation, or not yet.
   */
  readonly render?: ((text: string) => Promise<Uint8Array>) | undefined;
  /** Has another assistant talk to the caller. Absent if this is the session of one provider. */
  passOn?(passOn: PassOn): void;
  /** No other assistant is called any more, because the call leaves its stream. Absent where {@link passOn} is. */
  keepAssistant?(): void;
  /** Ends the session without an event. */
  close(): void;
}

/**
 * When a session has to make way for a new one, because the model ends it after a fixed time. Both count from its
 * start.
 */
export interface RenewalTimes {
  /** Time until the session is renewed in the next pause between turns. */
  afterMs: number;
  /**
   * Time until it is renewed without a pause. It must leave time to open the next session before the model's own limit.
   */
  forceAfterMs: number;
}

/** Opens sessions with one model. All calls of a process share it. */
export interface VoiceProvider {
  /** Names the provider in settings, logs and metrics. */
  readonly name: string;
  /** `undefined` if a session can last as long as the call. */
  readonly renewal?: RenewalTimes | undefined;
  /**
   * Maximum time in milliseconds for which a model that owes an answer may show no sign of life. Then it has stalled
   * and the session is replaced. Default 4200, and 8000 in the middle of an answer. `Infinity` switches the check off.
   */
  readonly answerWithinMs?: number | undefined;
  /**
   * Maximum time in milliseconds for which the model waits for more after the caller has stopped, and says nothing of it.
   * Default 0.
   */
  readonly turnWaitMs?: number | undefined;
  /**
   * Whether new calls should use another provider, because the account allows no more sessions. Absent if there is
   * room.
   */
  readonly isFull?: boolean;
  /**
   * Loads what every session shares, such as weights and credentials. Rejects with TandemError, which says what to do.
   */
  prepare(): Promise<void>;
  /** Returns a session at once. Its `ready` or `failed` follows later, never before this returns. */
  open(options: VoiceSessionOptions): VoiceSession;
  /** Releases what `prepare` loaded, and closes the open sessions without an event. */
  close(): Promise<void>;
}
