const NAMES = ['call_sid', 'conversation_id', 'stream_sid', 'handover_id'] as const;
type Line = Readonly<Partial<Record<(typeof NAMES)[number] | 'msg', string>>>;

/** Messages about the process or a service, and not about one call. */
const OF_NO_CALL: ReadonlySet<string> = new Set([
  'listening',
  'moving the remaining calls to other instances',
  'transferring the remaining calls to a human',
  'the journal is being written',
  'the journal cannot be written; running calls would lose their memory with this instance',
  'no synthesiser is available; callers hear a tone while a model works or is replaced',
  'Amazon Connect did not report agent availability; the queue counts as reachable',
  'reading the address of the HubSpot records failed; crm_url stays empty',
]);

/** Returns the lines that name no call and are not known to be about none. */
export function linesWithoutCall(log: string): string[] {
  return linesOf(log)
    .filter((line) => NAMES.every((name) => line[name] === undefined) && !OF_NO_CALL.has(line.msg ?? ''))
    .map((line) => JSON.stringify(line));
}

/**
 * Returns the lines of a call that lack one of its ids, with what they lack. An id is expected in every line after the first
 * one that has it. A handover without a record takes its id away again.
 */
export function incompleteLines(log: string): string[] {
  const known = new Map<string, { -readonly [Name in keyof Line]: Line[Name] }>();
  const found: string[] = [];
  for (const line of linesOf(log)) {
    if (NAMES.every((name) => line[name] === undefined)) continue;
    const { call_sid: callSid } = line;
    if (callSid === undefined) {
      found.push(`no call_sid: ${JSON.stringify(line)}`);
      continue;
    }
    const ids = known.get(callSid) ?? {};
    known.set(callSid, ids);
    if (line.msg?.startsWith('handover record could not be written') === true) delete ids.handover_id;
    for (const name of NAMES) {
      if (line[name] !== undefined) ids[name] = line[name];
      else if (ids[name] !== undefined) found.push(`no ${name}: ${JSON.stringify(line)}`);
    }
  }
  return found;
}

function linesOf(log: string): Line[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
