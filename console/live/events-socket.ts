import { batch, signal } from '@preact/signals';
import { firstSession, loadSession } from './api.js';
import type { WatchMessages } from '../../src/console/messages.js';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting';

/** Whether the page shows what happens now. */
export const connection = signal<ConnectionState>('connecting');
/** Whether the gateway has said that it is about to stop. */
export const isDraining = signal(false);

/** One message of the live events. */
export type LiveMessage = {
  [Name in keyof WatchMessages]: { event: Name; data: WatchMessages[Name] };
}[keyof WatchMessages];

const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 8000;
/** A gateway that stops says so right after its snapshot. */
const GOODBYE_MS = 500;
/** While the page cannot be seen the browser draws no frames, but what comes must not pile up. */
const HIDDEN_APPLY_MS = 1000;

/**
 * Receives the live events, and connects again after every loss. `onMessages` gets what has come since the last frame, at most
 * once a frame. After each connection the first message is a snapshot. Returns a function that stops it.
 */
export function receiveEvents(callSid: string | undefined, onMessages: (messages: LiveMessage[]) => void): () => void {
  const url = new URL('/console/api/events', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (callSid !== undefined) url.searchParams.set('call', callSid);

  let pending: LiveMessage[] = [];
  let isApplyPlanned = false;
  /** Called when what has come is on the page, if a snapshot is in it. */
  let onShown: (() => void) | undefined;
  const apply = (): void => {
    isApplyPlanned = false;
    const messages = pending;
    pending = [];
    batch(() => {
      if (messages.length > 0) onMessages(messages);
      onShown?.();
      onShown = undefined;
    });
  };
  const planApply = (): void => {
    if (isApplyPlanned) return;
    isApplyPlanned = true;
    if (document.hidden) setTimeout(apply, HIDDEN_APPLY_MS);
    else requestAnimationFrame(apply);
  };
  // The frame that was planned for a page that is hidden now does not come before the page is seen again.
  const onHidden = (): void => {
    if (document.hidden && isApplyPlanned) setTimeout(apply, HIDDEN_APPLY_MS);
  };
  document.addEventListener('visibilitychange', onHidden);

  let delayMs = FIRST_DELAY_MS;
  let live: WebSocket | undefined;
  let isStopped = false;
  const open = (): void => {
    if (isStopped) return;
    const socket = new WebSocket(url);
    live = socket;
    let whenLive: ReturnType<typeof setTimeout> | undefined;
    let saidGoodbye = false;
    const onSnapshot = (): void => {
      if (socket.readyState !== WebSocket.OPEN) return;
      connection.value = 'live';
      isDraining.value = false;
      delayMs = FIRST_DELAY_MS;
    };
    socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
      const message = JSON.parse(data) as LiveMessage;
      if (message.event === 'snapshot') {
        if (isDraining.value) whenLive = setTimeout(onSnapshot, GOODBYE_MS);
        else onShown = onSnapshot;
      }
      if (message.event === 'bye') {
        saidGoodbye = true;
        isDraining.value = true;
        socket.close();
      }
      pending.push(message);
      planApply();
    });
    socket.addEventListener('close', () => {
      clearTimeout(whenLive);
      if (isStopped) return;
      connection.value = 'reconnecting';
      // A gateway that is still stopping says so again.
      if (!saidGoodbye) isDraining.value = false;
      setTimeout(reopen, delayMs * (0.75 + Math.random() / 2));
      delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
    });
  };
  // A browser does not say why an upgrade was refused. If the login is over, reading the session leads to the login's page.
  const reopen = (): void => void loadSession().then(open);
  // A page that is live knows what it has to show.
  void firstSession().then(open);
  return () => {
    isStopped = true;
    document.removeEventListener('visibilitychange', onHidden);
    live?.close();
  };
}
