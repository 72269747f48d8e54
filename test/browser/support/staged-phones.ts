import type { WebSocket } from 'ws';
import type { Phones } from '../../../src/console/phones.js';
import { toneOf } from '../../support/page-phone.js';

/** What the server tells a page, such as `{ type: 'status', state: 'ringing' }`. */
export type Told = Record<string, unknown>;

const FRAME_MS = 20;
/** Maximum time until a page says something. */
const LIMIT_MS = 30_000;

/**
 * The server's side of the softphone's and the desk's pages, played by hand, so that a page can be seen in each of its states
 * for as long as a test looks at it.
 */
export class StagedPhones implements Phones {
  /** What the pages have said, in order. */
  readonly heard: Told[] = [];
  private readonly pages = { phone: new Set<WebSocket>(), agent: new Set<WebSocket>() };
  private readonly listeners = new Set<() => void>();
  private speaking: NodeJS.Timeout | undefined;

  onPhone(socket: WebSocket): void {
    this.open('phone', socket);
  }

  onAgent(socket: WebSocket): void {
    this.open('agent', socket);
    socket.send(JSON.stringify({ type: 'status', state: 'waiting' }));
  }

  makeBusy(): boolean {
    return false;
  }

  onCallState(): void {
    // The test says what the pages are told.
  }

  /** Tells every page of a kind in which state it is. One that is not connected would never know. */
  tell(page: 'phone' | 'agent', state: string, more: Told = {}): void {
    if (this.pages[page].size === 0)
      throw new Error(`No page of the ${page} is connected, so nobody can be told ${state}.`);
    for (const socket of this.pages[page]) socket.send(JSON.stringify({ type: 'status', state, ...more }));
  }

  /** Lets every page hear a tone from now on. */
  speak(): void {
    // Nine periods a frame, so that the frames fit together.
    const frame = toneOf(450, FRAME_MS);
    this.speaking ??= setInterval(() => {
      for (const socket of [...this.pages.phone, ...this.pages.agent]) socket.send(frame);
    }, FRAME_MS);
  }

  /** Resolves when a page has sent a message of this type. */
  hears(type: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`No page has said ${type}.`)), LIMIT_MS);
      const look = (): void => {
        if (!this.heard.some((told) => told['type'] === type)) return;
        clearTimeout(limit);
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
      look();
    });
  }

  close(): Promise<void> {
    clearInterval(this.speaking);
    for (const socket of [...this.pages.phone, ...this.pages.agent]) socket.terminate();
    return Promise.resolve();
  }

  private open(page: 'phone' | 'agent', socket: WebSocket): void {
    this.pages[page].add(socket);
    socket.on('close', () => this.pages[page].delete(socket));
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) return;
      this.heard.push(JSON.parse(data.toString()) as Told);
      for (const look of this.listeners) look();
    });
  }
}
