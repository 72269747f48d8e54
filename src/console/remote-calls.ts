import type { Clock } from '../base/clock.js';
import type { CallRow } from './messages.js';
import type { InstanceUpdate } from './other-instances.js';

/** Maximum time without a sign of life. Then the rows of the instance may be wrong. */
const SILENT_AFTER_MS = 10_000;
/** How long such rows are kept. By then their calls have ended or continue elsewhere. */
const FORGET_AFTER_MS = 300_000;

interface Instance {
  rows: Map<string, CallRow>;
  lastMs: number;
  isSilent: boolean;
}

/** What a watching instance knows of the calls of the others. Its methods return the CallSids whose rows have changed. */
export class RemoteCalls {
  private readonly clock: Clock;
  private readonly instances = new Map<string, Instance>();
  private losses = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get callSids(): string[] {
    return [...this.instances.values()].flatMap(({ rows }) => [...rows.keys()]);
  }

  /** Returns the row of a call. Of two, it is the one whose instance is alive. */
  row(callSid: string): CallRow | undefined {
    let found: CallRow | undefined;
    for (const { isSilent, rows } of this.instances.values()) {
      const row = rows.get(callSid);
      if (row === undefined) continue;
      if (!isSilent) return row;
      found = { ...row, silent: true };
    }
    return found;
  }

  update(name: string, { calls, gone }: Pick<InstanceUpdate, 'calls' | 'gone'>): string[] {
    const known = this.instances.get(name) ?? { rows: new Map<string, CallRow>(), lastMs: 0, isSilent: false };
    const back = known.isSilent ? [...known.rows.keys()] : [];
    known.lastMs = this.clock.now();
    known.isSilent = false;
    this.instances.set(name, known);
    for (const row of calls) {
      this.takenFromLost(row.callSid);
      known.rows.set(row.callSid, row);
    }
    for (const callSid of gone) known.rows.delete(callSid);
    return [...back, ...calls.map(({ callSid }) => callSid), ...gone];
  }

  /** A living instance has the call, so what was known of it from one that is silent no longer counts. */
  takenFromLost(callSid: string): void {
    for (const { isSilent, rows } of this.instances.values()) if (isSilent) rows.delete(callSid);
  }

  /** The instance is gone. Another one may come under its name, and knows nothing of these calls. */
  lost(name: string): string[] {
    const known = this.instances.get(name);
    if (known === undefined) return [];
    this.instances.delete(name);
    known.isSilent = true;
    this.instances.set(`${name} (lost ${++this.losses})`, known);
    return [...known.rows.keys()];
  }

  /** Looks for instances that have fallen silent, and forgets them later. */
  sweep(): string[] {
    const nowMs = this.clock.now();
    return [...this.instances].flatMap(([name, instance]) => {
      const silentMs = nowMs - instance.lastMs;
      const isOver = silentMs >= FORGET_AFTER_MS;
      if (silentMs < SILENT_AFTER_MS || (instance.isSilent && !isOver)) return [];
      instance.isSilent = true;
      if (isOver) this.instances.delete(name);
      return [...instance.rows.keys()];
    });
  }

  clear(): void {
    this.instances.clear();
    this.losses = 0;
  }
}
