/** A piece of a tool call as a server streams it. Servers differ in which of these they send, and how often. */
export interface ToolCallPiece {
  index?: number | null | undefined;
  id?: string | null | undefined;
  name?: string | null | undefined;
  arguments?: unknown;
}

/** A whole tool call. `arguments` is what the model wrote, which may not be JSON. */
export interface WrittenCall {
  name: string;
  arguments: string;
}

/** Maximum length of a call's arguments. A longer text is cut, so that it cannot be read and the model is told. */
const MAX_ARGUMENTS = 16_000;
const MAX_NAME = 128;

interface OpenCall extends WrittenCall {
  index: number | undefined;
  id: string;
}

/**
 * Joins the pieces of tool calls. OpenAI sends a call's index with each piece, and its id and name with the first. Other servers
 * number every call 0, begin with 1, send no index, repeat the id and name with each piece, or use one id for all calls. So
 * the name begins a call, and the rest only tells which call a piece continues.
 */
export class ToolCallPieces {
  private readonly calls: OpenCall[] = [];

  get count(): number {
    return this.calls.length;
  }

  /** Returns the calls in the order in which they began. */
  get whole(): readonly WrittenCall[] {
    return this.calls.map(({ arguments: written, name }) => ({ name, arguments: written }));
  }

  add(piece: ToolCallPiece): void {
    const index = piece.index ?? undefined;
    const id = piece.id ?? '';
    const name = (piece.name ?? '').slice(0, MAX_NAME);
    const written = textOf(piece.arguments);
    const continued = this.continuedBy(index, id);
    if (continued === undefined || beginsAnother(continued, { id, name, written })) {
      if (name !== '') this.calls.push({ index, id, name, arguments: bounded(written) });
      return;
    }
    if (continued.arguments.length < MAX_ARGUMENTS) continued.arguments = bounded(continued.arguments + written);
  }

  /** Returns the latest call with the index, else with the id, else the latest of all. */
  private continuedBy(index: number | undefined, id: string): OpenCall | undefined {
    if (index !== undefined) return this.calls.findLast((call) => call.index === index);
    return this.calls.findLast((call) => id !== '' && call.id === id) ?? this.calls.at(-1);
  }
}

/** Whether a piece that seems to continue `call` begins another one. */
function beginsAnother(call: OpenCall, piece: { id: string; name: string; written: string }): boolean {
  if (piece.name === '') return false;
  if (piece.name !== call.name) return true;
  const isOtherId = piece.id !== '' && call.id !== '' && piece.id !== call.id;
  return isOtherId || (piece.written !== '' && isJson(call.arguments));
}

/** Some servers send the arguments as an object. */
function textOf(written: unknown): string {
  if (typeof written === 'string') return written;
  return typeof written === 'object' && written !== null ? JSON.stringify(written) : '';
}

function bounded(text: string): string {
  return text.length <= MAX_ARGUMENTS ? text : text.slice(0, MAX_ARGUMENTS);
}

function isJson(text: string): boolean {
  // Most pieces come before the end, and reading all of it for each of them would take long.
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
