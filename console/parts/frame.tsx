import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { announcement } from '../live/announcer.js';
import { isSessionAsked, logOut, session } from '../live/api.js';
import { connection, isDraining } from '../live/events-socket.js';
import { remember } from '../live/preferences.js';
import { onKeys } from '../live/shortcuts.js';
import { LANGUAGES, type Language, language, text } from '../text/text.js';
import { KeyboardDialog } from './keyboard-dialog.js';
import { ThemeToggle } from './theme.js';

document.documentElement.lang = language;

/** What every page has around its content. `actions`: buttons at its top. `isOfGateway`: whether it shows what the gateway says. */
export function Frame({
  actions,
  children,
  current,
  isLive = true,
  isOfGateway = isLive,
}: {
  children: ComponentChildren;
  actions?: ComponentChildren;
  current?: 'calls' | 'phone' | 'agent';
  isLive?: boolean;
  isOfGateway?: boolean;
}) {
  return (
    <>
      <a class="skip" href="#content">
        {text('skip')}
      </a>
      <header class="top" data-ready={!isLive || isSessionAsked.value}>
        <a class="brand" href="/console">
          <Mark />
          {text('product')}
        </a>
        {isLive && <Pages current={current} />}
        <div class="top-end">
          {isOfGateway && <ConnectionState />}
          <ThemeToggle />
          {actions}
        </div>
      </header>
      {isOfGateway && <Banner />}
      {children}
      <Foot isLive={isLive} />
      <p class="unseen" role="status" aria-live="polite">
        {announcement}
      </p>
    </>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M7 13v6M12 9v14M17 12v8" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
      <path d="M21 9v14M26 13v6" stroke="#fff" stroke-opacity=".55" stroke-width="2.6" stroke-linecap="round" />
    </svg>
  );
}

function Pages({ current }: { current?: string | undefined }) {
  const { agent = false, phone = false } = session.value ?? {};
  const pages = [
    { name: 'calls', path: '/console', exists: true },
    { name: 'phone', path: '/console/phone', exists: phone },
    { name: 'agent', path: '/console/agent', exists: agent },
  ] as const;
  const existing = pages.filter(({ exists }) => exists);
  if (existing.length < 2) return null;
  return (
    <nav aria-label={text('navigation')}>
      {existing.map(({ name, path }) => (
        <a key={name} href={path} aria-current={name === current ? 'page' : undefined}>
          {text(`nav.${name}`)}
        </a>
      ))}
    </nav>
  );
}

function ConnectionState() {
  const state = connection.value;
  return (
    <span class="connection" data-testid="connection-state" data-state={state}>
      <span class="dot" aria-hidden="true" />
      {text(`connection.${state}`)}
    </span>
  );
}

/** Delay before a lost connection is called one. */
const LOST_MS = 2500;

function Banner() {
  const state = connection.value;
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (state !== 'reconnecting') {
      setLost(false);
      return;
    }
    const timer = setTimeout(() => setLost(true), LOST_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const key = isDraining.value ? 'draining' : isLost ? 'lost' : undefined;
  return (
    <div role="alert">
      {key !== undefined && (
        <p class="banner" data-testid="banner" data-about={key}>
          {text(key)}
        </p>
      )}
    </div>
  );
}

function Foot({ isLive }: { isLive: boolean }) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => onKeys({ '?': () => setOpen(true) }), []);
  const choose = (chosen: Language): void => {
    remember('language', chosen);
    location.reload();
  };
  const version = session.value?.version ?? '';
  return (
    <footer class="foot">
      {version !== '' && (
        <span>
          {text('product')} {version}
        </span>
      )}
      <label>
        <span class="unseen">{text('language')}</span>
        <select data-testid="language" onChange={(event) => choose(event.currentTarget.value as Language)}>
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag} selected={tag === language}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {isLive && (
        <button class="link" type="button" data-testid="shortcuts" onClick={() => setOpen(true)}>
          {text('shortcuts')}
        </button>
      )}
      {session.value?.login === true && (
        <button class="link" type="button" data-testid="logout" onClick={() => void logOut()}>
          {text('logOut')}
        </button>
      )}
      {isOpen && <KeyboardDialog onClose={() => setOpen(false)} />}
    </footer>
  );
}
