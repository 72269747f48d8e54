import { type KeyObject, randomInt, randomUUID } from 'node:crypto';
import { type Clock, sleep } from '../base/clock.js';
import { BackendFailure, type JournalBackend } from './backend.js';
import { ENTRY_VERSION } from './entry.js';
import { Seal } from './seal.js';

/** What a change makes of a note. Without `value` the note stays as it is. */
export interface NoteChange<Result> {
  value?: unknown;
  result: Result;
}

/**
 * Small JSON values that all instances share, each under a name and with a maximum age. Every method rejects with
 * {@link BackendFailure} if the journal does not answer, because code that continued without it would do twice what may be
 * done once.
 */
export interface SharedNotes {
  /** Returns the value under `name`. `undefined` if there is none. */
  read(name: string): Promise<unknown>;
  /** Writes a value if there is none under `name`. Resolves with whether this call has written it: of several, one has. */
  create(name: string, value: unknown, ttlMs: number): Promise<boolean>;
  /**
   * Replaces the value under `name` by what `change` makes of it, and never loses a change that another instance makes
   * meanwhile: then `change` is asked again.
   */
  change<Result>(name: string, ttlMs: number, change: (value: unknown) => NoteChange<Result>): Promise<Result>;
}

/** Names of notes begin with this. No call has such a name. */
const PREFIX = 'note.';
/** Maximum number of tries to change a note that others change, too. */
const MAX_TRIES = 12;
/** Maximum random pause before the next try. It grows with the tries. */
const PAUSE_MS = 15;

/** Keeps notes in the backend of the journal, sealed like the snapshots of calls. */
export class JournalNotes implements SharedNotes {
  private readonly backend: JournalBackend;
  private readonly seal: Seal;
  private readonly clock: Clock;
  private readonly mayOutliveKey: boolean;

  /** `mayOutliveKey`: notes that are kept for longer than a key may be. One whose key is gone counts as absent. */
  constructor(options: {
    backend: JournalBackend;
    keys: readonly [KeyObject, ...KeyObject[]];
    clock: Clock;
    mayOutliveKey?: boolean;
  }) {
    this.mayOutliveKey = options.mayOutliveKey ?? false;
    this.backend = options.backend;
    this.seal = new Seal(options.keys, ENTRY_VERSION);
    this.clock = options.clock;
  }

  async read(name: string): Promise<unknown> {
    return (await this.held(name))?.value;
  }

  async create(name: string, value: unknown, ttlMs: number): Promise<boolean> {
    return this.write(name, value, ttlMs, 1);
  }

  async change<Result>(name: string, ttlMs: number, change: (value: unknown) => NoteChange<Result>): Promise<Result> {
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      const held = await this.held(name);
      const { result, value } = change(held?.value);
      if (value === undefined || (await this.write(name, value, ttlMs, (held?.epoch ?? 0) + 1))) return result;
      await sleep(this.clock, randomInt(1, PAUSE_MS * tries));
    }
    throw new BackendFailure('contended');
  }

  /**
   * Writes under an epoch that is one above the one that was read, as an owner that nobody else is. So the backend's fence
   * refuses the write if another one came between.
   */
  private async write(name: string, value: unknown, ttlMs: number, epoch: number): Promise<boolean> {
    const place = PREFIX + name;
    const data = this.seal.close(Buffer.from(JSON.stringify(value)), place);
    return (await this.backend.write({ callSid: place, owner: randomUUID(), epoch, data, ttlMs })) !== 'fenced';
  }

  private async held(name: string): Promise<{ epoch: number; value: unknown } | undefined> {
    const place = PREFIX + name;
    const held = await this.backend.read(place);
    if (held === undefined) return undefined;
    const plain = this.seal.open(held.data, place);
    if (typeof plain === 'string') {
      if (this.mayOutliveKey && plain !== 'damaged') return { epoch: held.epoch, value: undefined };
      // Never taken for absent, because then it would be written again.
      throw new BackendFailure(plain);
    }
    return { epoch: held.epoch, value: JSON.parse(plain.toString('utf8')) as unknown };
  }
}
