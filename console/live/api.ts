import { batch, signal } from '@preact/signals';
import type { SessionAnswer } from '../../src/console/messages.js';

const API = '/console/api/';

/** What exists on this gateway, and the value that goes with every change. `undefined` until it is known. */
export const session = signal<SessionAnswer | undefined>(undefined);

/** The answer to a request of the API. `status` 0: the gateway does not answer. */
export interface Answer<T> {
  status: number;
  body: T | undefined;
}

/** Reads from the API. Without a login the browser goes to the login's page. */
export async function read<T>(path: string): Promise<Answer<T>> {
  return ask<T>(path, {});
}

/** Whether the session has been asked for, with or without an answer. What a page has depends on it. */
export const isSessionAsked = signal(false);

/** Reads the session anew. Returns the status. */
export async function loadSession(): Promise<number> {
  const { body, status } = await read<SessionAnswer>('session');
  batch(() => {
    if (body !== undefined && status === 200) session.value = body;
    isSessionAsked.value = true;
  });
  return status;
}

let first: Promise<number> | undefined;

/** Reads the session for this page, once. */
export function firstSession(): Promise<number> {
  return (first ??= loadSession());
}

/** Asks the gateway to do something. Returns the status. */
export async function act(path: string, fields: Record<string, unknown> = {}): Promise<number> {
  for (let isFirst = true; ; isFirst = false) {
    if (session.value === undefined) await loadSession();
    const { status } = await ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-console-csrf': session.value?.csrf ?? '' },
      body: JSON.stringify(fields),
    });
    // Another login, or another process, wants another value.
    if (status !== 403 || !isFirst) return status;
    session.value = undefined;
  }
}

/** Logs out, if there is a login. */
export async function logOut(): Promise<void> {
  await fetch('/console/logout', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-console-csrf': session.value?.csrf ?? '' },
    body: '{}',
  }).catch(() => undefined);
  location.assign('/console/login');
}

async function ask<T>(path: string, init: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(`${API}${path}`, init);
    if (response.status === 401) {
      sessionStorage.setItem(ASKED_FOR, location.pathname + location.search + location.hash);
      location.assign('/console/login');
    }
    const isJson = response.ok && response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, body: isJson ? ((await response.json()) as T) : undefined };
  } catch {
    return { status: 0, body: undefined };
  }
}

const ASKED_FOR = 'tandem.asked-for';

/** Returns where the browser wanted to go before it had to log in. */
export function placeAskedFor(): string {
  const place = sessionStorage.getItem(ASKED_FOR);
  sessionStorage.removeItem(ASKED_FOR);
  return place?.startsWith('/console') === true && !place.startsWith('/console/login') ? place : '/console';
}
