import { useLayoutEffect, useRef } from 'preact/hooks';

const NEAR_PX = 24;

/**
 * Returns a reference for a box that scrolls. It stays at its end as it grows, unless somebody has scrolled up. `isLive`: whether
 * it grows because something happens, and not because a tape was opened.
 */
export function useFollowEnd(length: number, isLive: boolean): { current: HTMLDivElement | null } {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(isLive);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || !isLive) return undefined;
    const note = (): void => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    };
    element.addEventListener('scroll', note, { passive: true });
    return () => element.removeEventListener('scroll', note);
  }, []);
  useLayoutEffect(() => {
    if (isAtEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [length]);
  return box;
}
