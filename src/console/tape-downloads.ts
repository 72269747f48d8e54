import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type Clock, sleep } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { type Refusal, beginDownload, refuse } from './answer.js';
import { type ScrubTape, ScrubbedTapes } from './scrubbed-tapes.js';
import type { TapeToSend, Tapes } from './tapes.js';

/** Maximum number of tapes that are sent at a time. Each holds a file and a connection. */
const MAX_DOWNLOADS = 4;
/** A reader that takes nothing for so long is gone. */
const IDLE_MS = 60_000;
/** Pause after each piece of a file, of 64 kB. Without it, a fast reader costs the calls of this process tens of milliseconds. */
const PAUSE_MS = 5;
const TYPE = 'application/x-ndjson';

const NONE: Refusal = { status: 404, error: 'There is no tape of this call here.' };
const WITHHELD: Refusal = {
  status: 404,
  error:
    'This gateway shows no words, so it gives out no tape. CONSOLE_TRANSCRIPTS=true lets it, where that is allowed.',
};
const BUSY: Refusal = {
  status: 503,
  error: 'Too many tapes are being sent already.',
  headers: { 'retry-after': '30' },
};

const NO_SCRUBBER: Refusal = { status: 404, error: 'This gateway cannot scrub a tape. npm run scrub does.' };
const IMPOSSIBLE: Refusal = {
  status: 409,
  error:
    'The tape cannot be scrubbed here: the call lasts, its recording broke off, or it is too long. npm run scrub says more.',
};
const SCRUBBING: Refusal = { ...BUSY, error: 'Another tape is being scrubbed.', headers: { 'retry-after': '5' } };

/** Sends the tapes of calls. A tape holds words, voices and numbers, so only where the console may show them. */
export class TapeDownloads {
  private readonly tapes: Tapes | undefined;
  private readonly showsTranscripts: boolean;
  private readonly scrubbed: ScrubbedTapes | undefined;
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly closing = new AbortController();
  private open = 0;

  constructor(options: {
    tapes: Tapes | undefined;
    scrubTape: ScrubTape | undefined;
    showsTranscripts: boolean;
    clock: Clock;
    log: Logger;
  }) {
    this.tapes = options.tapes;
    this.showsTranscripts = options.showsTranscripts;
    this.scrubbed = options.scrubTape && new ScrubbedTapes(options.scrubTape);
    this.clock = options.clock;
    this.log = options.log;
  }

  /**
   * Sends the tape of a call. Of a call that lasts, it is what is on the disk so far. With `?scrubbed=true` the tape without its
   * people, once it is whole.
   */
  async send(callSid: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Also not scrubbed: the public words of the lists stay in it, and masks of texts that the operator knows can be undone.
    if (!this.showsTranscripts) refuse(response, WITHHELD);
    else if (this.open >= MAX_DOWNLOADS) refuse(response, BUSY);
    else {
      this.open++;
      try {
        await this.sendTape(callSid, request, response);
      } finally {
        this.open--;
      }
    }
  }

  /** Nothing more is scrubbed, because the process is about to stop. */
  close(): void {
    this.closing.abort();
  }

  private async sendTape(callSid: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tape = await this.tapes?.open(callSid);
    if (tape === undefined) {
      refuse(response, NONE);
      return;
    }
    if (isScrubbedWanted(request)) {
      await tape.close();
      await this.sendScrubbed(callSid, tape, request, response);
    } else await this.sendFile(tape, { callSid, name: `${callSid}.jsonl` }, request, response);
  }

  private async sendScrubbed(
    callSid: string,
    tape: TapeToSend,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (this.scrubbed === undefined) {
      refuse(response, NO_SCRUBBER);
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const scrubbed = await this.scrubbed.make(tape, AbortSignal.any([gone.signal, this.closing.signal]));
    if (scrubbed === 'busy') refuse(response, SCRUBBING);
    else if (scrubbed === 'impossible') refuse(response, IMPOSSIBLE);
    else await this.sendFile(scrubbed, { callSid, name: `${callSid}.scrubbed.jsonl` }, request, response);
  }

  private async sendFile(
    file: Pick<TapeToSend, 'sizeBytes' | 'read' | 'close'>,
    { callSid, name }: { callSid: string; name: string },
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const pieces = request.method === 'HEAD' ? undefined : file.read();
      beginDownload(response, { type: TYPE, name, sizeBytes: file.sizeBytes });
      if (pieces === undefined) {
        response.end();
        return;
      }
      this.log.info({ call_sid: callSid }, 'console tape');
      response.setTimeout(IDLE_MS, () => response.destroy());
      // A reader that goes away is no fault, and a disk that fails shows as an answer that breaks off.
      await pipeline(this.paced(pieces), response).catch(() => undefined);
    } finally {
      await file.close();
    }
  }

  private async *paced(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let isFirst = true;
    for await (const piece of pieces) {
      if (!isFirst) await sleep(this.clock, PAUSE_MS);
      isFirst = false;
      yield piece;
    }
  }
}

function isScrubbedWanted({ url = '' }: IncomingMessage): boolean {
  return new URLSearchParams(url.split('?', 2)[1] ?? '').get('scrubbed') === 'true';
}
