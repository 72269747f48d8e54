import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';

/** Up to this many rows are all in the page. Of more, only those around the visible ones. */
const MAX_WHOLE = 200;
/** Rows beyond the visible ones, on either side. */
const MARGIN_ROWS = 12;

/** How the rows of the list are placed. Each has a fixed height, so that no row's content moves another. */
export interface RowLayout {
  kind: 'list' | 'cards' | 'wall';
  columns: number;
  rowRem: number;
}

const LIST: RowLayout = { kind: 'list', columns: 1, rowRem: 2.375 };
const CARDS: RowLayout = { kind: 'cards', columns: 1, rowRem: 7.25 };
const WALL_ROW_REM = 2.5;
const MIN_TILE_REM = 11;
/** In a window narrower than this a row becomes a card. */
const NARROW = '(max-width: 52rem)';

export function remPx(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/** Returns the layout for a box of `widthPx`. */
export function layoutFor(widthPx: number, isWall: boolean): RowLayout {
  if (isWall) {
    const columns = Math.max(1, Math.floor(widthPx / (MIN_TILE_REM * remPx())));
    return { kind: 'wall', columns, rowRem: WALL_ROW_REM };
  }
  return matchMedia(NARROW).matches ? CARDS : LIST;
}

/** Returns where the row at `index` stands. */
export function placeOf(
  index: number,
  { columns, rowRem }: RowLayout,
): { left: string; width: string; transform: string } {
  const [column, line] = [index % columns, Math.floor(index / columns)];
  return {
    left: `${(100 / columns) * column}%`,
    width: `${100 / columns}%`,
    // Not `top`, because moving a box by its place counts as a shift of the layout.
    transform: `translateY(${line * rowRem}rem)`,
  };
}

/** The lines that can be seen, from the top of the list. */
export const visibleLines = signal({ first: 0, last: 40 });

/** Keeps {@link visibleLines} while the page scrolls. `top` returns where the list begins in the window, in pixels. */
export function useVisibleLines(top: () => number, layout: RowLayout): void {
  useLayoutEffect(() => {
    let isPlanned = false;
    const update = (): void => {
      isPlanned = false;
      const linePx = layout.rowRem * remPx();
      const first = Math.floor(-top() / linePx);
      const last = Math.ceil((innerHeight - top()) / linePx);
      const { value } = visibleLines;
      if (first !== value.first || last !== value.last) visibleLines.value = { first, last };
    };
    const plan = (): void => {
      if (!isPlanned) requestAnimationFrame(update);
      isPlanned = true;
    };
    plan();
    addEventListener('scroll', plan, { passive: true });
    addEventListener('resize', plan);
    return () => {
      removeEventListener('scroll', plan);
      removeEventListener('resize', plan);
    };
  }, [layout.kind, layout.columns]);
}

/** Returns which of `count` rows must be in the page: from the first to before the second index. */
export function windowOf(count: number, { columns }: RowLayout): [number, number] {
  if (count <= MAX_WHOLE) return [0, count];
  const { first, last } = visibleLines.value;
  const from = Math.min(Math.max(0, (first - MARGIN_ROWS) * columns), count);
  return [from, Math.max(from, Math.min(count, (last + MARGIN_ROWS) * columns))];
}
