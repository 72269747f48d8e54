import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TandemError } from '../../src/base/errors.js';
import { tokenKey } from '../../src/handover/token.js';
import { Scene } from './handover-scene.js';
import { type LeakKind, LeakWatch } from './leaks.js';
import { AUTH_TOKEN, type Rig, startRig } from './rig.js';
import { scaledClock } from './scaled-clock.js';

const PEPPER = 'a-pepper-of-this-test';
const TOKEN = '4829150637';

/** Returns a watch that knows one value of every kind. */
function knowing(): LeakWatch {
  const watch = new LeakWatch();
  watch.settings({
    HANDOVER_TOKEN_PEPPER: PEPPER,
    TWILIO_AUTH_TOKEN: 'first-auth-token, second-auth-token',
    OPENAI_API_KEY: 'sk-"quoted"',
    HUBSPOT_ACCESS_TOKEN: 'pat-na1-1234',
    JOURNAL_KEY: 'ab'.repeat(32),
    AWS_SECRET_ACCESS_KEY: 'aws/secret+value',
    REDIS_URL: 'rediss://user:p%40ssword@redis.example.com:6379',
    PUBLIC_HOST: 'gateway.example.com',
  });
  watch.token(TOKEN);
  watch.number('+12025550123');
  watch.said('My card was charged twice, and I am not amused.');
  watch.shown({
    customer_name: 'Ada Byron',
    customer_phone: '+31201234567',
    summary: 'Wants the money for April back.',
  });
  return watch;
}

const findings = (watch: LeakWatch, text: string): LeakKind[] => {
  watch.wrote('the log', text);
  return watch.find().map(({ kind }) => kind);
};

describe('the search for leaks', () => {
  const planted: [string, LeakKind, string][] = [
    ['the token', 'handover token', `{"level":"info","value":"wwww${TOKEN}#","msg":"whisper"}`],
    ['the token in groups', 'handover token', `{"value":"48291 50637"}`],
    ["the token's key", 'handover token', `{"pk":"${tokenKey(PEPPER, TOKEN)}"}`],
    ['the pepper', 'secret', `${PEPPER} is the pepper`],
    ['an auth token', 'secret', '{"tried":"first-auth-token"}'],
    ['the other auth token', 'secret', '{"tried":"second-auth-token"}'],
    ['an API key as JSON writes it', 'secret', JSON.stringify({ header: 'Bearer sk-"quoted"' })],
    ['the HubSpot token', 'secret', '{"authorization":"Bearer pat-na1-1234"}'],
    ['the key of the journal', 'secret', 'ab'.repeat(32)],
    ['the secret of AWS', 'secret', '{"credentials":"aws/secret+value"}'],
    ['the password in a URL', 'secret', '{"url":"connected as user with p@ssword"}'],
    ["the caller's number", 'caller number', '{"from":"+12025550123"}'],
    ["the caller's number as people write it", 'caller number', 'no contact for (202) 555-0123'],
    ["the number on the agent's screen", 'caller number', '{"phone":"31201234567"}'],
    ["the caller's name", 'customer', '{"contact":"Ada Byron"}'],
    ['some of what was said', 'words', '{"msg":"heard: card was charged twice"}'],
    ['what was said in capitals and without commas', 'words', 'TWICE AND I AM'],
    ['some of the summary', 'words', 'metric_total{note="the money for april"} 1'],
  ];
  for (const [what, kind, line] of planted) {
    test(`the search for leaks finds ${what}`, () =>
      assert.deepEqual(findings(knowing(), `{"msg":"listening"}\n${line}\n`), [kind]));
  }

  test('the search for leaks accepts what belongs in a log', () => {
    const line = {
      call_sid: 'CA4829150637f00000000000000000000',
      conversation_id: 'c-1',
      handover_id: '01JD0000000000000000000000',
      port: 8000,
      public_host: 'gateway.example.com',
      time: '2026-11-24T10:00:00.000Z',
      msg: 'the caller is put through',
      to: '+12065550100',
    };
    const text = JSON.stringify({ ...line, call_sid: 'CA0123456789abcdef' });
    assert.deepEqual(findings(knowing(), `${text}\ngateway_sessions_total{outcome="handed_over"} 4829150\n`), []);
  });
});

describe('the leak check of a rig', { concurrency: 2 }, () => {
  const closes: [string, (rig: Rig, scene: Scene) => Promise<void> | void, RegExp][] = [
    [
      'the log',
      (rig) => {
        const message = 'No voice for +12025550123.';
        rig.provider.last.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', message) });
      },
      /caller number in the log/,
    ],
    ['the metrics', (rig) => rig.running.metrics.refusedRequests.inc({ reason: AUTH_TOKEN }), /secret in the metrics/],
    [
      'the console of the Lambda',
      async (rig, scene) => {
        await scene.asksForHuman();
        await scene.call.whenEnded();
        rig.leaks.said('CloudWatchMetrics: Namespace Tandem, Dimensions');
      },
      /words in the Lambda's console/,
    ],
    [
      'a key that the caller presses',
      (rig, scene) => {
        for (const digit of '480315') scene.call.pressDigit(digit);
        rig.running.metrics.refusedRequests.inc({ reason: '480315' });
      },
      /keys in the metrics/,
    ],
  ];
  for (const [where, plant, expected] of closes) {
    test(`closing a rig fails when something private is in ${where}`, async () => {
      const rig = await startRig({ clock: scaledClock(30) });
      const scene = new Scene(rig);
      try {
        await scene.talking();
        await plant(rig, scene);
        scene.call.hangup();
        await scene.call.whenEnded();
      } finally {
        await assert.rejects(rig.close(), expected);
      }
    });
  }

  test('a rig knows the token and the words of every call', async () => {
    const rig = await startRig({ clock: scaledClock(30) });
    const scene = new Scene(rig);
    let token = '';
    scene.call.on(
      'twiml',
      (_request, [verb]) => (token ||= /\d{10}/.exec(verb?.attributes['digits'] ?? '')?.[0] ?? ''),
    );
    await scene.asksForHuman();
    await scene.call.whenEnded();
    assert.match(token, /^\d{10}$/);
    rig.leaks.wrote('a plant', `${token}\nI want to speak to a human agent.\n${rig.provider.last.said[0] ?? ''}`);
    const found = rig.leaks.find().map(({ kind }) => kind);
    assert.deepEqual(found, ['handover token', 'words', 'words']);
    await assert.rejects(rig.close(), /handover token in a plant/);
  });
});
