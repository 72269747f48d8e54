import type { BrowserContextOptions } from 'playwright-core';
import { type Page, type TestBrowser, untilLive } from './browser.js';
import { StagedConsole } from './staged-console.js';
import { bargeInStory, failoverStory, handoverStory, manyCalls, sidOf } from './stories.js';
import { dropFiles, toldOtherwise, toldTape } from './tape-files.js';
import { atDesk, onPhone, stageCall } from './telephone-scenes.js';

// Every page of the console in every state in which a person may meet it.

export interface Scene {
  name: string;
  path: string;
  stage: (console: StagedConsole) => void;
  /** Does what has to be done before the page looks as it should. */
  ready: (page: Page, console: StagedConsole) => Promise<void>;
  token?: string;
  hasPhones?: boolean;
  /** By default true. */
  showsTranscripts?: boolean;
  /** Whether the page may use the microphone. By default it may not. */
  hasMicrophone?: boolean;
}

export const opened = async (page: Page): Promise<void> => {
  await untilLive(page);
  await page.getByTestId('timeline-event').first().waitFor();
};

/** Drops one tape, two runs that differ, or twice the same. */
export async function withTapes(page: Page, what: 'tape' | 'diff' | 'equal'): Promise<void> {
  await untilLive(page);
  const told = { name: 'CA4f2c91.jsonl', text: toldTape() };
  const second = what === 'equal' ? { ...told, name: 'today.jsonl' } : { name: 'today.jsonl', text: toldOtherwise() };
  await dropFiles(page, told, ...(what === 'tape' ? [] : [second]));
  await page.locator('[data-source="tape"]').waitFor();
  await page.getByTestId('timeline-event').first().waitFor();
}

export const untilLogin = (page: Page): Promise<void> => page.getByTestId('login-token').waitFor();

export const SCENES: readonly Scene[] = [
  { name: 'the list without a call', path: '', stage: () => undefined, ready: untilLive },
  {
    name: 'the list of 12 calls, with some that ended',
    path: '',
    stage: (console) => {
      manyCalls(console, 14);
      for (const n of [0, 1]) console.emit({ type: 'ended', callSid: sidOf(n), outcome: 'handed_over' });
    },
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('ended-row').first().waitFor();
      await page.locator('details').evaluateAll((all) => all.forEach((details) => details.setAttribute('open', '')));
    },
  },
  { name: 'the list as a wall', path: '?view=wall', stage: (console) => manyCalls(console, 60), ready: untilLive },
  {
    name: 'the list with a dialog over it',
    path: '',
    stage: (console) => manyCalls(console, 3),
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('action-drain').click();
      await page.getByTestId('confirm-dialog').waitFor();
    },
  },
  {
    name: 'the help for the keyboard',
    path: '',
    stage: () => undefined,
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('shortcuts').click();
      await page.locator('dialog[open]').waitFor();
    },
  },
  {
    name: 'a call with an interruption and a selected event',
    path: `/calls/${sidOf(1)}`,
    stage: bargeInStory,
    ready: async (page) => {
      await opened(page);
      await page.locator('[data-testid="timeline-event"][data-kind="model-speech"]').nth(1).click();
      await page.getByTestId('timeline-selected').waitFor();
    },
  },
  { name: 'a call with a failover', path: `/calls/${sidOf(1)}`, stage: failoverStory, ready: opened },
  {
    name: 'a call whose handover failed',
    path: `/calls/${sidOf(1)}`,
    stage: (console) => {
      const story = handoverStory(console);
      console.log(story.callSid, 'error', 'no record could be written');
      story.dialEnds('busy');
    },
    ready: opened,
  },
  {
    name: 'the table of what can fail in a handover',
    path: '/failures#busy',
    stage: () => undefined,
    ready: async (page) => {
      await untilLive(page);
      await page.getByTestId('failure').first().waitFor();
    },
  },
  {
    name: 'a call that is not known',
    path: `/calls/${sidOf(5)}`,
    stage: () => undefined,
    ready: (page) => page.getByTestId('call-unknown').waitFor(),
  },
  {
    name: 'the list while its gateway stops',
    path: '',
    stage: (console) => manyCalls(console, 3),
    ready: async (page, console) => {
      await untilLive(page);
      console.sayGoodbye();
      await page.getByTestId('banner').waitFor();
    },
  },
  {
    name: 'a call whose words are hidden because it is over',
    path: `/calls/${sidOf(1)}`,
    stage: (console) => handoverStory(console).ends('handed_over'),
    ready: (page) => page.getByTestId('transcript-hidden').waitFor(),
  },
  {
    name: 'a tape that was dropped on the page',
    path: '',
    stage: () => undefined,
    ready: (page) => withTapes(page, 'tape'),
  },
  {
    name: 'two runs of a call in the same lanes',
    path: '',
    stage: () => undefined,
    ready: (page) => withTapes(page, 'diff'),
  },
  {
    name: 'two runs that do the same',
    path: '',
    stage: () => undefined,
    ready: (page) => withTapes(page, 'equal'),
  },
  {
    name: 'a tape of which a test is made',
    path: '',
    stage: () => undefined,
    ready: async (page) => {
      await withTapes(page, 'tape');
      await page.getByTestId('make-test').click();
      await page.getByTestId('make-test-dialog').waitFor();
    },
  },
  {
    name: 'the list after something that is no tape was dropped on it',
    path: '',
    stage: (console) => manyCalls(console, 3),
    ready: async (page) => {
      await untilLive(page);
      await dropFiles(page, { name: 'letter.txt', text: 'Dear Sir or Madam' });
      await page.getByTestId('tape-problem').waitFor();
    },
  },
  ...(['idle', 'refused', 'ringing', 'talking', 'with-human', 'ended'] as const).map((state) => ({
    name: `the softphone (${state})`,
    path: '/phone',
    hasPhones: true,
    hasMicrophone: state !== 'refused',
    stage: (console: StagedConsole) => stageCall(console, state),
    ready: (page: Page, console: StagedConsole) => onPhone(page, console, state),
  })),
  ...(['waiting', 'ringing', 'talking', 'deaf', 'ended'] as const).map((state) => ({
    name: `the agent's desk (${state})`,
    path: '/agent',
    hasPhones: true,
    hasMicrophone: state !== 'deaf',
    stage: (console: StagedConsole) => stageCall(console, state),
    ready: (page: Page, console: StagedConsole) => atDesk(page, console, state),
  })),
  { name: 'the login', path: '/login', token: 'the-token-of-this-test', stage: () => undefined, ready: untilLogin },
  {
    name: 'the login after a wrong token',
    path: '/login',
    token: 'the-token-of-this-test',
    stage: () => undefined,
    ready: async (page) => {
      await page.getByTestId('login-token').fill('wrong');
      await page.getByTestId('login-submit').click();
      await page.getByTestId('login-error').filter({ hasText: /\w/ }).waitFor();
    },
  },
];

/** Opens the page of a scene, on a console of its own, and brings it into its state. */
export async function withScene(
  browser: TestBrowser,
  scene: Scene,
  options: BrowserContextOptions,
  body: (page: Page, console: StagedConsole) => Promise<void>,
): Promise<void> {
  const { hasMicrophone = false, hasPhones = false, showsTranscripts = true, token } = scene;
  await StagedConsole.with(
    async (console) => {
      scene.stage(console);
      const permissions = hasMicrophone ? ['microphone'] : [];
      const page = await browser.open(`${console.base}/console${scene.path}`, { permissions, ...options });
      await scene.ready(page, console);
      await body(page, console);
      await page.context().close();
    },
    { hasPhones, showsTranscripts, ...(token === undefined ? {} : { token }) },
  );
}
