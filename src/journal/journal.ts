import { SILENCE_BUDGET } from '../base/silence-budget.js';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { setLoopTimer } from '../base/loop-timer.js';
import type { Logger } from '../telemetry/log.js';
import { BackendFailure, type HeldData, type JournalBackend } from './backend.js';
import { BackendWatch } from './backend-watch.js';
import { asOfNow, byOwnClock } from './entry-times.js';
import { ENTRY_VERSION, type JournalEntry, deserialize, serialize, tombstone } from './entry.js';
import { type JournalFact, deserializeFact, factPlace, serializeFact } from './fact.js';
import { Seal } from './seal.js';

/** The result of an instance's attempt to take over a call it does not know. */
export type Claim =
  /**
   * This instance now holds the call, and the writes of others are refused. `wasOurs` means that no other instance has held
   * it since this one wrote it.
   */
  | { status: 'claimed'; entry: JournalEntry; wasOurs: boolean }
  /** The journal has no entry for this call, or the entry cannot be read (the log says why). */
  | { status: 'absent' }
  /** The journal did not answer in time. The call continues without memory, and the next note takes it from any holder. */
  | { status: 'unavailable' };

export interface JournalHealth {
  backend: JournalBackend['kind'];
  /** `false` while snapshots cannot be written. A call whose instance dies then loses its memory. */
  isUp: boolean;
  /** Number of calls whose latest snapshot is not written yet. */
  unwritten: number;
}

/** Keeps a snapshot of every call outside the instance, so that another instance can take the call over. */
export interface Journal {
  readonly health: JournalHealth;
  /**
   * Replaces the snapshot of a call. Returns at once and never throws. The snapshot is written later, and only the latest
   * one is. `entry` must not change afterwards.
   */
  note(entry: JournalEntry): void;
  /**
   * Takes a call over. Settles within half a second, not counting the lateness of the event loop, and never rejects.
   */
  claim(callSid: string): Promise<Claim>;
  /** Reads a call's entry without taking the call over. */
  peek(callSid: string): Promise<JournalEntry | undefined>;
  /**
   * Leaves a fact about a call that another instance holds, without taking the call over. Returns at once and never throws. The
   * fact is lost if the backend does not take it.
   */
  tell(callSid: string, fact: JournalFact): void;
  /** Reads what another instance has left with {@link tell}. Settles like `claim`. */
  told(callSid: string): Promise<JournalFact | undefined>;
  /**
   * Ends a call. Erases what was said at once, and remembers for ten minutes that the call is over, for late requests.
   * `announce`: the line of the gateway that Twilio was told to say last.
   */
  forget(callSid: string, outcome: string, announce?: string): void;
  /**
   * Waits until every noted snapshot, or that of `callSid`, is written or cannot be, for at most two seconds. Resolves to
   * `true` if it is written.
   */
  flush(callSid?: string): Promise<boolean>;
  /** Flushes, then closes the backend. */
  close(): Promise<void>;
}

/** Closed sets, for metrics. */
export type WriteOutcome = 'written' | 'failed' | 'fenced' | 'dropped';
export type ClaimOutcome = Claim['status'] | 'unreadable';

export interface JournalOptions {
  backend: JournalBackend;
  /** The first key encrypts; all of them decrypt. */
  keys: readonly [KeyObject, ...KeyObject[]];
  /** Identifies this process. A new one is drawn at each start. */
  instanceId: string;
  clock: Clock;
  /** The clock of the calls, by which the times in the entries are. By default the same. */
  callClock?: Clock | undefined;
  log: Logger;
  onWrite?: (outcome: WriteOutcome) => void;
  onClaim?: (outcome: ClaimOutcome) => void;
  onHealth?: (isUp: boolean) => void;
  /** Called when another instance has taken this call over. */
  onLost?: (callSid: string) => void;
}

const FLUSH_MS = 2000;
/** Maximum number of concurrent writes. It is low, so that the rewriting after an outage leaves the event loop to audio. */
const MAX_IN_FLIGHT = 8;
/** Maximum number of calls. Further ones are not written. */
const MAX_CALLS = 10_000;
/** Maximum age of a snapshot. A call that was not written for this long has been abandoned. */
const LIVE_TTL_MS = 3_600_000;
/** The same during a dial. Twilio's longest dial takes four hours, and nothing is written meanwhile. */
const DIALLING_TTL_MS = 4.5 * 3_600_000;
/**
 * How long the journal remembers that a call is over. It is longer than the pause between two notes of a quiet call, so
 * that an instance which still notes the call is refused.
 */
const ENDED_TTL_MS = 10 * 60_000;
/** A key that no call has. */
const PROBE_SID = 'probe';

interface Account {
  entry: JournalEntry;
  /** When the entry was noted, by the monotonic clock. While the backend is away, it is written much later. */
  notedMs: number;
  epoch: number | 'unread';
  /** `rewriting` means that a newer snapshot arrived while one is being written. */
  phase: 'saved' | 'waiting' | 'writing' | 'rewriting';
}

/** A pending call of `flush`. */
interface Flush {
  isDone: () => boolean;
  finish: () => void;
}

/** Keeps the latest snapshot of every call of this instance and writes it to a backend, one write a call at a time. */
export class CallJournal implements Journal {
  private readonly options: JournalOptions;
  private readonly seal: Seal;
  private readonly callClock: Clock;
  private readonly accounts = new Map<string, Account>();
  /** Calls waiting to be written, oldest first. */
  private readonly waiting = new Set<string>();
  /** The epochs of calls that were claimed but not noted yet. The oldest are dropped first. */
  private readonly claims = new Map<string, number | 'unread'>();
  private readonly flushing = new Set<Flush>();
  private readonly watch: BackendWatch;
  private inFlight = 0;
  private pump: NodeJS.Immediate | undefined;

  constructor(options: JournalOptions) {
    this.options = options;
    this.callClock = options.callClock ?? options.clock;
    this.seal = new Seal(options.keys, ENTRY_VERSION);
    this.watch = new BackendWatch({
      clock: options.clock,
      log: options.log,
      isUpAtStart: options.backend.kind !== 'redis',
      attempt: () => this.attempt(),
      waiting: () => this.waiting.size,
      onHealth: options.onHealth,
    });
    options.backend.onConnection((isConnected) => this.onConnection(isConnected));
  }

  get health(): JournalHealth {
    return {
      backend: this.options.backend.kind,
      isUp: this.watch.isUp,
      unwritten: this.waiting.size + this.inFlight,
    };
  }

  note(entry: JournalEntry): void {
    if (this.watch.isClosed) return;
    const { callSid } = entry;
    const known = this.accounts.get(callSid);
    if (known !== undefined) {
      if (known.entry.stand.name === 'ended') return;
      known.entry = entry;
      known.notedMs = this.callClock.now();
      this.toWrite(callSid, known);
      return;
    }
    if (this.accounts.size >= MAX_CALLS) {
      this.options.onWrite?.('dropped');
      return;
    }
    const notedMs = this.callClock.now();
    const account: Account = { entry, notedMs, epoch: this.claims.get(callSid) ?? 1, phase: 'saved' };
    this.claims.delete(callSid);
    this.accounts.set(callSid, account);
    this.toWrite(callSid, account);
  }

  async claim(callSid: string): Promise<Claim> {
    const { backend, instanceId, onClaim } = this.options;
    const held = await this.ask(() => backend.claim(callSid, instanceId));
    const claim = this.claimOf(callSid, held);
    const known = this.accounts.get(callSid);
    if (claim.status === 'claimed' && typeof held === 'object') claim.wasOurs = known?.epoch === held.epoch - 1;
    if (held !== undefined) this.remember(callSid, held === 'unavailable' ? 'unread' : held.epoch);
    onClaim?.(claim.status === 'absent' && held !== undefined ? 'unreadable' : claim.status);
    return claim;
  }

  async peek(callSid: string): Promise<JournalEntry | undefined> {
    const held = await this.ask(() => this.options.backend.read(callSid));
    const found = this.claimOf(callSid, held);
    return found.status === 'claimed' ? found.entry : undefined;
  }

  tell(callSid: string, fact: JournalFact): void {
    if (this.watch.isClosed) return;
    const { backend, instanceId: owner, log } = this.options;
    const place = factPlace(callSid);
    const data = this.seal.close(serializeFact(fact), place);
    backend.write({ callSid: place, owner, epoch: 'unread', data, ttlMs: ENDED_TTL_MS }).catch((error: unknown) => {
      const kind = error instanceof BackendFailure ? error.kind : 'fault';
      log.warn(
        { call_sid: callSid, kind },
        'the journal did not take what Twilio reported about a call of another instance',
      );
    });
  }

  async told(callSid: string): Promise<JournalFact | undefined> {
    const place = factPlace(callSid);
    const held = await this.ask(() => this.options.backend.read(place));
    if (typeof held !== 'object') return undefined;
    const plain = this.seal.open(held.data, place);
    return typeof plain === 'string' ? undefined : deserializeFact(plain);
  }

  forget(callSid: string, outcome: string, announce?: string): void {
    this.claims.delete(callSid);
    const account = this.accounts.get(callSid);
    if (account !== undefined) this.note(tombstone(account.entry, outcome, announce));
  }

  async flush(callSid?: string): Promise<boolean> {
    const isDone = (): boolean => (callSid === undefined ? this.isIdle : this.isSettled(callSid));
    const isWritten = (): boolean =>
      callSid === undefined
        ? this.inFlight === 0 && this.waiting.size === 0
        : this.accounts.get(callSid)?.phase === 'saved';
    if (isDone()) return isWritten();
    return new Promise<boolean>((resolve) => {
      const finish = (): void => {
        limit.cancel();
        this.flushing.delete(flush);
        // Read now, so that a later note does not change the result.
        resolve(isWritten());
      };
      const flush = { isDone, finish };
      const limit = this.options.clock.setTimer(FLUSH_MS, finish);
      this.flushing.add(flush);
    });
  }

  async close(): Promise<void> {
    await this.flush();
    if (this.watch.isClosed) return;
    this.watch.close();
    clearImmediate(this.pump);
    this.accounts.clear();
    this.waiting.clear();
    this.options.backend.close();
  }

  /** Whether no write is pending and none can be started now. */
  private get isIdle(): boolean {
    return this.inFlight === 0 && (this.waiting.size === 0 || !this.watch.isUp);
  }

  /** Whether the call's latest snapshot is written, or its write cannot be started now. */
  private isSettled(callSid: string): boolean {
    const phase = this.accounts.get(callSid)?.phase ?? 'saved';
    return phase === 'saved' || (phase === 'waiting' && !this.watch.isUp);
  }

  private toWrite(callSid: string, account: Account): void {
    if (account.phase === 'writing' || account.phase === 'rewriting') {
      account.phase = 'rewriting';
      return;
    }
    account.phase = 'waiting';
    this.waiting.add(callSid);
    this.pumpSoon();
  }

  /** Writes one entry in each turn of the event loop, because encrypting a long one takes a while and audio comes first. */
  private pumpSoon(): void {
    if (this.pump !== undefined || !this.watch.isUp) return;
    if (this.waiting.size === 0 || this.inFlight >= MAX_IN_FLIGHT) return;
    this.pump = setImmediate(() => {
      this.pump = undefined;
      this.writeNext();
      this.pumpSoon();
    });
  }

  private writeNext(): void {
    const [callSid] = this.waiting;
    if (callSid === undefined) return;
    this.waiting.delete(callSid);
    const account = this.accounts.get(callSid);
    if (account !== undefined) void this.write(callSid, account);
  }

  private async write(callSid: string, account: Account): Promise<void> {
    const { callClock } = this;
    const { backend, instanceId: owner, onWrite } = this.options;
    const { entry, epoch, notedMs } = account;
    account.phase = 'writing';
    this.inFlight++;
    try {
      const now = asOfNow(entry, callClock.epochMs(), callClock.now() - notedMs);
      const data = this.seal.close(serialize(now), callSid);
      const result = await backend.write({ callSid, owner, epoch, data, ttlMs: ttlOf(entry) });
      this.inFlight--;
      this.watch.wentUp();
      this.onWritten(callSid, account, entry, result);
    } catch (error) {
      this.inFlight--;
      onWrite?.('failed');
      if (this.accounts.get(callSid) === account) {
        account.phase = 'waiting';
        this.waiting.add(callSid);
      }
      this.watch.wentDown(error);
    }
    this.pumpSoon();
    for (const flush of this.flushing) if (flush.isDone()) flush.finish();
  }

  private onWritten(callSid: string, account: Account, entry: JournalEntry, result: number | 'fenced'): void {
    const { log, onLost, onWrite } = this.options;
    if (this.watch.isClosed) return;
    if (result === 'fenced') {
      onWrite?.('fenced');
      this.accounts.delete(callSid);
      if (entry.stand.name === 'ended') return;
      log.info({ call_sid: callSid }, 'another instance has taken this call over');
      onLost?.(callSid);
      return;
    }
    onWrite?.('written');
    // The answer to a write may come after that of a later claim.
    account.epoch = account.epoch === 'unread' ? result : Math.max(account.epoch, result);
    const isNewer = account.phase === 'rewriting';
    account.phase = 'saved';
    if (isNewer) this.toWrite(callSid, account);
    else if (entry.stand.name === 'ended') this.accounts.delete(callSid);
  }

  /** Tries one write, or a read if no write is waiting, so that a backend in trouble does not receive all of them. */
  private attempt(): void {
    if (this.waiting.size > 0) {
      this.writeNext();
      return;
    }
    this.options.backend.read(PROBE_SID).then(
      () => {
        this.watch.wentUp();
        this.pumpSoon();
      },
      (error: unknown) => this.watch.wentDown(error),
    );
  }

  private onConnection(isConnected: boolean): void {
    if (this.watch.isClosed) return;
    if (!isConnected) {
      if (this.watch.isUp) this.watch.wentDown(new BackendFailure('unreachable'));
      return;
    }
    // Redis may have lost all data while it was unreachable, so every call is written again.
    for (const [callSid, account] of this.accounts) this.toWrite(callSid, account);
    this.watch.probe();
  }

  private async ask(question: () => Promise<HeldData | undefined>): Promise<HeldData | undefined | 'unavailable'> {
    return new Promise((resolve) => {
      const limit = setLoopTimer(this.options.clock, SILENCE_BUDGET.journalClaimMs, () => resolve('unavailable'));
      question()
        .then(resolve, () => resolve('unavailable'))
        .finally(() => limit.cancel());
    });
  }

  private claimOf(callSid: string, held: HeldData | undefined | 'unavailable'): Claim {
    const { log } = this.options;
    if (held === undefined) return { status: 'absent' };
    if (held === 'unavailable') {
      log.error({ call_sid: callSid }, 'the journal did not answer in time; the call continues without its memory');
      return { status: 'unavailable' };
    }
    const plain = this.seal.open(held.data, callSid);
    const entry = typeof plain === 'string' ? undefined : deserialize(plain);
    if (entry !== undefined)
      return { status: 'claimed', entry: byOwnClock(entry, this.callClock.epochMs(), held.ageMs), wasOurs: false };
    const reason = typeof plain === 'string' ? plain : 'other_form';
    log.error(
      { call_sid: callSid, reason },
      'the journal entry cannot be read; check that all instances have the same JOURNAL_KEY',
    );
    return { status: 'absent' };
  }

  private remember(callSid: string, epoch: number | 'unread'): void {
    const account = this.accounts.get(callSid);
    if (account !== undefined) {
      account.epoch = epoch;
      return;
    }
    this.claims.set(callSid, epoch);
    const [oldest] = this.claims.keys();
    if (this.claims.size > MAX_CALLS && oldest !== undefined) this.claims.delete(oldest);
  }
}

function ttlOf({ stand }: JournalEntry): number {
  if (stand.name === 'ended') return ENDED_TTL_MS;
  return stand.name === 'dialling' ? DIALLING_TTL_MS : LIVE_TTL_MS;
}
