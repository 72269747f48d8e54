import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { Phones } from '../../sim/handset/phones.js';
import { type RunningGateway, startGateway } from '../../src/app/start-gateway.js';
import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';
import { writeWav } from '../../src/audio/wav.js';
import { readConfig } from '../../src/config/config.js';
import { type SpeechEngine, openSpeechEngine } from '../../src/speech/engine.js';
import { type Page, TestBrowser, errorsOf } from './support/browser.js';
import { heardTone, tapLoudspeaker } from './support/loudspeaker.js';

// Whole calls in two browsers, because a browser has one fake microphone. The microphones play recordings.

const FOLDER = process.env['PICTURES'] ?? 'dist/pictures';
const QUIET = new Writable({ write: (_chunk, _encoding, done) => done() });
const RATE_HZ = 8000;
/** The embedded voice thinks and speaks in real time. */
const SLOW_MS = 60_000;

let engine: SpeechEngine;
let running: RunningGateway;
let base: string;
let recordings: string;
before(async () => {
  engine = await openSpeechEngine();
  const config = readConfig({ PORT: '0', HOST: 'localhost', LOG_LEVEL: 'error', MAX_LOOP_DELAY_MS: '0' });
  running = await startGateway(config, {
    engine,
    logDestination: QUIET,
    openPhones: (parts) => Promise.resolve(new Phones(parts)),
  });
  base = `http://localhost:${running.gateway.port}`;
  recordings = await mkdtemp(join(tmpdir(), 'tandem-recordings-'));
  await mkdir(FOLDER, { recursive: true });
});
after(async () => {
  await running.close();
  await engine.close();
  await rm(recordings, { recursive: true });
});

const silence = (ms: number): Int16Array => new Int16Array((RATE_HZ * ms) / 1000);

/** Tones in syllables, because a browser takes a steady one for noise. */
function syllables(hz: number, ms: number): Int16Array {
  return Int16Array.from({ length: (RATE_HZ * ms) / 1000 }, (_, index) =>
    index % 2400 < 1600 ? Math.round(12_000 * Math.sin((2 * Math.PI * hz * index) / RATE_HZ)) : 0,
  );
}

async function recordingOf(name: string, parts: readonly Int16Array[]): Promise<string> {
  const path = join(recordings, `${name}.wav`);
  const whole = mulawToPcm(Buffer.concat(parts.map((part) => pcmToMulaw(part))));
  await writeFile(path, writeWav([whole], RATE_HZ));
  return path;
}

const spoken = async (text: string): Promise<Int16Array> => mulawToPcm(await engine.synthesize(text, { voice: 'rms' }));

async function untilState(page: Page, testId: string, state: string, timeout = SLOW_MS): Promise<void> {
  await page.locator(`[data-testid="${testId}"][data-state="${state}"]`).waitFor({ timeout });
}

async function draw(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of [
      ['wide', { width: 1280, height: 800 }],
      ['narrow', { width: 390, height: 844 }],
    ] as const) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `${FOLDER}/${name}-${colorScheme}-${size}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
}

test('a caller asks for a human on the softphone, a person answers at the desk in another browser, and they hear each other', async () => {
  const caller = await TestBrowser.start(
    await recordingOf('caller', [
      silence(9000),
      await spoken('I want to speak to a human agent.'),
      silence(1500),
      ...Array.from({ length: 20 }, () => syllables(1633, 3000)),
    ]),
  );
  const agent = await TestBrowser.start(
    await recordingOf(
      'agent',
      Array.from({ length: 20 }, () => syllables(697, 3000)),
    ),
  );
  try {
    const desk = await agent.open(`${base}/console/agent`, { permissions: ['microphone'] }, tapLoudspeaker);
    await untilState(desk, 'agent-status', 'waiting');
    await draw(desk, 'desk-waiting');
    const phone = await caller.open(`${base}/console/phone`, { permissions: ['microphone'] }, tapLoudspeaker);
    await untilState(phone, 'phone-status', 'idle');
    await draw(phone, 'phone-idle');
    await phone.getByTestId('phone-from').fill('+4930901820');
    await phone.getByTestId('phone-call').click();
    await untilState(phone, 'phone-status', 'talking');
    await phone.locator('[data-testid="phone-transcript"] [data-testid="turn"]').first().waitFor({ timeout: SLOW_MS });

    await untilState(desk, 'agent-status', 'ringing');
    await draw(desk, 'desk-ringing');
    const sid = await phone.getByTestId('phone-status').getAttribute('data-call-sid');
    assert.equal(await desk.getByTestId('agent-status').getAttribute('data-call-sid'), sid);
    const attribute = (name: string): Promise<string | null> =>
      desk.locator(`[data-testid="agent-attribute"][data-name="${name}"] dd`).textContent();
    assert.equal(await attribute('customer_phone'), '+4930901820');
    assert.equal(await attribute('token_status'), 'valid');
    assert.match((await phone.getByTestId('phone-transcript').textContent()) ?? '', /human agent/i);

    await desk.getByTestId('agent-answer').click();
    await untilState(phone, 'phone-status', 'with-human');
    await untilState(desk, 'agent-status', 'talking');
    await heardTone(phone, 697);
    await heardTone(desk, 1633);
    await draw(phone, 'phone-talking');
    await draw(desk, 'desk-talking');

    await desk.getByTestId('agent-hangup').click();
    await untilState(phone, 'phone-status', 'ended');
    await desk.locator('[data-testid="agent-outcome"][data-outcome="agent-hung-up"]').waitFor();
    await draw(desk, 'desk-ended');
    await draw(phone, 'phone-ended');
    assert.deepEqual([...errorsOf(phone), ...errorsOf(desk)], []);
  } finally {
    await caller.close();
    await agent.close();
  }
});

test('a refused microphone is explained, and the call can be made without one', async () => {
  const browser = await TestBrowser.start(await recordingOf('nobody', [silence(1000)]));
  try {
    const phone = await browser.open(`${base}/console/phone`);
    await phone.getByTestId('phone-call').click();
    await untilState(phone, 'phone-status', 'failed');
    assert.equal(await phone.getByTestId('phone-error').getAttribute('data-error'), 'refused');
    await draw(phone, 'phone-refused');
    await phone.getByTestId('phone-listen').click();
    await untilState(phone, 'phone-status', 'talking');
    await phone.getByTestId('phone-mute').click();
    assert.equal(await phone.getByTestId('phone-mute').getAttribute('aria-pressed'), 'true');
    await phone.getByTestId('phone-hangup').click();
    await untilState(phone, 'phone-status', 'ended');
    assert.deepEqual(errorsOf(phone), []);
  } finally {
    await browser.close();
  }
});

test('a recording that is dropped in is said to the assistant, and a key that is pressed reaches the gateway', async () => {
  const browser = await TestBrowser.start();
  try {
    const phone = await browser.open(`${base}/console/phone`);
    await phone
      .getByTestId('phone-file')
      .setInputFiles(await recordingOf('question', [await spoken('What are your opening hours?'), silence(500)]));
    await phone.getByTestId('phone-call').click();
    await untilState(phone, 'phone-status', 'talking');
    const said = phone.locator('[data-testid="phone-transcript"] [data-testid="turn"][data-speaker="caller"]');
    await said.first().waitFor({ timeout: SLOW_MS });
    assert.match((await said.first().textContent()) ?? '', /opening hours/i);
    await phone.locator('[data-testid="phone-latency"][data-ms]').waitFor({ timeout: SLOW_MS });
    await phone.getByTestId('phone-key-0').click();
    await untilState(phone, 'phone-status', 'dialling');
    await phone.getByTestId('phone-hangup').click();
    await untilState(phone, 'phone-status', 'ended');
    assert.deepEqual(errorsOf(phone), []);
  } finally {
    await browser.close();
  }
});
