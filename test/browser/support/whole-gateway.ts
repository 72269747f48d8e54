import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { Phones } from '../../../sim/handset/phones.js';
import { type RunningGateway, startGateway } from '../../../src/app/start-gateway.js';
import { mulawToPcm, pcmToMulaw } from '../../../src/audio/g711.js';
import { readConfig } from '../../../src/config/config.js';
import type { CallWithEvents } from '../../../src/console/messages.js';
import { type SpeechEngine, openSpeechEngine } from '../../../src/speech/engine.js';
import { wordErrors, wordsOf } from '../../support/word-error-rate.js';
import type { Page } from './browser.js';
import { recordLoudspeaker } from './loudspeaker.js';

const QUIET = new Writable({ write: (_chunk, _encoding, done) => done() });
/** Long enough for one whole sentence of a microphone that repeats it. */
const LISTEN_MS = 9000;
const TRIES = 4;

/** The embedded voice thinks and speaks in real time. */
export const SLOW_MS = 60_000;

/** A gateway with its softphone and its desk, as `npm start` runs it, and the voice and the ears of the people who use them. */
export class WholeGateway {
  readonly base: string;
  private readonly engine: SpeechEngine;
  private readonly running: RunningGateway;

  private constructor(engine: SpeechEngine, running: RunningGateway) {
    this.engine = engine;
    this.running = running;
    this.base = `http://localhost:${running.gateway.port}`;
  }

  static async start(): Promise<WholeGateway> {
    const engine = await openSpeechEngine();
    const config = readConfig({ PORT: '0', HOST: 'localhost', LOG_LEVEL: 'error', MAX_LOOP_DELAY_MS: '0' });
    const running = await startGateway(config, {
      engine,
      logDestination: QUIET,
      openPhones: (parts) => Promise.resolve(new Phones(parts)),
    });
    return new WholeGateway(engine, running);
  }

  /** Returns a sentence as a person says it, as 16-bit samples at 8 kHz. */
  async spoken(sentence: string): Promise<Int16Array> {
    return mulawToPcm(await this.engine.synthesize(sentence, { voice: 'rms' }));
  }

  async eventsOf(callSid: string): Promise<CallWithEvents['events']> {
    const answer = await fetch(`${this.base}/console/api/calls/${callSid}`);
    return ((await answer.json()) as CallWithEvents).events;
  }

  /** Asserts that the person at this page hears the one sentence, and not the other, which is their own. */
  async assertHears(page: Page, sentence: string, own: string): Promise<void> {
    const heard: string[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      const words = wordsOf(await this.engine.transcribe(pcmToMulaw(await recordLoudspeaker(page, LISTEN_MS))));
      heard.push(words.join(' '));
      assert.ok(errorsIn(words, own) > 3, `they hear themselves: ${heard.join(' | ')}`);
      // A word may be misheard over two resamplers and a telephone line.
      if (errorsIn(words, sentence) <= 1) return;
    }
    assert.fail(`expected “${sentence}”, heard ${heard.join(' | ')}`);
  }

  async close(): Promise<void> {
    await this.running.close();
    await this.engine.close();
  }
}

/** Returns how many words of `sentence` are wrong, at the place in `heard` that fits it best. */
function errorsIn(heard: readonly string[], sentence: string): number {
  const said = wordsOf(sentence);
  const starts = Array.from({ length: Math.max(1, heard.length - said.length + 1) }, (_, at) => at);
  return Math.min(...starts.map((at) => wordErrors(said, heard.slice(at, at + said.length))));
}

export async function untilState(page: Page, testId: string, state: string): Promise<void> {
  await page.locator(`[data-testid="${testId}"][data-state="${state}"]`).waitFor({ timeout: SLOW_MS });
}
