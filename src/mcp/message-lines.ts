import { McpFault } from './fault.js';

/** Maximum size of a message. One of this size is parsed in some milliseconds. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Maximum size of a line that is passed over. A program that sends a longer one has lost its way. */
const MAX_SKIPPED_BYTES = 256 * 1024 * 1024;
/** How much of a long line is looked at. */
const EDGE_BYTES = 200;

/** A line that was too long. `id`: the request that it seems to answer. */
export interface SkippedLine {
  id: number | undefined;
}

/**
 * Cuts what a program writes into lines. A line that is too long is passed over without being kept, and only its beginning and
 * its end are looked at, where the id of the answered request stands.
 */
export class MessageLines {
  private readonly onLine: (line: string) => void;
  private readonly onSkipped: (line: SkippedLine) => void;
  private pieces: Buffer[] = [];
  private sizeBytes = 0;
  private head = '';
  private tail = Buffer.alloc(0);

  constructor(options: { onLine: (line: string) => void; onSkipped: (line: SkippedLine) => void }) {
    this.onLine = options.onLine;
    this.onSkipped = options.onSkipped;
  }

  /** @throws McpFault too_large for a line without an end */
  push(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      this.add(bytes.subarray(from, at));
      this.end();
      from = at + 1;
    }
    this.add(bytes.subarray(from));
  }

  private add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.sizeBytes += piece.length;
    if (this.sizeBytes <= MAX_MESSAGE_BYTES) {
      this.pieces.push(piece);
      return;
    }
    if (this.sizeBytes > MAX_SKIPPED_BYTES) throw new McpFault('too_large');
    if (this.pieces.length > 0) {
      this.head = Buffer.concat(this.pieces).subarray(0, EDGE_BYTES).toString('latin1');
      this.pieces = [];
    }
    this.tail = Buffer.concat([this.tail.subarray(-EDGE_BYTES), piece.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES);
  }

  private end(): void {
    if (this.sizeBytes <= MAX_MESSAGE_BYTES) {
      const line = Buffer.concat(this.pieces).toString('utf8').trim();
      if (line !== '') this.onLine(line);
    } else {
      this.onSkipped({ id: idIn(this.head, this.tail.toString('latin1')) });
    }
    this.pieces = [];
    this.sizeBytes = 0;
    this.head = '';
    this.tail = Buffer.alloc(0);
  }
}

/** Returns the id of a JSON-RPC answer from its first or its last members. */
function idIn(head: string, tail: string): number | undefined {
  const [, first] = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,15})\s*,/.exec(head) ?? [];
  const [, last] = /,\s*"id"\s*:\s*(\d{1,15})\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail) ?? [];
  const id = first ?? last;
  return id === undefined ? undefined : Number(id);
}
