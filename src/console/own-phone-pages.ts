import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Refusal, refuseUpgrade } from './answer.js';
import type { PhonePage, PhonePages, Phones } from './phones.js';

/** Maximum number of connections of softphones and desks. */
const MAX_PAGES = 20;
/** A page sends frames of 160 bytes, and short messages. */
const MAX_MESSAGE_BYTES = 1024;

const FULL: Refusal = {
  status: 503,
  error: 'Too many telephones and desks are open already.',
  headers: { 'retry-after': '30' },
};

/** The telephones of the console's pages, in this process. */
export class OwnPhonePages implements PhonePages {
  private readonly phones: Phones;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });

  constructor(phones: Phones) {
    this.phones = phones;
  }

  take(page: PhonePage, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.sockets.clients.size >= MAX_PAGES) {
      refuseUpgrade(socket, FULL);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      if (page === 'phone') this.phones.onPhone(webSocket);
      else this.phones.onAgent(webSocket);
    });
  }

  onCallState(callSid: string, state: string): void {
    this.phones.onCallState(callSid, state);
  }

  makeBusy(callSid: string): boolean | Promise<boolean> {
    return this.phones.makeBusy(callSid);
  }

  get account(): PhonePages['account'] {
    return this.phones.account?.bind(this.phones);
  }

  async close(): Promise<void> {
    await this.phones.close();
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }
}
