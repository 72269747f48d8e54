import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { WebSocket } from 'ws';
import type { WatchMessages } from '../../src/console/messages.js';

// For tests of the console: watchers over both wires, and what they were told.

export type Told = { [Name in keyof WatchMessages]: { event: Name; data: WatchMessages[Name] } }[keyof WatchMessages];

/** What one watcher of a console was told, in order. */
export class ConsoleWatcher {
  readonly told: Told[] = [];
  comments = 0;
  isClosed = false;
  /** Sends the reader away. */
  close: () => void = () => undefined;
  /** Stops reading, as a page does that hangs. */
  pause: () => void = () => undefined;

  /** The data of all messages of this name so far. */
  of<Name extends keyof WatchMessages>(name: Name): WatchMessages[Name][] {
    return this.told.flatMap(({ data, event }) => (event === name ? [data as WatchMessages[Name]] : []));
  }
}

/** Watches as a script does. Resolves when the answer begins. */
export function watchEvents(base: string, query = '', headers: Record<string, string> = {}): Promise<ConsoleWatcher> {
  const { hostname, port } = new URL(base);
  const watcher = new ConsoleWatcher();
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = request({
      hostname,
      port,
      path: `/console/api/events${query}`,
      headers,
      agent: false,
    });
    asked.on('response', (response: IncomingMessage) => {
      if (response.statusCode !== 200 || response.headers['content-type'] !== 'text/event-stream') {
        reject(new Error(`answered ${response.statusCode}`));
        response.destroy();
        return;
      }
      watcher.close = () => response.destroy();
      watcher.pause = () => response.pause();
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const [first = '', second = ''] = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          if (first.startsWith(':')) watcher.comments++;
          else watcher.told.push({ event: first.slice(7), data: JSON.parse(second.slice(6)) as unknown } as Told);
        }
      });
      response.on('close', () => (watcher.isClosed = true));
      response.on('error', () => undefined);
      resolve(watcher);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Watches as a page does. Resolves when the socket is open. */
export function watchSocket(base: string, query = '', headers: Record<string, string> = {}): Promise<ConsoleWatcher> {
  const { host } = new URL(base);
  const watcher = new ConsoleWatcher();
  const socket = new WebSocket(`ws://${host}/console/api/events${query}`, {
    headers: { origin: `http://${host}`, ...headers },
  });
  watcher.close = () => socket.terminate();
  watcher.pause = () => socket.pause();
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) watcher.told.push(JSON.parse(data.toString()) as Told);
  });
  socket.on('ping', () => watcher.comments++);
  socket.on('close', () => (watcher.isClosed = true));
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(watcher));
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => reject(new Error(`answered ${response.statusCode}`)));
  });
}
