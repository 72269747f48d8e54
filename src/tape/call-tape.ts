import type { Clock } from '../base/clock.js';
import { type ValueTape, withTape } from '../base/taped.js';
import type { Direction, Json, Leg, Message, TapeHead } from './format.js';
import type { Secrets } from './secrets.js';

/** Where the lines of a tape go. Never throws, and never delays the call. */
export interface LineSink {
  write(line: string): void;
  /** Abandons the tape, with a warning. */
  lose(error: unknown): void;
  /** Writes the last line and closes. Resolves when all is written, or cannot be. */
  end(line: string): Promise<void>;
}

/** Returns the next value of this name in a replay. `undefined` if the tape has no more. */
export type KnownValue = (name: string) => { value: unknown } | undefined;

/** Maximum number of lines that wait until the call is known to have begun. */
const MAX_WAITING = 200;
/** Audio is most of a tape. It holds no secret, and looking for one would cost more than all else. */
const UNSEARCHED_BYTES = 2000;

/** The recording of one call. Every edge of the call writes to it. */
export class CallTape implements ValueTape {
  readonly callSid: string;
  readonly secrets: Secrets;
  /** Whether what the caller types and says stays off the tape for now. */
  hidesCaller = false;
  private readonly clock: Clock;
  /** The monotonic clock when the call began. */
  readonly clockMs: number;
  private readonly startedAtMs: number;
  private readonly knownValue: KnownValue | undefined;
  private sink: LineSink | undefined;
  private waiting: string[] = [];
  /** `lost`: something could not be recorded, so the rest is not recorded either. */
  private state: 'open' | 'lost' | 'ended' = 'open';
  /** The moment at which the input that is being handled came. */
  private heldMs: number | undefined;
  private hasInput = false;
  private readonly counts = new Map<string, number>();
  private latestMs = 0;
  /** Number of sockets, requests and the like that are not done. */
  private openCount = 0;

  /** `knownValue`: returns the values of {@link value} in a replay. */
  constructor(options: { callSid: string; clock: Clock; secrets: Secrets; knownValue?: KnownValue | undefined }) {
    this.callSid = options.callSid;
    this.clock = options.clock;
    this.secrets = options.secrets;
    this.knownValue = options.knownValue;
    this.clockMs = options.clock.now();
    // The first input is the beginning.
    this.heldMs = this.clockMs;
    this.startedAtMs = options.clock.epochMs();
  }

  /** The head is written, and what has waited for it. */
  begin(sink: LineSink, head: TapeHead): void {
    this.sink = sink;
    if (this.state === 'lost') {
      sink.lose(new Error('something before the call began could not be recorded'));
      return;
    }
    sink.write(this.secrets.mask(JSON.stringify(head)));
    for (const line of this.waiting) sink.write(line);
    this.waiting = [];
  }

  get hasBegun(): boolean {
    return this.sink !== undefined;
  }

  /** Whether something that belongs to the call is not done. */
  get isBusy(): boolean {
    return this.openCount > 0;
  }

  /** Milliseconds since the call began. */
  get atMs(): number {
    return this.rounded(this.now());
  }

  /** The time of the last line. */
  get lastMs(): number {
    return this.latestMs;
  }

  /** When the call began, in milliseconds since the epoch. */
  get epochMs(): number {
    return this.startedAtMs;
  }

  /** The clock as the call's code reads it: while an input is handled, it stands at the moment of the input. */
  now(): number {
    return this.heldMs ?? this.clock.now();
  }

  /** When a timer that is set now is due. */
  dueMs(delayMs: number): number {
    return Math.round((this.now() - this.clockMs + Math.max(0, delayMs)) * 1000) / 1000;
  }

  /** Returns the next number of this kind. */
  number(kind: string): number {
    const number = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, number);
    return number;
  }

  opened(): void {
    this.openCount++;
  }

  closed(): void {
    this.openCount--;
  }

  /**
   * Records what came to the gateway, then runs `work`, which handles it, as a part of this call. `m` may be JSON text.
   * `atMs`: when it came, if not now.
   */
  input<T>(leg: Leg, m: Message | string, work: () => T, atMs?: number): T {
    // The time is held first, so that the call's code sees the very time that is recorded.
    this.hold();
    this.line(leg, 'in', m, atMs);
    return withTape(this, work);
  }

  output(leg: Leg, m: Message | string): void {
    this.line(leg, 'out', m);
  }

  /** Records what neither came nor was sent. */
  result(leg: Leg, m: Message | string): void {
    this.line(leg, undefined, m);
  }

  value<T>(name: string, make: () => T): T {
    const known = this.knownValue?.(name);
    const value = known === undefined ? make() : (known.value as T);
    this.line('decision', 'in', { value: name, ...(value === undefined ? {} : { is: encoded(value) }) });
    return value;
  }

  secret(name: string, make: () => string): string {
    const secret = make();
    const placeholder = `{${name}-${this.number(name)}}`;
    this.secrets.add(secret, placeholder);
    this.line('decision', 'in', { value: name, is: placeholder });
    return secret;
  }

  /** Resolves when the tape is closed. A call that never began leaves nothing. */
  async end(): Promise<void> {
    if (this.state === 'ended') return;
    this.state = 'ended';
    const t = this.atMs;
    await this.sink?.end(JSON.stringify({ end: true, t }));
  }

  private line(leg: Leg, dir: Direction | undefined, m: Message | string, atMs = this.atMs): void {
    if (this.state !== 'open') return;
    try {
      this.write(leg, dir, m, atMs);
    } catch (error) {
      // For instance a value of an extension that JSON cannot express. It costs the tape and not the call.
      this.state = 'lost';
      this.waiting = [];
      this.sink?.lose(error);
    }
  }

  private write(leg: Leg, dir: Direction | undefined, m: Message | string, atMs: number): void {
    this.latestMs = Math.max(this.latestMs, atMs);
    const json = typeof m === 'string' ? m : JSON.stringify(m);
    const text = json.length > UNSEARCHED_BYTES && leg !== 'carrier' && isAudio(json) ? json : this.secrets.mask(json);
    const line = `{"t":${this.latestMs},"leg":"${leg}",${dir === undefined ? '' : `"dir":"${dir}",`}"m":${text}}`;
    if (this.sink !== undefined) this.sink.write(line);
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(line);
  }

  private hold(): void {
    const isFirst = !this.hasInput;
    const wasHeld = this.heldMs !== undefined && !isFirst;
    this.hasInput = true;
    if (!isFirst) this.heldMs = this.clockMs + this.rounded(this.clock.now());
    if (!wasHeld)
      setImmediate(() => {
        this.heldMs = undefined;
      });
  }

  /** To a thousandth, which is how it is written. */
  private rounded(nowMs: number): number {
    return Math.max(0, Math.round((nowMs - this.clockMs) * 1000) / 1000);
  }
}

function isAudio(json: string): boolean {
  return /"(?:audio|delta|content|base64|payload)":"[A-Za-z0-9+/=]{1000}/.test(json);
}

function encoded(value: unknown): Json {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : (value as Json);
}
