import { BackendFailure, type BackendWrite, type HeldData, type JournalBackend } from '../../src/journal/backend.js';

/** A journal that this instance can be cut off from. What is in it stays, and the other instances reach it. */
export class BreakableJournal implements JournalBackend {
  private readonly backend: JournalBackend;
  private tell: (isConnected: boolean) => void = () => undefined;
  private isCut = false;

  constructor(backend: JournalBackend) {
    this.backend = backend;
  }

  get kind(): JournalBackend['kind'] {
    return this.backend.kind;
  }

  cut(): void {
    this.isCut = true;
    this.tell(false);
  }

  restore(): void {
    if (!this.isCut) return;
    this.isCut = false;
    this.tell(true);
  }

  write(write: BackendWrite): Promise<number | 'fenced'> {
    return this.isCut ? unreachable() : this.backend.write(write);
  }

  claim(callSid: string, owner: string): Promise<HeldData | undefined> {
    return this.isCut ? unreachable() : this.backend.claim(callSid, owner);
  }

  read(callSid: string): Promise<HeldData | undefined> {
    return this.isCut ? unreachable() : this.backend.read(callSid);
  }

  onConnection(callback: (isConnected: boolean) => void): void {
    this.tell = callback;
    this.backend.onConnection((isConnected) => {
      if (!this.isCut) callback(isConnected);
    });
  }

  close(): void {
    this.backend.close();
  }
}

function unreachable(): Promise<never> {
  return Promise.reject(new BackendFailure('unreachable'));
}
