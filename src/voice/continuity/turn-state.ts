import type { ResponseStatus, VoiceEvent } from '../session.js';
import { unspokenLine } from '../spoken-line.js';

interface OpenResponse {
  responseId: string;
  sayId: string | undefined;
  wasHeard: boolean;
  /** Whether an answer was owed when it began. */
  isOwed: boolean;
  /** Items that have begun and are not done. */
  items: Set<string>;
}

/**
 * What one session owes the caller, most pressing first. The model has to speak next for `answer`, `rest-of-answer` and
 * `speech`.
 */
export type Obligation =
  /** An answer that needs the result of a tool first. Until the gateway sends it, the model may be silent. */
  | 'tool'
  /** An answer of which the caller has heard nothing since it was asked for. */
  | 'answer'
  /** The rest of an answer: the caller has heard its beginning, and the model is still responding. */
  | 'rest-of-answer'
  /** No answer, but something was begun or asked for: a line of the gateway, or a response without sound yet. */
  | 'speech'
  /** The rest of an answer that failed; the model has begun nothing in its place. */
  | 'broken-answer'
  | 'none';

/**
 * The state of the conversation with one session, derived from its events: who is speaking, and what the model owes the
 * caller. A model without turn events leaves part of it unknown, and nothing is assumed in its place.
 */
export class TurnState {
  private readonly responses = new Map<string, OpenResponse>();
  private readonly says = new Set<string>();
  private readonly tools = new Set<string>();
  /** Turns of the caller whose text has not arrived. */
  private readonly announced = new Set<string>();
  private callerSpeaks = false;
  private owesAnswer = false;
  /** The last answer failed after the caller had heard its beginning, and nothing has been heard since. */
  private brokeOff = false;
  /** The last answer ended without a sound although it was owed, and nothing has begun since. */
  private wasEmpty = false;

  /** Called when the model was asked for a greeting or an answer, in words or with keys. */
  asked(): void {
    this.owesAnswer = true;
  }

  /** Called when the session's owner wants a line spoken. */
  saying(sayId: string): void {
    this.says.add(sayId);
  }

  /** Returns false if another session made the tool call. */
  toolAnswered(toolCallId: string): boolean {
    const isOurs = this.tools.delete(toolCallId);
    if (isOurs) this.owesAnswer = true;
    return isOurs;
  }

  /** Called when the session's owner does not want the answer any more. */
  cancelled(): void {
    this.owesAnswer = false;
  }

  note(event: VoiceEvent): void {
    switch (event.type) {
      case 'caller-speech-started':
        this.callerSpeaks = true;
        return;
      case 'caller-speech-stopped':
        this.callerSpeaks = false;
        return;
      case 'caller-turn':
        // The model has taken the utterance, so it is over, even if no event has said so.
        this.callerSpeaks = false;
        this.announced.add(event.itemId);
        this.owesAnswer = true;
        return;
      case 'caller-text':
        // The text of an announced turn can arrive after the answer to it, so it asks for nothing new.
        if (event.final && !this.announced.delete(event.itemId)) this.owesAnswer = true;
        return;
      case 'response-started':
        this.wasEmpty = false;
        this.responses.set(event.responseId, {
          ...event,
          wasHeard: false,
          isOwed: this.owesAnswer,
          items: new Set(),
        });
        return;
      case 'audio':
        this.owesAnswer = false;
        this.brokeOff = false;
        this.wasEmpty = false;
        this.noteSound(event.responseId, event.itemId);
        return;
      case 'item-done':
        this.responses.get(event.responseId)?.items.delete(event.itemId);
        return;
      case 'response-done':
        // A failing session can report two failed responses, the answer and its retry. The flag must survive the
        // second.
        this.brokeOff = isUnfinished(event.status) && this.isMidAnswer;
        this.wasEmpty = event.status !== 'cancelled' && this.isEmpty(event.responseId);
        this.responses.delete(event.responseId);
        if (event.sayId !== undefined) this.says.delete(event.sayId);
        return;
      case 'tool-call':
        this.owesAnswer = false;
        this.tools.add(event.toolCallId);
        return;
      default:
        return;
    }
  }

  get obligation(): Obligation {
    if (this.tools.size > 0) return 'tool';
    if (this.owesAnswer) return 'answer';
    if (this.responses.size > 0 || this.says.size > 0) return this.isMidAnswer ? 'rest-of-answer' : 'speech';
    return this.brokeOff ? 'broken-answer' : 'none';
  }

  /**
   * Whether an answer ended without reaching the caller, or in the middle, and the model has begun nothing in its place.
   */
  get isAnswerDue(): boolean {
    if (this.responses.size > 0 || this.callerSpeaks) return false;
    return (this.wasEmpty && this.obligation === 'answer') || this.obligation === 'broken-answer';
  }

  /** Whether the model is speaking, or about to. */
  get isAnswering(): boolean {
    return this.responses.size > 0;
  }

  /**
   * Whether the caller has heard the beginning of an answer and not its end. That can be so whatever is owed: the model
   * may have called a tool in the middle of a sentence, or been interrupted with the next question.
   */
  get isMidAnswer(): boolean {
    if (this.brokeOff) return true;
    for (const { sayId, wasHeard } of this.responses.values()) if (wasHeard && sayId === undefined) return true;
    return false;
  }

  /** Whether the response that has just ended has answered everything that the caller has said. */
  get hasAnswered(): boolean {
    return !this.callerSpeaks && !this.isAnswerDue;
  }

  get isCallerSpeaking(): boolean {
    return this.callerSpeaks;
  }

  /** Whether neither side is speaking and nothing is to follow by itself. */
  get isPause(): boolean {
    const { obligation } = this;
    return !this.callerSpeaks && (obligation === 'none' || obligation === 'broken-answer');
  }

  /**
   * Returns the missing end events of everything that was begun and will not be finished, for an owner who awaits them.
   */
  abandoned(): VoiceEvent[] {
    const events: VoiceEvent[] = [];
    for (const { items, responseId, sayId } of this.responses.values()) {
      for (const itemId of items) events.push({ type: 'item-done', responseId, itemId });
      events.push({ type: 'response-done', responseId, sayId, status: 'failed' });
      if (sayId !== undefined) this.says.delete(sayId);
    }
    for (const sayId of this.says) events.push(...unsaid(sayId));
    return events;
  }

  private isEmpty(responseId: string): boolean {
    const response = this.responses.get(responseId);
    return response?.isOwed === true && response.sayId === undefined && !response.wasHeard && this.owesAnswer;
  }

  private noteSound(responseId: string, itemId: string): void {
    const response = this.responses.get(responseId);
    if (response === undefined) return;
    response.wasHeard = true;
    response.items.add(itemId);
  }
}

function isUnfinished(status: ResponseStatus): boolean {
  return status === 'failed' || status === 'incomplete';
}

/** Returns the events of a line that no session can speak. */
export function unsaid(sayId: string): VoiceEvent[] {
  return [...unspokenLine(`unsaid-${sayId}`, sayId, 'failed')];
}
