import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Carrier } from '../sim/twilio/carrier.js';
import { pcmToMulaw } from '../src/audio/g711.js';
import { readTelephoneWav } from '../src/audio/wav.js';
import { systemClock } from '../src/base/clock.js';
import { readConfig } from '../src/config/config.js';
import { openSpeechEngine } from '../src/speech/engine.js';
import { startGateway } from '../src/app/start-gateway.js';
import { LeakWatch } from './support/leaks.js';
import { until } from './support/rig.js';
import { wordErrors, wordsOf } from './support/word-error-rate.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const PROMPTS = 36;
const SPEED = 6;
const skip = existsSync(SOUNDS)
  ? false
  : 'needs the Debian packages asterisk-core-sounds-en-wav and asterisk-core-sounds-en';

interface Prompt {
  text: string;
  audio: Uint8Array;
}

/** Returns recordings of a human voice (Allison Smith, 8 kHz) with their texts: three to twelve words, from all over the set. */
function prompts(): Prompt[] {
  const files = execFileSync('dpkg', ['-L', 'asterisk-core-sounds-en'], { encoding: 'utf8' }).split('\n');
  const list = files.find((file) => /core-sounds-en\.txt(\.gz)?$/.test(file));
  assert.ok(list, 'the list of what the prompts say');
  const bytes = readFileSync(list);
  const lines = (list.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
  const all = lines.flatMap((line) => {
    const match = /^([\w/-]+):\s*(.+)$/.exec(line);
    const file = `${SOUNDS}/${match?.[1] ?? ''}.wav`;
    const text = (match?.[2] ?? '').trim();
    const count = wordsOf(text).length;
    return count >= 3 && count <= 12 && !/[[(<"]/.test(text) && existsSync(file) ? [{ file, text }] : [];
  });
  const step = Math.max(1, Math.floor(all.length / PROMPTS));
  return all
    .filter((_, index) => index % step === 0)
    .slice(0, PROMPTS)
    .map(({ file, text }) => ({ text, audio: pcmToMulaw(readTelephoneWav(readFileSync(file))) }));
}

test(
  'recorded telephone speech is understood through the inbound path, with at most one false escalation',
  { skip },
  async () => {
    // The model always answers "Okay.", so that only the caller's words decide what happens.
    const model = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        'data: {"choices":[{"delta":{"content":"Okay."}}]}\n\ndata: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
      );
    });
    await new Promise<void>((resolve) => {
      model.listen(0, '127.0.0.1', resolve);
    });
    const config = readConfig({
      PORT: '0',
      HOST: '127.0.0.1',
      PUBLIC_HOST: 'human.example.com',
      LOG_LEVEL: 'trace',
      MAX_LOOP_DELAY_MS: '0',
      USE_LOCAL_DYNAMODB: 'true',
      LOCAL_LLM_BASE_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
      LOCAL_LLM_MODEL: 'nothing-to-add',
    });
    const engine = await openSpeechEngine();
    const lines: string[] = [];
    const leaks = new LeakWatch();
    const logDestination = { write: (line: string) => void lines.push(line) };
    const running = await startGateway(config, { engine, logDestination });
    const base = `http://127.0.0.1:${running.gateway.port}`;
    const carrier = new Carrier({
      accountSid: `AC${'2'.repeat(32)}`,
      resolve: () => base,
      clock: systemClock,
      speed: SPEED,
      // The line sends nothing during the waits below, so that the recogniser hears the same audio on a busy machine.
      stream: { line: 'gaps' },
      onCall: (call) => leaks.follow(call),
    });
    const said = prompts();
    assert.ok(said.length >= 30, `${said.length} prompts`);
    let escalations = 0;
    const heard = new Map<string, string>();
    running.gateway.watch((event) => {
      if (event.type === 'turn') leaks.said(event.turn.text);
      if (event.type === 'turn' && event.turn.speaker === 'caller')
        heard.set(`${event.callSid}/${event.turn.itemId}`, event.turn.text);
      if (event.type === 'escalated') escalations++;
    });
    const silence = new Uint8Array(8 * 1200).fill(0xff);
    // Three callers at a time, so that an escalation ends one call and not the test.
    const parts = [0, 1, 2].map((third) => said.filter((_, index) => index % 3 === third));
    let errors = 0;
    let words = 0;
    await Promise.all(
      parts.map(async (part) => {
        const call = carrier.placeCall({
          from: '+12025550123',
          to: '+12065550199',
          voiceUrl: 'https://human.example.com/twilio/voice',
        });
        await until(() => call.mediaStream !== undefined, 'the stream');
        for (const { audio } of part) {
          call.speak(audio);
          call.speak(silence);
          await until(() => call.isOver || call.mediaStream?.unspokenBytes === 0, 'the caller to have spoken');
          await call.mediaStream?.settle();
          // The engine takes utterances in order, so this one is done after the prompt just spoken.
          await engine.transcribe(silence);
        }
        call.hangup();
        const text = [...heard].filter(([key]) => key.startsWith(call.callSid)).map(([, value]) => value);
        const expected = part.flatMap((prompt) => wordsOf(prompt.text));
        errors += wordErrors(
          expected,
          text.flatMap((value) => wordsOf(value)),
        );
        words += expected.length;
      }),
    );
    carrier.close();
    await running.close();
    await engine.close();
    await new Promise((resolve) => {
      model.closeAllConnections();
      model.close(resolve);
    });
    leaks.wrote('the log', lines.join(''));
    leaks.wrote('the metrics', await running.metrics.text());
    leaks.check();
    console.log(
      `# human speech, ${said.length} prompts, ${words} words: word error rate ${((100 * errors) / words).toFixed(1)} %, false escalations ${escalations}`,
    );
    assert.ok(errors / words < 0.15, `${errors} of ${words} words wrong`);
    assert.ok(escalations <= 1, `${escalations} false escalations`);
  },
);
