import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { CallsView } from '../live/calls-view.js';
import type { Sort } from '../live/order.js';
import { type TextKey, text } from '../text/text.js';
import { CallRowView } from './call-row.js';
import { useGradual } from './gradual.js';
import { type RowLayout, layoutFor, remPx, useVisibleLines, windowOf } from './row-layout.js';

const COLUMNS: readonly { name: string; sort?: Sort }[] = [
  { name: 'call' },
  { name: 'from' },
  { name: 'provider' },
  { name: 'state' },
  { name: 'duration', sort: 'newest' },
  { name: 'latency', sort: 'slowest' },
  { name: 'quiet', sort: 'quiet' },
  { name: 'escalated' },
];

/** The list of live calls. Every row has its fixed place, and beyond 200 only those near the window exist. */
export function CallsTable({ view }: { view: CallsView }) {
  const table = useRef<HTMLTableElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const layout = useSignal<RowLayout>(layoutFor(innerWidth, view.isWall.value));
  const isWall = view.isWall.value;
  useLayoutEffect(() => {
    const around = table.current?.parentElement;
    if (around == null) return undefined;
    const update = (): void => {
      const { paddingInlineEnd, paddingInlineStart } = getComputedStyle(around);
      const insidePx = around.clientWidth - Number.parseFloat(paddingInlineStart) - Number.parseFloat(paddingInlineEnd);
      const next = layoutFor(insidePx, isWall);
      if (next.kind !== layout.value.kind || next.columns !== layout.value.columns) layout.value = next;
    };
    // It calls at once, and when the layout is known anyway.
    const observer = new ResizeObserver(update);
    observer.observe(around);
    return () => observer.disconnect();
  }, [isWall]);
  useVisibleLines(() => body.current?.getBoundingClientRect().top ?? 0, layout.value);
  useHold(table, view);

  const shown = view.shown.value;
  const [from, wantedTo] = windowOf(shown.length, layout.value);
  const to = from + useGradual(wantedTo - from, ROWS_A_FRAME);
  const current = view.current.value ?? shown[0];
  const lines = Math.ceil(shown.length / layout.value.columns);
  const move = useKeyboard(view, body, layout.value);
  return (
    <table
      ref={table}
      role="table"
      class="calls"
      data-testid="calls-table"
      data-layout={layout.value.kind}
      hidden={shown.length === 0}
      aria-label={text('calls.title')}
      aria-rowcount={shown.length + 1}
      onKeyDown={move}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <ColumnHead key={column.name} {...column} view={view} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" ref={body} style={{ height: `${lines * layout.value.rowRem}rem` }}>
        {shown.slice(from, to).map((callSid, at) => {
          const row = view.rows.get(callSid);
          return row === undefined ? null : (
            <CallRowView
              key={callSid}
              row={row}
              index={from + at}
              layout={layout.value}
              isCurrent={callSid === current}
            />
          );
        })}
      </tbody>
    </table>
  );
}

function ColumnHead({ name, sort, view }: { name: string; sort?: Sort; view: CallsView }) {
  const label = text(`column.${name}` as TextKey);
  const chosen = view.sort.value;
  if (sort === undefined)
    return (
      <th role="columnheader" scope="col" class={`cell-${name}`}>
        {label}
      </th>
    );
  // The youngest calls are those that last the shortest.
  const direction = chosen === sort ? (sort === 'newest' ? 'ascending' : 'descending') : undefined;
  const isLongest = name === 'duration' && chosen === 'longest';
  const next = name === 'duration' && chosen === 'newest' ? 'longest' : sort;
  return (
    <th
      role="columnheader"
      scope="col"
      class={`cell-${name}`}
      aria-sort={isLongest ? 'descending' : (direction ?? 'none')}
    >
      <button type="button" class="column" onClick={() => view.sortBy(next)}>
        {label}
        <span class="arrow" aria-hidden="true">
          {isLongest || direction === 'descending' ? '↓' : direction === 'ascending' ? '↑' : ''}
        </span>
      </button>
    </th>
  );
}

/** How many more rows a frame draws. */
const ROWS_A_FRAME = 16;

/** Holds the order while the pointer or the focus is in the table. */
function useHold(table: { current: HTMLTableElement | null }, view: CallsView): void {
  useEffect(() => {
    const element = table.current;
    if (element === null) return undefined;
    let [isPointed, isFocused] = [false, false];
    const update = (): void => {
      view.isHeld.value = isPointed || isFocused;
    };
    const listeners: [string, (event: Event) => void][] = [
      ['pointerenter', (event) => (isPointed = (event as PointerEvent).pointerType !== 'touch')],
      ['pointerleave', () => (isPointed = false)],
      ['focusin', () => (isFocused = true)],
      ['focusout', (event) => (isFocused = element.contains((event as FocusEvent).relatedTarget as Node | null))],
    ];
    const ends = listeners.map(([type, listener]) => {
      const both = (event: Event): void => {
        listener(event);
        update();
      };
      element.addEventListener(type, both);
      return () => element.removeEventListener(type, both);
    });
    return () => {
      for (const end of ends) end();
    };
  }, []);
}

/** Moves through the rows by arrow keys. Returns the listener. */
function useKeyboard(
  view: CallsView,
  body: { current: HTMLTableSectionElement | null },
  layout: RowLayout,
): (event: KeyboardEvent) => void {
  const wanted = useRef<string | undefined>(undefined);
  const focusWanted = (): void => {
    if (wanted.current === undefined) return;
    const link = body.current?.querySelector<HTMLElement>(`[data-call-sid="${wanted.current}"] a`);
    if (link == null) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  };
  // A row far away comes into the page only after the scrolling.
  useLayoutEffect(focusWanted);
  const goTo = (index: number): void => {
    const shown = view.shown.peek();
    const callSid = shown[Math.min(Math.max(index, 0), shown.length - 1)];
    if (callSid === undefined || body.current === null) return;
    view.current.value = callSid;
    wanted.current = callSid;
    scrollToLine(body.current, Math.floor(shown.indexOf(callSid) / layout.columns), layout.rowRem * remPx());
    focusWanted();
  };
  useEffect(() => {
    view.focusRow = (callSid) => {
      const index = callSid === undefined ? 0 : view.shown.peek().indexOf(callSid);
      if (index >= 0) goTo(index);
    };
    return () => {
      view.focusRow = undefined;
    };
  });
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLAnchorElement)) return;
    const at = view.shown.peek().indexOf(view.current.peek() ?? view.shown.peek()[0] ?? '');
    const { columns } = layout;
    const steps: Record<string, number> = {
      ArrowDown: at + columns,
      ArrowUp: at - columns,
      ArrowRight: at + (columns > 1 ? 1 : 0),
      ArrowLeft: at - (columns > 1 ? 1 : 0),
      Home: 0,
      End: view.shown.peek().length - 1,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    goTo(to);
  };
}

/** Scrolls so that a line of the list is to be seen, below the head that stays in place. */
function scrollToLine(body: HTMLElement, line: number, linePx: number): void {
  const top = body.getBoundingClientRect().top + line * linePx;
  const headPx = body.previousElementSibling?.clientHeight ?? 0;
  if (top < headPx) scrollBy({ top: top - headPx - linePx, behavior: 'instant' });
  else if (top + linePx > innerHeight) scrollBy({ top: top + 2 * linePx - innerHeight, behavior: 'instant' });
}
