/** Where sealed entries lie. Knows nothing of what is in them; keeps the fence that lets one instance at a time go on with a call. */
export interface JournalBackend {
  /** `primary`: the memory of the process that all workers of this machine have in common. */
  readonly kind: 'memory' | 'primary' | 'redis';
  /**
   * Puts `data` in the place of what is there, unless another owner holds the call by the same or a later epoch. Gives
   * the epoch it is held by now. Rejects with {@link BackendFailure}.
   */
  write(write: BackendWrite): Promise<number | 'fenced'>;
  /** Makes `owner` the holder by a new epoch, atomically. Undefined when nothing is there. Rejects with {@link BackendFailure}. */
  claim(callSid: string, owner: string): Promise<HeldData | undefined>;
  /** The same without becoming the holder. */
  read(callSid: string): Promise<HeldData | undefined>;
  /** Calls back at each new connection (what was written may be gone) and at the loss of one. */
  onConnection(callback: (isConnected: boolean) => void): void;
  close(): void;
}

export interface BackendWrite {
  callSid: string;
  owner: string;
  /** `'unread'`: takes the call from whoever holds it, by a new epoch. */
  epoch: number | 'unread';
  data: Buffer;
  /** Forgotten after this time. */
  ttlMs: number;
}

export interface HeldData {
  epoch: number;
  data: Buffer;
}

/** Why a backend could not do what it was asked. Holds nothing of the request. */
export class BackendFailure extends Error {
  /** A short word for the log, for instance the first word of Redis' error: `OOM`, `READONLY`, `NOAUTH`. */
  readonly kind: string;

  constructor(kind: string) {
    super(kind);
    this.name = 'BackendFailure';
    this.kind = kind;
  }
}
