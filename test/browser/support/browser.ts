import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

/** Debian's Chromium, or the one that CHROMIUM names. */
export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** The same engine without what a browser draws around a page, which takes half the time. Not everybody has it. */
const SHELL = '/usr/bin/chromium-headless-shell';

export type { Page };

/** A newer Chromium asks its user before a page of another network reaches this machine. Other browsers do not. */
const WITHOUT_ITS_OWN_GUARD = '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets';

/** Maximum time for anything that a page does. The machine may be busy. */
const TIMEOUT_MS = 30_000;

/** A browser without a window, and pages that fail a test if they write an error. */
export class TestBrowser {
  private readonly browser: Browser;
  private readonly isShell: boolean;

  private constructor(browser: Browser, isShell: boolean) {
    this.browser = browser;
    this.isShell = isShell;
  }

  /**
   * `microphone`: the WAV file that the fake microphone plays once, from the moment when a page opens it. `names`: names that
   * lead to this machine. `isWhole`: Chromium itself, also where its engine alone is installed beside it.
   */
  static async start({
    isWhole = false,
    microphone,
    names = [],
  }: { isWhole?: boolean; microphone?: string; names?: readonly string[] } = {}): Promise<TestBrowser> {
    if (!existsSync(CHROMIUM)) throw new Error(`There is no Chromium at ${CHROMIUM}.`);
    const isShell = !isWhole && process.env['CHROMIUM'] === undefined && existsSync(SHELL);
    const fake = [
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphone}%noloop`,
      // It has nobody to ask.
      ...(isShell ? ['--use-fake-ui-for-media-stream'] : []),
    ];
    const rules = names.map((name) => `MAP ${name} localhost`).join(',');
    const args = [
      '--no-sandbox',
      ...(microphone === undefined ? [] : fake),
      ...(names.length === 0 ? [] : [`--host-resolver-rules=${rules}`, WITHOUT_ITS_OWN_GUARD]),
    ];
    return new TestBrowser(await chromium.launch({ executablePath: isShell ? SHELL : CHROMIUM, args }), isShell);
  }

  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return this.browser.newContext({
      viewport: { width: 1280, height: 800 },
      colorScheme: 'light',
      locale: 'en-GB',
      timezoneId: 'UTC',
      ...options,
    });
  }

  /** Opens a page. `first` runs in it before its own script. {@link errorsOf} has what it wrote to its console as an error. */
  async open(url: string, options: BrowserContextOptions = {}, first?: () => void): Promise<Page> {
    const page = await (await this.context(options)).newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    watchErrors(page);
    if (this.isShell && options.permissions?.includes('microphone') !== true)
      await page.addInitScript(refuseMicrophone);
    if (first !== undefined) await page.addInitScript(first);
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

/** Runs in a page of the engine alone, which refuses nothing by itself. Refuses the microphone as Chromium does. */
function refuseMicrophone(): void {
  const refuse = (): Promise<never> => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
  const { navigator } = globalThis as unknown as { navigator: { mediaDevices?: object } };
  Object.assign(navigator.mediaDevices ?? {}, { getUserMedia: refuse });
}

const errors = new WeakMap<Page, string[]>();

/** What Chromium itself writes when a gateway refuses something or does not answer. */
const OF_THE_NETWORK = /^Failed to load resource|^WebSocket connection to .* failed/;

export function watchErrors(page: Page): void {
  const found: string[] = [];
  errors.set(page, found);
  page.on('console', (message) => {
    if (message.type() === 'error' && !OF_THE_NETWORK.test(message.text())) found.push(message.text());
  });
  page.on('pageerror', (error) => found.push(String(error)));
}

/** The errors of a page so far, without those of the network. A violation of the content policy is one. */
export function errorsOf(page: Page): readonly string[] {
  return errors.get(page) ?? [];
}

/** Waits until the page shows what happens now. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('[data-testid="connection-state"][data-state="live"]').waitFor();
}
