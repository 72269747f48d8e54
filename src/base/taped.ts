import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Keeps the values that the code of a call takes from outside the call: random ids, and what the process has learnt from
 * other calls. A replay uses the recorded values.
 */
export interface ValueTape {
  /** Returns the value to use: that of `make`, or in a replay the recorded one. */
  value<T>(name: string, make: () => T): T;
  /** The same for a secret, of which only a placeholder is recorded. A replay draws a new one. */
  secret(name: string, make: () => string): string;
}

// Costs nothing until the first call is taped.
const current = new AsyncLocalStorage<ValueTape>();

/** Returns a value from outside the call. Without a tape it is that of `make`. */
export function taped<T>(name: string, make: () => T): T {
  const tape = current.getStore();
  return tape === undefined ? make() : tape.value(name, make);
}

/** Returns a secret. Without a tape it is that of `make`. */
export function tapedSecret(name: string, make: () => string): string {
  return current.getStore()?.secret(name, make) ?? make();
}

/** Runs `work`, and all that follows from it, as a part of the call whose tape this is. */
export function withTape<T>(tape: ValueTape, work: () => T): T {
  return current.run(tape, work);
}

/** Runs `work` as a part of no call, because a replay does not run it. */
export function withoutTape<T>(work: () => T): T {
  return current.exit(work);
}

/** Returns a function that runs work as a part of the call whose code runs now, for what comes from outside the call later. */
export function boundToTape(): <T>(work: () => T) => T {
  const tape = current.getStore();
  return (work) => (tape === undefined ? work() : current.run(tape, work));
}

/** Returns the tape of the call whose code runs now. `undefined` if that call has none. */
export function tapeHere(): ValueTape | undefined {
  return current.getStore();
}
