/** The ids of one call, by the names of the log's fields. */
export interface IdFields {
  call_sid?: string;
  stream_sid?: string;
  conversation_id?: string;
  handover_id?: string;
  /** Absent if calls are not traced. */
  trace_id?: string;
}

const NAMES = [
  'call_sid',
  'stream_sid',
  'conversation_id',
  'handover_id',
  'trace_id',
] as const satisfies (keyof IdFields)[];
/** Maximum number of ended calls that are remembered, for lines that follow the end. The oldest is forgotten first. */
const MAX_ENDED = 2000;

interface KnownCall {
  fields: IdFields;
  /** Every id under which the call can be found, also of earlier streams and handovers. */
  ids: Set<string>;
}

/**
 * Knows which ids belong to the same call. A line that has one of them gets the others from here, so that all lines of a
 * call can be found by any of its ids, whichever part wrote them.
 */
export class CallIds {
  private readonly calls = new Map<string, KnownCall>();
  /** CallSids in the order in which the calls ended. */
  private readonly ended = new Set<string>();

  /** Notes ids of a call. `undefined`: it has none of that kind any more. The latest stream and handover count. */
  note(callSid: string, ids: { [Name in keyof IdFields]: IdFields[Name] | undefined }): void {
    const call = this.calls.get(callSid) ?? { fields: {}, ids: new Set() };
    this.ended.delete(callSid);
    for (const name of NAMES) {
      const id = name === 'call_sid' ? callSid : ids[name];
      if (id !== undefined) {
        call.fields[name] = id;
        call.ids.add(id);
        this.calls.set(id, call);
      } else if (name in ids) delete call.fields[name];
    }
  }

  /** Notes that a call is over, so that its ids may be forgotten. */
  end(callSid: string): void {
    if (!this.calls.has(callSid)) return;
    this.ended.add(callSid);
    const [oldest] = this.ended;
    if (oldest === undefined || this.ended.size <= MAX_ENDED) return;
    this.ended.delete(oldest);
    for (const id of this.calls.get(oldest)?.ids ?? []) this.calls.delete(id);
  }

  /** Returns the ids of the call to which a line with these fields belongs, without those that the line has. */
  missingFrom(line: Readonly<Record<string, unknown>>): IdFields {
    for (const name of NAMES) {
      const id = line[name];
      const call = typeof id === 'string' ? this.calls.get(id) : undefined;
      if (call === undefined) continue;
      const missing = { ...call.fields };
      for (const other of NAMES) if (line[other] !== undefined) delete missing[other];
      return missing;
    }
    return {};
  }
}
