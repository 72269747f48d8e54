import { type ComponentChild, render } from 'preact';

/** Draws a page, in a task of its own, because reading the scripts is one that is long enough. */
export function draw(page: ComponentChild): void {
  setTimeout(() => render(page, document.body));
}
