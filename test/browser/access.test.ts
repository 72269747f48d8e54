import assert from 'node:assert/strict';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Page, TestBrowser, untilLive } from './support/browser.js';
import { startReverseProxy } from './support/reverse-proxy.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory, begin, sidOf } from './support/stories.js';

const TOKEN = 'the-token-of-this-test-0123';
/** A name of somebody else, whose owner has made it lead to this machine. */
const REBOUND = 'evil.example';

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start({ isWhole: true, names: [REBOUND] });
});
after(() => browser.close());

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByTestId('login-token').fill(token);
  await page.getByTestId('login-submit').click();
}

test('a browser logs in with the token, stays logged in, and logs out', async () => {
  await StagedConsole.with(
    async (console) => {
      const page = await browser.open(`${console.base}/console`);
      assert.equal(page.url(), `${console.base}/console/login`);
      await logIn(page, 'wrong');
      await page.getByTestId('login-error').filter({ hasText: 'not the token' }).waitFor();
      assert.equal(page.url(), `${console.base}/console/login`);
      await logIn(page, TOKEN);
      await page.waitForURL(`${console.base}/console`);
      await untilLive(page);
      const [cookie] = await page.context().cookies();
      assert.deepEqual([cookie?.httpOnly, cookie?.sameSite, cookie?.path], [true, 'Strict', '/console']);
      assert.ok(!JSON.stringify(cookie).includes(TOKEN));
      assert.equal(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage])), '[{},{}]');
      await page.reload();
      await untilLive(page);
      await page.getByTestId('logout').click();
      await page.waitForURL(`${console.base}/console/login`);
      await page.goto(`${console.base}/console`);
      assert.equal(page.url(), `${console.base}/console/login`);
      await page.context().close();
    },
    { token: TOKEN },
  );
});

test('a page whose login is over leads to the login, and back to where it was', async () => {
  await StagedConsole.with(
    async (console) => {
      const { callSid } = bargeInStory(console);
      const page = await browser.open(`${console.base}/console/login`);
      await logIn(page, TOKEN);
      await page.waitForURL(`${console.base}/console`);
      await page.goto(`${console.base}/console/calls/${callSid}`);
      await untilLive(page);
      await page.context().clearCookies();
      await page.getByTestId('action-hangup').click();
      await page.getByTestId('confirm-yes').click();
      await page.waitForURL(`${console.base}/console/login`);
      assert.deepEqual(console.operated, []);
      await logIn(page, TOKEN);
      await page.waitForURL(`${console.base}/console/calls/${callSid}`);
      await page.context().close();
    },
    { token: TOKEN },
  );
});

test('after ten wrong tokens the login says how long to wait', async () => {
  await StagedConsole.with(
    async (console) => {
      const page = await browser.open(`${console.base}/console/login`);
      const wrong = (): Promise<number> =>
        page.evaluate(async () => {
          const headers = { 'content-type': 'application/json' };
          return (await fetch('/console/login', { method: 'POST', headers, body: '{"token":"wrong"}' })).status;
        });
      for (let tries = 0; tries < 10; tries++) assert.equal(await wrong(), 401);
      await logIn(page, TOKEN);
      await page
        .getByTestId('login-error')
        .filter({ hasText: /\d+ seconds/ })
        .waitFor();
      await page.context().close();
    },
    { token: TOKEN },
  );
});

/** A page of somebody else, on another port of this machine: for a browser it is the same site. */
async function foreignServer(): Promise<{ server: Server; base: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title><body></body>');
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return { server, base: `http://localhost:${(server.address() as AddressInfo).port}` };
}

for (const token of [undefined, TOKEN])
  test(`a page on another port of this machine learns nothing and changes nothing, ${token === undefined ? 'without a token' : 'although its visitor has logged in'}`, async () => {
    await StagedConsole.with(
      async (console) => {
        begin(console, sidOf(1), { from: '+12025550123' });
        const page = await browser.open(`${console.base}/console`);
        if (token !== undefined) {
          await logIn(page, token);
          await page.waitForURL(`${console.base}/console`);
        }
        await untilLive(page);
        const elsewhere = await foreignServer();
        try {
          // In the same context, so that it has the cookie of the login.
          const attacker = await page.context().newPage();
          await attacker.goto(elsewhere.base);
          const learned = await attacker.evaluate(attack, { base: console.base, callSid: sidOf(1) });
          assert.deepEqual(learned, []);
          assert.deepEqual([console.operated, console.drains], [[], 0]);
          // What the attack tries does work for the console's own page.
          const csrf = await page.evaluate(async () => {
            const { csrf } = (await (await fetch('/console/api/session')).json()) as { csrf: string };
            const headers = { 'content-type': 'application/json', 'x-console-csrf': csrf };
            const body = JSON.stringify({ confirm: 'drain' });
            await fetch('/console/api/drain', { method: 'POST', headers, body });
            return csrf;
          });
          assert.equal(console.drains, 1);
          assert.match(csrf, /^[\w-]{20,}$/);
        } finally {
          elsewhere.server.closeAllConnections();
          elsewhere.server.close();
        }
        await page.context().close();
      },
      token === undefined ? {} : { token },
    );
  });

for (const token of [undefined, TOKEN])
  test(`a page whose name was made to lead to this machine learns nothing and changes nothing, ${token === undefined ? 'without a token' : 'with one'}`, async () => {
    await StagedConsole.with(
      async (console) => {
        begin(console, sidOf(1), { from: '+12025550123' });
        const base = console.base.replace('localhost', REBOUND);
        const page = await browser.open('about:blank');
        for (const path of ['/console', '/console/login', '/console/api/session'])
          assert.equal((await page.goto(base + path))?.status(), 403, path);
        // The page came before its name led here, so for the browser it is of the console's own origin.
        await page.route(`${base}/attack`, (route) =>
          route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>elsewhere</title><body></body>' }),
        );
        await page.goto(`${base}/attack`);
        const learned = await page.evaluate(attack, { base, callSid: sidOf(1) });
        // It may read that it is refused, and nothing else.
        assert.ok(learned.length >= 3);
        for (const text of learned) assert.match(text, /^\{"error":"The console does not answer here\./);
        const login = await page.evaluate(async (token) => {
          const headers = { 'content-type': 'application/json' };
          return (await fetch('/console/login', { method: 'POST', headers, body: JSON.stringify({ token }) })).status;
        }, TOKEN);
        assert.equal(login, 403);
        assert.deepEqual([console.operated, console.drains], [[], 0]);
        await page.context().close();
      },
      token === undefined ? {} : { token },
    );
  });

test('without a token a tunnel shows nothing of the console, even if it puts the right name into its requests', async () => {
  await StagedConsole.with(async (console) => {
    begin(console, sidOf(1), { from: '+12025550123' });
    const { host } = new URL(console.base);
    for (const added of [
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
      { via: '1.1 tunnel' },
    ]) {
      const tunnel = await startReverseProxy(console.base, ({ origin, ...headers }) => ({
        ...headers,
        host,
        ...(origin === undefined ? {} : { origin: console.base }),
        ...added,
      }));
      try {
        const page = await browser.open('about:blank');
        for (const path of ['/console', '/console/login', '/console/api/calls'])
          assert.equal((await page.goto(tunnel.base + path))?.status(), 403, JSON.stringify(added));
        const learned = await page.evaluate(attack, { base: tunnel.base, callSid: sidOf(1) });
        for (const text of learned) assert.match(text, /^\{"error":"The console does not answer here\./);
        assert.deepEqual([console.operated, console.drains], [[], 0]);
        await page.context().close();
      } finally {
        tunnel.close();
      }
    }
  });
});

test('with a token the console is used through a proxy that passes the name on', async () => {
  await StagedConsole.with(
    async (console) => {
      begin(console, sidOf(1));
      const proxy = await startReverseProxy(console.base, (headers) => ({
        ...headers,
        'x-forwarded-for': '203.0.113.7',
      }));
      try {
        const page = await browser.open(`${proxy.base}/console`);
        await logIn(page, TOKEN);
        await page.waitForURL(`${proxy.base}/console`);
        await untilLive(page);
        await page.getByTestId('action-drain').click();
        await page.getByTestId('confirm-yes').click();
        await page.getByTestId('confirm-dialog').waitFor({ state: 'detached' });
        assert.equal(console.drains, 1);
        await page.context().close();
      } finally {
        proxy.close();
      }
    },
    { token: TOKEN },
  );
});

test('a page on another port can neither end a login nor give a visitor one by setting cookies', async () => {
  await StagedConsole.with(
    async (console) => {
      const page = await browser.open(`${console.base}/console/login`);
      const elsewhere = await foreignServer();
      try {
        const attacker = await page.context().newPage();
        await attacker.goto(elsewhere.base);
        const plant = (path: string): Promise<void> =>
          attacker.evaluate((path) => {
            const inTwelveHours = Math.floor(Date.now() / 1000) + 43_200;
            document.cookie = `tandem_console=${'A'.repeat(22)}.${inTwelveHours}.${'A'.repeat(43)}; path=${path}`;
          }, path);
        await plant('/console/api');
        await page.goto(`${console.base}/console`);
        assert.equal(page.url(), `${console.base}/console/login`, 'a cookie that nobody has signed is no login');
        await logIn(page, TOKEN);
        await page.waitForURL(`${console.base}/console`);
        await untilLive(page);
        await plant('/console/api');
        await plant('/console');
        await page.reload();
        await untilLive(page);
        await page.getByTestId('action-drain').click();
        await page.getByTestId('confirm-yes').click();
        await page.getByTestId('confirm-dialog').waitFor({ state: 'detached' });
        assert.equal(console.drains, 1);
      } finally {
        elsewhere.server.closeAllConnections();
        elsewhere.server.close();
      }
      await page.context().close();
    },
    { token: TOKEN },
  );
});

/** Tries everything that a page can try. Runs in the browser. Returns what it has learned. */
async function attack({ base, callSid }: { base: string; callSid: string }): Promise<string[]> {
  const api = `${base}/console/api`;
  const learned: string[] = [];
  const tell = (what: string): void => void learned.push(what);
  const quietly = async (act: () => Promise<unknown>): Promise<void> => {
    await act().catch(() => undefined);
  };
  for (const path of ['session', 'calls', `calls/${callSid}`])
    await quietly(async () => tell(await (await fetch(`${api}/${path}`, { credentials: 'include' })).text()));
  const body = JSON.stringify({ confirm: 'drain' });
  for (const path of ['drain', `calls/${callSid}/actions/hangup`, `calls/${callSid}/actions/escalate`]) {
    for (const type of ['application/json', 'text/plain'])
      for (const mode of ['cors', 'no-cors'] as const)
        await quietly(() =>
          fetch(`${api}/${path}`, {
            method: 'POST',
            mode,
            credentials: 'include',
            headers: { 'content-type': type },
            body,
          }),
        );
    navigator.sendBeacon(`${api}/${path}`, body);
    // A form whose only field reads as JSON.
    const frame = document.body.appendChild(document.createElement('iframe'));
    frame.name = `frame-${path}`;
    const form = document.body.appendChild(document.createElement('form'));
    Object.assign(form, { method: 'post', enctype: 'text/plain', action: `${api}/${path}`, target: frame.name });
    const field = form.appendChild(document.createElement('input'));
    Object.assign(field, { name: '{"confirm":"drain","x":"', value: '"}' });
    form.submit();
  }
  await new Promise<void>((resolve) => {
    const socket = new WebSocket(`${api.replace('http', 'ws')}/events?call=${callSid}`);
    socket.addEventListener('message', ({ data }) => tell(String(data)));
    socket.addEventListener('open', () => tell('the socket opened'));
    socket.addEventListener('close', () => resolve());
  });
  await new Promise<void>((resolve) => {
    const source = new EventSource(`${api}/events`, { withCredentials: true });
    source.addEventListener('open', () => tell('the events opened'));
    source.addEventListener('error', () => {
      source.close();
      resolve();
    });
  });
  for (const path of ['/console', '/console/login', '/console/api/session']) {
    const frame = document.body.appendChild(document.createElement('iframe'));
    await new Promise((resolve) => {
      frame.addEventListener('load', resolve);
      frame.src = base + path;
      setTimeout(resolve, 1500);
    });
    // A page that is refused has no elements to count, and one that is shown would have a window inside.
    if ((frame.contentWindow?.length ?? 0) > 0) tell(`${path} opened in a frame`);
  }
  for (const path of ['/console', '/console/api/session']) {
    const script = document.body.appendChild(document.createElement('script'));
    await new Promise<void>((resolve) => {
      script.addEventListener('load', () => {
        tell(`${path} loaded as a script`);
        resolve();
      });
      script.addEventListener('error', () => resolve());
      script.src = base + path;
    });
  }
  return learned;
}

test('the console refuses to be shown in a frame', async () => {
  await StagedConsole.with(async (console) => {
    const elsewhere = await foreignServer();
    try {
      const page = await browser.open(elsewhere.base);
      const refused = page.waitForEvent('console', {
        predicate: (message) => message.text().includes('frame-ancestors'),
      });
      await page.evaluate((url) => {
        const frame = document.body.appendChild(document.createElement('iframe'));
        frame.src = url;
      }, `${console.base}/console`);
      await refused;
      await page.context().close();
    } finally {
      elsewhere.server.closeAllConnections();
      elsewhere.server.close();
    }
  });
});
