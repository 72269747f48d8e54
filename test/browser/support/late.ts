import type { Page } from 'playwright-core';

/** How late things come, in milliseconds. */
export interface Late {
  /** Answers to requests, by a part of their path. */
  answers?: Readonly<Record<string, number>>;
  /** Messages of a WebSocket that begin with `{"event":NAME`, by their name. Later ones wait behind them. */
  messages?: Readonly<Record<string, number>>;
}

/** Lets answers and messages come late to a page that is not opened yet, as they do on a slow machine or a bad line. */
export async function comeLate(page: Page, { answers = {}, messages = {} }: Late): Promise<void> {
  for (const [part, delayMs] of Object.entries(answers))
    await page.route(`**${part}`, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      // The page may be gone.
      await route.continue().catch(() => undefined);
    });
  if (Object.keys(messages).length === 0) return;
  await page.routeWebSocket(/.*/, (socket) => {
    const server = socket.connectToServer();
    let before = Promise.resolve();
    server.onMessage((message) => {
      const name = typeof message === 'string' ? /^\{"event":"([^"]+)"/.exec(message)?.[1] : undefined;
      const delayMs = messages[name ?? ''] ?? 0;
      before = before
        .then(() => new Promise<void>((resolve) => setTimeout(resolve, delayMs)))
        .then(() => socket.send(message));
    });
  });
}
