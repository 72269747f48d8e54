import { signal } from '@preact/signals';

/** Minimum time between two messages, so that a screen reader is not talked over. */
const PAUSE_MS = 3000;

/** What the page's one live region says. */
export const announcement = signal('');

let waiting: string | undefined;
let lastMs = Number.NEGATIVE_INFINITY;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something to a screen reader. Of what comes within three seconds only the last is said. */
export function announce(message: string): void {
  waiting = message;
  timer ??= setTimeout(say, Math.max(0, lastMs + PAUSE_MS - performance.now()));
}

function say(): void {
  timer = undefined;
  lastMs = performance.now();
  announcement.value = waiting ?? '';
}
