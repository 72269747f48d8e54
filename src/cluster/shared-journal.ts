import { BackendFailure, type BackendWrite, type HeldData, type JournalBackend } from '../journal/backend.js';
import type { Link } from './link.js';
import type { ToPrimary, ToWorker } from './protocol.js';

const LIMIT_MS = 2000;

/** A worker's side of the journal in the primary's memory, which survives the worker's death. */
export class SharedJournal implements JournalBackend {
  readonly kind = 'primary';
  private readonly link: Link<ToPrimary, ToWorker>;

  constructor(link: Link<ToPrimary, ToWorker>) {
    this.link = link;
  }

  write(write: BackendWrite): Promise<number | 'fenced'> {
    return orFailure(this.link.ask('journal-write', write, LIMIT_MS));
  }

  claim(callSid: string, owner: string): Promise<HeldData | undefined> {
    return orFailure(this.link.ask('journal-claim', { callSid, owner }, LIMIT_MS));
  }

  read(callSid: string): Promise<HeldData | undefined> {
    return orFailure(this.link.ask('journal-read', { callSid }, LIMIT_MS));
  }

  onConnection(): void {
    // Never changes, because a worker does not outlive its primary.
  }

  close(): void {
    // The link is closed by its owner.
  }
}

async function orFailure<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch {
    throw new BackendFailure('primary');
  }
}
