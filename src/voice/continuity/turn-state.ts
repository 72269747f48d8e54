import type { VoiceEvent } from '../session.js';
import { unspokenLine } from '../spoken-line.js';

interface OpenResponse {
  responseId: string;
  sayId: string | undefined;
  wasHeard: boolean;
  /** Items begun and not done. */
  items: Set<string>;
}

/**
 * Where the conversation with one session stands, from its events: who speaks, and what the model owes the caller. A
 * model without turn events leaves some of it unknown; then nothing is assumed.
 */
export class TurnState {
  private readonly responses = new Map<string, OpenResponse>();
  private readonly says = new Set<string>();
  private readonly tools = new Set<string>();
  /** Turns of the caller whose text has not come yet. */
  private readonly announced = new Set<string>();
  private callerSpeaks = false;
  private owesAnswer = false;
  /** The last answer ended in the middle, and no other has been heard since. */
  private brokeOff = false;

  /** The model has been asked for something: a greeting, an answer, what follows from keys or a tool. */
  asked(): void {
    this.owesAnswer = true;
  }

  /** The owner wants a line spoken. */
  saying(sayId: string): void {
    this.says.add(sayId);
  }

  /** False: this session made no such call, another one did. */
  toolAnswered(toolCallId: string): boolean {
    const isOurs = this.tools.delete(toolCallId);
    if (isOurs) this.owesAnswer = true;
    return isOurs;
  }

  /** The owner does not want the answer any more. */
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
        this.announced.add(event.itemId);
        this.owesAnswer = true;
        return;
      case 'caller-text':
        // The text of a turn that was announced may come after the answer to it.
        if (event.final && !this.announced.delete(event.itemId)) this.owesAnswer = true;
        return;
      case 'response-started':
        this.responses.set(event.responseId, { ...event, wasHeard: false, items: new Set() });
        return;
      case 'audio':
        this.owesAnswer = false;
        this.brokeOff = false;
        this.noteSound(event.responseId, event.itemId);
        return;
      case 'item-done':
        this.responses.get(event.responseId)?.items.delete(event.itemId);
        return;
      case 'response-done':
        // A session that is about to be lost may say so of its response first, and of the one that it tried after it.
        this.brokeOff = event.status === 'failed' && this.isMidAnswer;
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

  /** The model speaks, or has begun to. */
  get isAnswering(): boolean {
    return this.responses.size > 0;
  }

  /** Something of an answer was given, and it is not whole. */
  get isMidAnswer(): boolean {
    if (this.brokeOff) return true;
    for (const { sayId, wasHeard } of this.responses.values()) if (wasHeard && sayId === undefined) return true;
    return false;
  }

  /** The caller, or a tool's result, waits for an answer of which nothing was heard. */
  get owes(): boolean {
    return this.owesAnswer || this.tools.size > 0;
  }

  /** The next word has to come from the model: it was asked, or it is in the middle of an answer. */
  get isWaitingForModel(): boolean {
    return (this.owesAnswer || this.responses.size > 0 || this.says.size > 0) && this.tools.size === 0;
  }

  get isCallerSpeaking(): boolean {
    return this.callerSpeaks;
  }

  /** Nobody speaks and nobody waits. */
  get isPause(): boolean {
    return !this.callerSpeaks && !this.owes && !this.isAnswering && this.says.size === 0;
  }

  /** The ends of everything that was begun and will not be finished, for an owner who waits for them. */
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

  private noteSound(responseId: string, itemId: string): void {
    const response = this.responses.get(responseId);
    if (response === undefined) return;
    response.wasHeard = true;
    response.items.add(itemId);
  }
}

/** The answer to a line that nobody can speak. */
export function unsaid(sayId: string): VoiceEvent[] {
  return [...unspokenLine(`unsaid-${sayId}`, sayId, 'failed')];
}
