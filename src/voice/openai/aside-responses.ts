import type { AudioChunk } from '../../audio/chunk.js';
import { TandemError } from '../../base/errors.js';
import type { SummaryRequest } from '../session.js';
import type { DialogueEvent } from './dialogue.js';
import type { ResponseDone, TokenUsage } from './server-events.js';

export interface AsideResponsesOptions {
  /** Sends the request. Returns its event id. */
  sendCreate(request: SummaryRequest): string;
  /** Sends the request for a line as audio. Returns its event id. */
  sendLine(text: string): string;
  /** Converts base64 audio of the service to mu-law at 8 kHz. */
  fromModel(base64: string): AudioChunk;
  sendCancel(responseId: string): void;
  onUsage(usage: TokenUsage): void;
  /** Called after each response that was requested, with or without a text. */
  onSettled(): void;
}

/** A response that was requested and is not settled. */
interface Aside {
  readonly requestId: string;
  readonly kind: 'summary' | 'line';
  responseId: string | undefined;
  text: string;
  audio: Uint8Array[];
  settle(error?: TandemError): void;
}

/** Maximum length of a summary. A model that writes more has misunderstood the instructions. */
const MAX_CHARACTERS = 16_000;

/** Maximum pieces of audio of a line, some seconds at least. */
const MAX_PIECES = 400;

/**
 * Summaries and kept lines, which are responses outside the conversation. The id in their metadata tells them apart, and
 * none of their events reaches the dialogue. The late events of an abandoned one are dropped here, too.
 */
export class AsideResponses {
  private readonly options: AsideResponsesOptions;
  private readonly asides = new Set<Aside>();
  /** Request ids of those abandoned before the service had begun. */
  private readonly abandoned = new Set<string>();
  /** Response ids of abandoned ones whose `response.done` has not arrived. */
  private readonly late = new Set<string>();

  constructor(options: AsideResponsesOptions) {
    this.options = options;
  }

  /** Whether a summary is being written. */
  get isBusy(): boolean {
    return this.find(({ kind }) => kind === 'summary') !== undefined;
  }

  ask(request: SummaryRequest): Promise<string> {
    const { signal } = request;
    if (signal.aborted) return Promise.reject(gone());
    const { aside, whenDone } = this.begin('summary', this.options.sendCreate(request));
    const onAbort = (): void => this.abandon(aside);
    signal.addEventListener('abort', onAbort);
    return whenDone.then(() => aside.text).finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Resolves with the line as mu-law at 8 kHz. */
  render(text: string): Promise<Uint8Array> {
    const { aside, whenDone } = this.begin('line', this.options.sendLine(text));
    return whenDone.then(() => Buffer.concat(aside.audio));
  }

  /** Called when the session's owner closes it, because no caller waits for a line that will be kept. */
  abandonLines(): void {
    for (const aside of this.asides) if (aside.kind === 'line') this.abandon(aside);
  }

  private begin(kind: Aside['kind'], requestId: string): { aside: Aside; whenDone: Promise<void> } {
    let settle: Aside['settle'] = () => undefined;
    const whenDone = new Promise<void>((resolve, reject) => {
      settle = (error) => {
        this.asides.delete(aside);
        if (error === undefined) resolve();
        else reject(error);
        this.options.onSettled();
      };
    });
    const aside: Aside = { requestId, kind, responseId: undefined, text: '', audio: [], settle };
    this.asides.add(aside);
    return { aside, whenDone };
  }

  /** Handles an event about such a response. Returns false for any other event. */
  takes(event: DialogueEvent): boolean {
    if (event.type === 'error') return this.refused(event.error.eventId);
    if (event.type === 'response-created') return this.began(event.responseId, event.requestId);
    if (!('responseId' in event)) return false;
    if (this.late.has(event.responseId)) {
      if (event.type === 'response-done') this.ended(event);
      return true;
    }
    const aside = this.find(({ responseId }) => responseId === event.responseId);
    if (aside === undefined) return false;
    if (event.type === 'text-delta') {
      aside.text += event.text;
      if (aside.text.length > MAX_CHARACTERS) this.abandon(aside);
    } else if (event.type === 'audio-delta') {
      aside.audio.push(this.options.fromModel(event.audio).bytes);
      if (aside.audio.length > MAX_PIECES) this.abandon(aside);
    } else if (event.type === 'response-done') {
      this.ended(event);
      aside.settle(event.status === 'completed' ? undefined : nothing(aside));
    }
    return true;
  }

  /** Called when the connection is closed. Every response in progress is rejected. */
  close(): void {
    for (const aside of this.asides) aside.settle(gone());
  }

  private began(responseId: string, requestId: string | undefined): boolean {
    if (requestId === undefined) return false;
    if (this.abandoned.delete(requestId)) {
      this.late.add(responseId);
      this.options.sendCancel(responseId);
      return true;
    }
    const aside = this.find((candidate) => candidate.requestId === requestId);
    if (aside === undefined) return false;
    aside.responseId = responseId;
    return true;
  }

  private refused(eventId: string | undefined): boolean {
    if (eventId === undefined) return false;
    if (this.abandoned.delete(eventId)) return true;
    const aside = this.find(({ requestId }) => requestId === eventId);
    aside?.settle(nothing(aside));
    return aside !== undefined;
  }

  private ended({ responseId, usage }: ResponseDone): void {
    this.late.delete(responseId);
    if (usage !== undefined) this.options.onUsage(usage);
  }

  private abandon(aside: Aside): void {
    if (aside.responseId === undefined) this.abandoned.add(aside.requestId);
    else {
      this.late.add(aside.responseId);
      this.options.sendCancel(aside.responseId);
    }
    aside.settle(gone());
  }

  private find(wanted: (aside: Aside) => boolean): Aside | undefined {
    return [...this.asides].find(wanted);
  }
}

function nothing({ kind }: Aside): TandemError {
  return new TandemError(
    'VOICE_FAILED',
    kind === 'summary' ? 'OpenAI wrote no summary.' : 'OpenAI did not speak a line of the gateway in advance.',
  );
}

function gone(): TandemError {
  return new TandemError('SESSION_CLOSED', 'The summary or line was cancelled before it was complete.');
}
