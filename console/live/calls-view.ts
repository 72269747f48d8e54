import { type Signal, computed, effect, signal } from '@preact/signals';
import { named } from '../text/text.js';
import type { CallsStore, LiveCall } from './calls-store.js';
import { SORTS, type Sort, fits, kept, ordered } from './order.js';
import { remember, remembered } from './preferences.js';

/** What the list shows: which calls, in which order, and which one the keyboard is at. */
export class CallsView {
  readonly query = signal(new URLSearchParams(location.search).get('q') ?? '');
  readonly sort = signal<Sort>(SORTS.find((name) => name === remembered('sort')) ?? 'newest');
  readonly isWall = signal(new URLSearchParams(location.search).get('view') === 'wall');
  /** Whether nothing may leave its place, because somebody points at it. */
  readonly isHeld = signal(false);
  /** The CallSids that are shown, in order. */
  readonly shown = signal<readonly string[]>([]);
  /** The call that the keyboard is at. */
  readonly current = signal<string | undefined>(undefined);
  /** The calls that are shown, also those that are over while the order is held. */
  readonly rows = new Map<string, Signal<LiveCall>>();
  readonly liveCount = computed(() => {
    void this.store.version.value;
    return this.store.calls.size;
  });
  /** Moves the focus to a row, or to the first. Set by the list. */
  focusRow: ((callSid: string | undefined) => void) | undefined;
  private readonly store: CallsStore;

  constructor(store: CallsStore) {
    this.store = store;
    effect(() => this.arrange());
    effect(() => this.keepAddress());
  }

  sortBy(sort: Sort): void {
    this.sort.value = sort;
    remember('sort', sort);
  }

  private arrange(): void {
    void this.store.version.value;
    const [query, sort, isHeld] = [this.query.value, this.sort.value, this.isHeld.value];
    const fitting = [...this.store.calls.values()]
      .map((call) => call.peek())
      .filter((call) => fits(call, query, named('state', call.call.state)));
    const inOrder = ordered(fitting, sort);
    const shown = this.shown.peek();
    const next = isHeld && this.heldFor === `${query}/${sort}` ? kept(shown, inOrder) : inOrder;
    this.heldFor = `${query}/${sort}`;
    for (const callSid of next) {
      const row = this.store.get(callSid);
      if (row !== undefined) this.rows.set(callSid, row);
    }
    if (next.length === shown.length && next.every((callSid, at) => callSid === shown[at])) return;
    const shownNow = new Set(next);
    for (const callSid of this.rows.keys()) if (!shownNow.has(callSid)) this.rows.delete(callSid);
    this.shown.value = next;
  }

  /** The filter and order that are held. Another choice of the operator is not held up. */
  private heldFor = '';

  /** Keeps the filter and the view in the address, so that a reload and a bookmark lead to the same. */
  private keepAddress(): void {
    const url = new URL(location.href);
    if (this.query.value === '') url.searchParams.delete('q');
    else url.searchParams.set('q', this.query.value);
    if (this.isWall.value) url.searchParams.set('view', 'wall');
    else url.searchParams.delete('view');
    if (url.href !== location.href) history.replaceState(null, '', url);
  }
}
