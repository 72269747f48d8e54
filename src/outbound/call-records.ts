import type { SharedNotes } from '../journal/shared-notes.js';
import { type CallRecord, isFinal, readCallRecord } from './call-record.js';

export interface RecordChange {
  before: CallRecord;
  after: CallRecord;
}

const DAY_MS = 86_400_000;
/** Maximum number of calls that are remembered without the journal. */
const MAX_KNOWN = 1000;

/** Keeps the calls that were asked for, for all instances, for a day. */
export class CallRecords {
  private readonly notes: SharedNotes;
  /** The calls that are not over, as this instance has last seen them, for when the journal does not answer. */
  private readonly known = new Map<string, CallRecord>();

  constructor(notes: SharedNotes) {
    this.notes = notes;
  }

  async read(id: string): Promise<CallRecord | undefined> {
    return readCallRecord(await this.notes.read(nameOf(id)));
  }

  /** Resolves with false if there is a call with this id already. */
  async create(record: CallRecord): Promise<boolean> {
    const isCreated = await this.notes.create(nameOf(record.id), record, DAY_MS);
    if (isCreated) this.remember(record);
    return isCreated;
  }

  /** Changes a call. `undefined` if there is none with this id. */
  async change(id: string, change: (record: CallRecord) => CallRecord): Promise<RecordChange | undefined> {
    const done = await this.notes.change<RecordChange | undefined>(nameOf(id), DAY_MS, (value) => {
      const before = readCallRecord(value);
      if (before === undefined) return { result: undefined };
      const after = change(before);
      const result = { before, after };
      return JSON.stringify(after) === JSON.stringify(before) ? { result } : { value: after, result };
    });
    if (done !== undefined) this.remember(done.after);
    return done;
  }

  /** Returns a call as this instance has last seen it. */
  lastKnown(id: string): CallRecord | undefined {
    return this.known.get(id);
  }

  private remember(record: CallRecord): void {
    this.known.delete(record.id);
    if (isFinal(record.status)) return;
    this.known.set(record.id, record);
    const [oldest] = this.known.keys();
    if (oldest !== undefined && this.known.size > MAX_KNOWN) this.known.delete(oldest);
  }
}

function nameOf(id: string): string {
  return `outbound.call.${id}`;
}
