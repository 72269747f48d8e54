import { loadSession } from './api.js';

export type PhoneMessage = { type: string } & Record<string, unknown>;

/** One connection of a softphone or a desk: messages as JSON, and frames of mu-law. */
export class PhoneSocket {
  private readonly socket: WebSocket;
  private readonly opened: Promise<boolean>;
  private isDone = false;

  constructor(
    page: 'phone' | 'agent',
    listener: { onMessage: (message: PhoneMessage) => void; onFrame: (frame: ArrayBuffer) => void; onLost: () => void },
  ) {
    const url = new URL(`/console/api/${page}`, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.socket = new WebSocket(url);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === 'string') listener.onMessage(JSON.parse(data) as PhoneMessage);
      else listener.onFrame(data);
    });
    this.opened = new Promise((resolve) => {
      this.socket.addEventListener('open', () => resolve(true));
      this.socket.addEventListener('close', () => {
        resolve(false);
        if (this.isDone) return;
        listener.onLost();
        // A browser does not say why an upgrade was refused. If the login is over, this leads to the login's page.
        void loadSession();
      });
    });
  }

  /** Resolves with whether the gateway has taken the connection. */
  whenOpen(): Promise<boolean> {
    return this.opened;
  }

  tell(message: PhoneMessage): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  send(frame: ArrayBuffer): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(frame);
  }

  close(): void {
    this.isDone = true;
    this.socket.close();
  }
}
