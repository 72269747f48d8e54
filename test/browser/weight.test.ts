import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestBrowser, untilLive } from './support/browser.js';
import { StagedConsole } from './support/staged-console.js';
import { bargeInStory } from './support/stories.js';

const MAX_PAGE_BYTES = 150_000;

let browser: TestBrowser;
before(async () => {
  browser = await TestBrowser.start();
});
after(() => browser.close());

test('a page with all it loads is under 150 kB, compressed, and asks no other host', async () => {
  await StagedConsole.with(
    async (console) => {
      const { callSid } = bargeInStory(console);
      const page = await browser.open(`${console.base}/console/login`);
      await page.getByTestId('login-token').fill('a-token-for-this-test');
      await page.getByTestId('login-submit').click();
      await untilLive(page);
      const pages = ['phone', 'agent', 'login', 'failures'].map((page) => `/console/${page}`);
      const paths = ['/console', `/console/calls/${callSid}`, ...pages];
      for (const path of paths) {
        const context = await browser.context({ locale: 'de-DE', storageState: await page.context().storageState() });
        const fresh = await context.newPage();
        const sizes: Promise<number>[] = [];
        const hosts = new Set<string>();
        fresh.on('request', (request) => hosts.add(new URL(request.url()).host));
        fresh.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
        fresh.on('response', (response) => {
          if (!response.url().includes('/api/'))
            sizes.push(
              response
                .request()
                .sizes()
                .then((all) => all.responseBodySize),
            );
        });
        await fresh.goto(console.base + path);
        await fresh.locator('main').waitFor();
        const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
        assert.ok(bytes > 5000 && bytes < MAX_PAGE_BYTES, `${path} loads ${bytes} bytes`);
        assert.deepEqual([...hosts], [new URL(console.base).host]);
        await context.close();
      }
      await page.context().close();
    },
    { token: 'a-token-for-this-test', hasPhones: true },
  );
});
