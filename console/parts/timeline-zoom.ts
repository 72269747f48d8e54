import { useLayoutEffect, useRef, useState } from 'preact/hooks';

const STEP = 1.25;
/** Room after the end of the track, in pixels. */
const END_PX = 16;
/** At most this many pixels a second: a frame of 20 ms is then 6 pixels wide. */
const MAX_PX_PER_MS = 0.3;

export interface Zoom {
  pxPerMs: number;
  isFit: boolean;
  /** Zooms in (above 0) or out around a place in the box, in pixels from its left. By default around its middle. */
  zoom: (steps: number, aroundPx?: number) => boolean;
  fit: () => void;
  /** Scrolls so that a moment can be seen. */
  show: (atMs: number) => void;
}

/** The scale of the timeline: all of it in the box, or as much as the operator wants. `box` scrolls, and `trackStartPx` is what stands before the track in it. */
export function useZoom(box: { current: HTMLElement | null }, lengthMs: number, trackStartPx: () => number): Zoom {
  const [widthPx, setWidthPx] = useState(800);
  /** `undefined`: all of it. */
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  /** A moment that must stay where it is in the box. */
  const anchor = useRef<{ atMs: number; px: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => setWidthPx(element.clientWidth - trackStartPx() - END_PX);
    // The observer's first call comes too late for the first picture.
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const fitted = Math.max(40, widthPx) / lengthMs;
  const pxPerMs = chosen === undefined ? fitted : Math.max(chosen, fitted);
  useLayoutEffect(() => {
    if (box.current === null || anchor.current === undefined) return;
    box.current.scrollLeft = anchor.current.atMs * pxPerMs - anchor.current.px;
    anchor.current = undefined;
  });
  const zoom = (steps: number, aroundPx = widthPx / 2): boolean => {
    const next = Math.min(MAX_PX_PER_MS, pxPerMs * STEP ** steps);
    if (next === pxPerMs || (steps < 0 && chosen === undefined)) return false;
    anchor.current = { atMs: ((box.current?.scrollLeft ?? 0) + aroundPx) / pxPerMs, px: aroundPx };
    setChosen(next <= fitted ? undefined : next);
    return true;
  };
  const show = (atMs: number): void => {
    const element = box.current;
    if (element === null) return;
    const px = atMs * pxPerMs;
    if (px < element.scrollLeft + 20 || px > element.scrollLeft + widthPx - 40)
      element.scrollTo({ left: px - widthPx / 2, behavior: 'instant' });
  };
  return { pxPerMs, isFit: chosen === undefined, zoom, fit: () => setChosen(undefined), show };
}

/** The wheel zooms, and the mouse drags. Fingers scroll by themselves. */
export function useWheelAndDrag(box: { current: HTMLElement | null }, zoom: Zoom, trackStartPx: () => number): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const onWheel = (event: WheelEvent): void => {
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      const aroundPx = event.clientX - element.getBoundingClientRect().left - trackStartPx();
      // At either end the page scrolls, so that nobody is caught here.
      if (latest.current.zoom(event.deltaY < 0 ? 1 : -1, aroundPx)) event.preventDefault();
    };
    let dragged: { x: number; scrollLeft: number } | undefined;
    const onDown = (event: PointerEvent): void => {
      if (event.pointerType === 'mouse' && event.button === 0)
        dragged = { x: event.clientX, scrollLeft: element.scrollLeft };
    };
    const onMove = (event: PointerEvent): void => {
      if (dragged === undefined) return;
      const px = event.clientX - dragged.x;
      if (Math.abs(px) > 3) element.setPointerCapture(event.pointerId);
      element.scrollLeft = dragged.scrollLeft - px;
    };
    const onUp = (): void => {
      dragged = undefined;
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointercancel', onUp);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', onUp);
    };
  }, []);
}
