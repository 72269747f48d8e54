import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { PhonePage, PhonePages, SimulatedAccount } from '../console/phones.js';
import type { Link } from './link.js';
import { stopReading } from './pass-socket.js';
import type { ToPrimary, ToWorker } from './protocol.js';

const BUSY_MS = 2000;
const ACCOUNT_MS = 5000;

/** The telephones of the console's pages, in the primary: they outlive the worker whose call they have. */
export class LinkPhones implements PhonePages {
  private readonly link: Link<ToPrimary, ToWorker>;

  constructor(link: Link<ToPrimary, ToWorker>) {
    this.link = link;
  }

  take(page: PhonePage, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    stopReading(socket as Socket);
    const { headers, method = 'GET', url = '/' } = request;
    this.link.tell('phone-page', { page, method, url, headers, head }, socket as Socket, () => socket.destroy());
  }

  onCallState(callSid: string, state: string): void {
    this.link.tell('call-state', { callSid, state });
  }

  async makeBusy(callSid: string): Promise<boolean> {
    try {
      return await this.link.ask('make-busy', callSid, BUSY_MS);
    } catch {
      return false;
    }
  }

  async account(): Promise<SimulatedAccount> {
    const account = await this.link.ask('phone-account', undefined, ACCOUNT_MS);
    if (account === undefined) throw new TypeError('The primary has no telephones.');
    return account;
  }

  close(): Promise<void> {
    // The primary closes them.
    return Promise.resolve();
  }
}
