import type { Clock } from '../base/clock.js';

/** Maximum number of wrong tries of one address in {@link WINDOW_MS}. */
const MAX_WRONG = 10;
const WINDOW_MS = 60_000;
/** Maximum number of addresses that are remembered. The oldest is forgotten first. */
const MAX_ADDRESSES = 1000;

interface Tries {
  wrong: number;
  sinceMs: number;
}

/** Limits how many wrong tokens an address may try. Its memory is bounded, however many addresses there are. */
export class LoginLimit {
  private readonly clock: Clock;
  /** Oldest first. */
  private readonly tries = new Map<string, Tries>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Returns the seconds until the address may try again. 0 if it may now. */
  waitSeconds(address: string | undefined): number {
    const known = this.known(keyOf(address));
    if (known === undefined || known.wrong < MAX_WRONG) return 0;
    return Math.max(1, Math.ceil((known.sinceMs + WINDOW_MS - this.clock.now()) / 1000));
  }

  /** Called when the address has tried a wrong token. */
  wrong(address: string | undefined): void {
    const key = keyOf(address);
    const known = this.known(key);
    if (known !== undefined) {
      known.wrong++;
      return;
    }
    this.tries.set(key, { wrong: 1, sinceMs: this.clock.now() });
    const [oldest] = this.tries.keys();
    if (oldest !== undefined && this.tries.size > MAX_ADDRESSES) this.tries.delete(oldest);
  }

  private known(key: string): Tries | undefined {
    const tries = this.tries.get(key);
    if (tries === undefined || this.clock.now() - tries.sinceMs < WINDOW_MS) return tries;
    this.tries.delete(key);
    return undefined;
  }
}

/** Returns what counts as one address. Of IPv6 it is the network of 64 bits, because one customer has all its addresses. */
function keyOf(address = ''): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!bare.includes(':')) return bare;
  const [head = '', tail] = (bare.split('%', 1)[0] ?? '').split('::');
  const groups = (part = ''): string[] => (part === '' ? [] : part.split(':'));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...groups(tail)];
  return all.slice(0, 4).join(':');
}
