import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { CallTape } from './call-tape.js';
import type { Json, Leg } from './format.js';

type Emit = (event: string, ...args: readonly unknown[]) => boolean;

/** Names a socket in the lines of its tape, like `{"stream":1}`. */
export type SocketName = Readonly<Record<string, Json>>;

/**
 * Records what passes a WebSocket, as its owner sees it: every event before the owner handles it, and everything the owner
 * does with the socket.
 */
export function tapeSocket(socket: WebSocket, tape: CallTape, leg: Leg, name: SocketName): void {
  tape.opened();
  recordEvents(socket, (event, args, pass) => {
    const m = eventOf(event, args);
    if (event === 'close') tape.closed();
    return m === undefined ? pass() : tape.input(leg, named(name, m), pass);
  });
  recordActions(socket, (m) => tape.output(leg, named(name, m)));
}

/** Calls `on` in place of every event. `pass` passes it on to the listeners. */
export function recordEvents(
  socket: WebSocket,
  on: (event: string, args: readonly unknown[], pass: () => boolean) => boolean,
): void {
  const tapped = socket as unknown as { emit: Emit };
  const emit = tapped.emit.bind(socket);
  tapped.emit = (event, ...args) => on(event, args, () => emit(event, ...args));
}

/** Calls `on` with what the owner does, as JSON text without its first brace. */
export function recordActions(socket: WebSocket, on: (m: string) => void): void {
  const close = socket.close.bind(socket);
  const send = socket.send.bind(socket) as (...args: unknown[]) => void;
  const terminate = socket.terminate.bind(socket);
  let isClosing = false;
  socket.send = (data: unknown, ...rest: unknown[]) => {
    on(`"message":${jsonOf(Buffer.from(data as Buffer).toString())}}`);
    send(data, ...rest);
  };
  socket.close = (code, reason) => {
    // ws itself answers the other side's close with this method.
    const { _closeFrameReceived: isAnswer } = socket as unknown as { _closeFrameReceived?: boolean };
    if (isAnswer !== true && !isClosing) on(`"close":${code ?? 0}}`);
    isClosing = true;
    close(code, reason);
  };
  socket.terminate = () => {
    on('"terminate":true}');
    terminate();
  };
}

/** Returns the event as JSON text without its first brace. `undefined` for one that nobody listens to. */
export function eventOf(event: string, args: readonly unknown[]): string | undefined {
  switch (event) {
    case 'open':
      return '"opened":true}';
    case 'message':
      return args[1] === true ? '"binary":true}' : `"message":${jsonOf((args[0] as Buffer).toString())}}`;
    case 'pong':
      return '"pong":true}';
    case 'unexpected-response':
      return `"refused":${(args[1] as IncomingMessage).statusCode ?? 0}}`;
    case 'error': {
      const { code, message, name } = args[0] as Error & { code?: unknown };
      return `"error":${JSON.stringify({ name, message, ...(typeof code === 'string' ? { code } : {}) })}}`;
    }
    case 'close':
      return `"closed":${Number(args[0])},"reason":${JSON.stringify(String(args[1]))}}`;
    default:
      return undefined;
  }
}

export function named(name: SocketName, m: string): string {
  return `${JSON.stringify(name).slice(0, -1)},${m}`;
}

/** Returns a message as it is, if it is JSON on one line, or else as a string. */
export function jsonOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    // A plain string would be read back as text that is no JSON.
    if (typeof value === 'string') return JSON.stringify(text);
    // Outside of strings, a line end means no more than a space.
    return /[\n\r]/.test(text) ? text.replace(/[\n\r]+/g, ' ') : text;
  } catch {
    return JSON.stringify(text);
  }
}
