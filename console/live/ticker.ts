import { useLayoutEffect, useRef } from 'preact/hooks';

/** Times on the page move four times a second, all at once. */
const TICK_MS = 250;

const ticking = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls `write` now and at every tick, as long as the component is there. It must write only what has changed. */
export function useTick(write: () => void): void {
  const latest = useRef(write);
  latest.current = write;
  useLayoutEffect(() => {
    const tick = (): void => latest.current();
    ticking.add(tick);
    timer ??= setInterval(() => {
      for (const each of ticking) each();
    }, TICK_MS);
    return () => {
      ticking.delete(tick);
      if (ticking.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  // A change of the component's data shows at once.
  useLayoutEffect(write);
}

/** Writes a text only if it is another one, because every write costs a layout. */
export function writeText(element: Element | null, content: string): void {
  if (element !== null && element.textContent !== content) element.textContent = content;
}
