import { signal } from '@preact/signals';
import { remember, remembered } from './preferences.js';

/** Whether single keys do something. People who dictate, or whose hand slips, switch them off (WCAG 2.1.4). */
export const hasSingleKeys = signal(remembered('single-keys') !== 'off');

export function switchSingleKeys(isOn: boolean): void {
  hasSingleKeys.value = isOn;
  remember('single-keys', isOn ? undefined : 'off');
}

const WRITES = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]';

/**
 * Listens to keys on the whole page. Printable ones count only while single keys are on and nobody writes; Esc always, except
 * in a dialog, which has its own.
 */
export function onKeys(keys: Readonly<Record<string, () => void>>): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]') !== null) return;
    const writes = event.target instanceof Element && event.target.matches(WRITES);
    if (event.key.length === 1 && (writes || !hasSingleKeys.value)) return;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  document.addEventListener('keydown', listener);
  return () => document.removeEventListener('keydown', listener);
}
