import { useRef } from 'preact/hooks';
import { duration } from '../live/format.js';
import { useTick, writeText } from '../live/ticker.js';

/** How long something has lasted. `sinceMs`: on the browser's clock. */
export function Elapsed({ isRunning, sinceMs }: { sinceMs: number | undefined; isRunning: boolean }) {
  const shown = useRef<HTMLSpanElement>(null);
  useTick(() => {
    if (sinceMs === undefined) writeText(shown.current, '');
    else if (isRunning) writeText(shown.current, duration(performance.now() - sinceMs));
  });
  return <span ref={shown} class="call-length" />;
}
