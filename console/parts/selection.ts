import { type Signal, useSignalEffect } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';

/**
 * Marks what belongs to the selected event inside `box`, with `data-selected`. Nothing is drawn again for it, because the pointer
 * selects whatever it passes. `attribute` and `idOf` tell how an element is known by an event. `onMarked` gets what is marked anew.
 */
export function useSelection(
  box: { current: HTMLElement | null },
  selected: Signal<ConsoleEvent | undefined>,
  options: {
    attribute: 'data-id' | 'data-item-id';
    idOf: (event: ConsoleEvent) => string | undefined;
    onMarked?: (element: HTMLElement) => void;
  },
): void {
  const mark = (event: ConsoleEvent | undefined): void => {
    const id = event && options.idOf(event);
    const before = [...(box.current?.querySelectorAll<HTMLElement>('[data-selected="true"]') ?? [])];
    const now =
      id === undefined
        ? []
        : [...(box.current?.querySelectorAll<HTMLElement>(`[${options.attribute}="${CSS.escape(id)}"]`) ?? [])];
    for (const element of before) if (!now.includes(element)) delete element.dataset['selected'];
    for (const element of now) {
      if (before.includes(element)) continue;
      element.dataset['selected'] = 'true';
      options.onMarked?.(element);
    }
  };
  useSignalEffect(() => mark(selected.value));
  // What was drawn anew has lost its mark.
  useLayoutEffect(() => mark(selected.peek()));
}
