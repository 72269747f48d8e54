import { signal } from '@preact/signals';
import { remember, remembered } from '../live/preferences.js';
import { text } from '../text/text.js';

const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const theme = signal<Theme>(THEMES.find((name) => name === remembered('theme')) ?? 'system');
theme.subscribe((name) => {
  if (name === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = name;
});

/** Goes through the themes. What the system says is one of them. */
export function ThemeToggle() {
  const now = theme.value;
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? 'system';
  const label = text('theme.next', { now: text(`theme.${now}`), next: text(`theme.${next}`) });
  const change = (): void => {
    theme.value = next;
    remember('theme', next === 'system' ? undefined : next);
  };
  return (
    <button
      class="quiet"
      type="button"
      data-testid="theme-toggle"
      data-theme-now={now}
      aria-label={label}
      title={label}
      onClick={change}
    >
      <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
        {now === 'light' ? <Sun /> : now === 'dark' ? <Moon /> : <HalfDisc />}
      </svg>
    </button>
  );
}

function Sun() {
  return (
    <g stroke="currentColor" stroke-width="1.5" stroke-linecap="round">
      <circle cx="8" cy="8" r="3" fill="currentColor" stroke="none" />
      <path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" />
    </g>
  );
}

function Moon() {
  return <path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z" fill="currentColor" />;
}

function HalfDisc() {
  return (
    <g>
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M8 2a6 6 0 0 1 0 12Z" fill="currentColor" />
    </g>
  );
}
