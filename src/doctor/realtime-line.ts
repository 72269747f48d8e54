import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { codeText, member, whyUnreached } from './ask.js';

/** An event of the service, with the fields that it sent. */
export interface LineEvent {
  type: string;
  [field: string]: unknown;
}

/** The service answered the upgrade with an HTTP status. */
export interface LineRefused {
  status: number;
  code: string | undefined;
}

const MAX_REFUSAL_BYTES = 16 * 1024;

/** A plain connection to an OpenAI Realtime service, for questions. Unlike the gateway's it shows every event as it came. */
export class RealtimeLine {
  private readonly socket: WebSocket;
  private readonly events: LineEvent[] = [];
  private wake: () => void = () => undefined;
  private isOver = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data, isBinary) => {
      const event = isBinary ? undefined : eventOf((data as Buffer).toString());
      if (event !== undefined) this.events.push(event);
      this.wake();
    });
    socket.on('close', () => {
      this.isOver = true;
      this.wake();
    });
  }

  /** Never rejects. The connection ends with the signal. */
  static open(
    url: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RealtimeLine | LineRefused | { why: string }> {
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { headers: { ...headers }, perMessageDeflate: false });
      const line = new RealtimeLine(socket);
      socket.on('open', () => resolve(line));
      socket.on('unexpected-response', (_request, response) => {
        void refusalOf(response).then((refused) => {
          resolve(refused);
          socket.terminate();
        });
      });
      socket.on('error', (error) => resolve({ why: whyUnreached(error) }));
      socket.on('close', () => resolve({ why: 'the connection broke' }));
      signal.addEventListener('abort', () => socket.terminate());
    });
  }

  send(event: Readonly<Record<string, unknown>>): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(event));
  }

  /** Resolves with the next event of one of these types, and drops those before it. `undefined` if the line is over. */
  async next(...types: readonly string[]): Promise<LineEvent | undefined> {
    for (;;) {
      for (let event = this.events.shift(); event !== undefined; event = this.events.shift())
        if (types.includes(event.type)) return event;
      if (this.isOver) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.close(1000);
    this.socket.terminate();
  }
}

/** The code and the field of an `error` event. Its message is not shown, because it is free text. */
export function errorOf(event: LineEvent): { code: string; param: string } {
  const error = event['error'];
  return {
    code: codeText(member(error, 'code')) ?? codeText(member(error, 'type')) ?? 'no code',
    param: codeText(member(error, 'param')) ?? '',
  };
}

function eventOf(text: string): LineEvent | undefined {
  try {
    const event: unknown = JSON.parse(text);
    return typeof member(event, 'type') === 'string' ? (event as LineEvent) : undefined;
  } catch {
    return undefined;
  }
}

async function refusalOf(response: IncomingMessage): Promise<LineRefused> {
  let text = '';
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      text += part.toString();
      if (text.length > MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // The status alone says enough.
  }
  const error = eventOf(`{"type":"refusal","body":${text === '' ? 'null' : text}}`)?.['body'];
  return { status: response.statusCode ?? 0, code: codeText(member(error, 'error', 'code')) };
}
