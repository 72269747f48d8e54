import { TandemError } from '../../base/errors.js';
import type { SummaryRequest } from '../session.js';
import type { DialogueEvent } from './dialogue.js';
import type { ResponseDone, TokenUsage } from './server-events.js';

export interface SummaryResponsesOptions {
  /** Sends the request. Returns its event id. */
  sendCreate(request: SummaryRequest): string;
  sendCancel(responseId: string): void;
  onUsage(usage: TokenUsage): void;
  /** Called after each summary that was requested, with or without a text. */
  onSettled(): void;
}

/** A summary that was requested and is not settled. */
interface Writing {
  readonly requestId: string;
  responseId: string | undefined;
  text: string;
  settle(outcome: string | TandemError): void;
}

/** Maximum length of a summary. A model that writes more has misunderstood the instructions. */
const MAX_CHARACTERS = 16_000;

/**
 * Summaries, which are responses outside the conversation. The id in their metadata tells them apart, and none of their
 * events reaches the dialogue. The late events of an abandoned summary are dropped here, too.
 */
export class SummaryResponses {
  private readonly options: SummaryResponsesOptions;
  private readonly writings = new Set<Writing>();
  /** Request ids of summaries abandoned before the service had begun. */
  private readonly abandoned = new Set<string>();
  /** Response ids of abandoned summaries whose `response.done` has not arrived. */
  private readonly late = new Set<string>();

  constructor(options: SummaryResponsesOptions) {
    this.options = options;
  }

  /** Whether a summary is being written. */
  get isBusy(): boolean {
    return this.writings.size > 0;
  }

  ask(request: SummaryRequest): Promise<string> {
    const { signal } = request;
    if (signal.aborted) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.abandon(writing);
      const writing: Writing = {
        requestId: this.options.sendCreate(request),
        responseId: undefined,
        text: '',
        settle: (outcome) => {
          signal.removeEventListener('abort', onAbort);
          this.writings.delete(writing);
          if (typeof outcome === 'string') resolve(outcome);
          else reject(outcome);
          this.options.onSettled();
        },
      };
      this.writings.add(writing);
      signal.addEventListener('abort', onAbort);
    });
  }

  /** Handles an event about a summary. Returns false for any other event. */
  takes(event: DialogueEvent): boolean {
    if (event.type === 'error') return this.refused(event.error.eventId);
    if (event.type === 'response-created') return this.began(event.responseId, event.requestId);
    if (!('responseId' in event)) return false;
    if (this.late.has(event.responseId)) {
      if (event.type === 'response-done') this.ended(event);
      return true;
    }
    const writing = this.find(({ responseId }) => responseId === event.responseId);
    if (writing === undefined) return false;
    if (event.type === 'text-delta') {
      writing.text += event.text;
      if (writing.text.length > MAX_CHARACTERS) this.abandon(writing);
    } else if (event.type === 'response-done') {
      this.ended(event);
      writing.settle(event.status === 'completed' ? writing.text : new TandemError('VOICE_FAILED', NO_TEXT));
    }
    return true;
  }

  /** Called when the connection is closed. Every summary in progress is rejected. */
  close(): void {
    for (const writing of this.writings) writing.settle(gone());
  }

  private began(responseId: string, requestId: string | undefined): boolean {
    if (requestId === undefined) return false;
    if (this.abandoned.delete(requestId)) {
      this.late.add(responseId);
      this.options.sendCancel(responseId);
      return true;
    }
    const writing = this.find((candidate) => candidate.requestId === requestId);
    if (writing === undefined) return false;
    writing.responseId = responseId;
    return true;
  }

  private refused(eventId: string | undefined): boolean {
    if (eventId === undefined) return false;
    if (this.abandoned.delete(eventId)) return true;
    const writing = this.find(({ requestId }) => requestId === eventId);
    writing?.settle(new TandemError('VOICE_FAILED', NO_TEXT));
    return writing !== undefined;
  }

  private ended({ responseId, usage }: ResponseDone): void {
    this.late.delete(responseId);
    if (usage !== undefined) this.options.onUsage(usage);
  }

  private abandon(writing: Writing): void {
    if (writing.responseId === undefined) this.abandoned.add(writing.requestId);
    else {
      this.late.add(writing.responseId);
      this.options.sendCancel(writing.responseId);
    }
    writing.settle(gone());
  }

  private find(wanted: (writing: Writing) => boolean): Writing | undefined {
    return [...this.writings].find(wanted);
  }
}

const NO_TEXT = 'OpenAI wrote no summary.';

function gone(): TandemError {
  return new TandemError('SESSION_CLOSED', 'The summary was cancelled before it was written.');
}
