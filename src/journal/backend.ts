/**
 * Stores sealed entries without knowing their content. Keeps the fence (owner and epoch) that lets only one instance at a
 * time write a call.
 */
export interface JournalBackend {
  /** `primary` is the memory of the process that all workers of this machine share. */
  readonly kind: 'memory' | 'primary' | 'redis';
  /**
   * Replaces the stored data, unless another owner holds the call with the same or a later epoch. Resolves to the epoch
   * that now holds the call. Rejects with {@link BackendFailure}.
   */
  write(write: BackendWrite): Promise<number | 'fenced'>;
  /**
   * Makes `owner` the holder with a new epoch, atomically. Resolves to `undefined` if nothing is stored. Rejects with
   * {@link BackendFailure}.
   */
  claim(callSid: string, owner: string): Promise<HeldData | undefined>;
  /** Reads like `claim`, but does not change the holder. */
  read(callSid: string): Promise<HeldData | undefined>;
  /** Calls back with `true` at each new connection, because the stored data may be gone, and with `false` at each loss. */
  onConnection(callback: (isConnected: boolean) => void): void;
  close(): void;
}

export interface BackendWrite {
  callSid: string;
  owner: string;
  /** `'unread'` takes the call from any holder, with a new epoch. */
  epoch: number | 'unread';
  data: Buffer;
  /** Maximum age of the entry; then the backend drops it. */
  ttlMs: number;
}

export interface HeldData {
  epoch: number;
  data: Buffer;
  /** How long ago the data was written, by the backend's clock. `undefined` if it does not say. */
  ageMs?: number | undefined;
}

/** Why a request to a backend failed. Holds nothing of the request. */
export class BackendFailure extends Error {
  /** A short word for the log, for example the first word of Redis' error: `OOM`, `READONLY`, `NOAUTH`. */
  readonly kind: string;

  constructor(kind: string) {
    super(kind);
    this.name = 'BackendFailure';
    this.kind = kind;
  }
}
