import { useLayoutEffect, useState } from 'preact/hooks';

/**
 * Returns how many of `count` things to draw now: all of them in the end, `aFrame` more with each frame. All at once would block
 * the page for longer than anybody should wait.
 */
export function useGradual(count: number, aFrame: number): number {
  const [drawn, setDrawn] = useState(aFrame);
  const isMore = drawn < count;
  useLayoutEffect(() => {
    if (!isMore) {
      if (drawn > count + aFrame) setDrawn(count + aFrame);
      return undefined;
    }
    const frame = requestAnimationFrame(() => setDrawn(drawn + aFrame));
    return () => cancelAnimationFrame(frame);
  }, [isMore, drawn, count]);
  return Math.min(drawn, count);
}
