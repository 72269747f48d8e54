import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FAKE_HOST, FAKE_TOKEN, FakeGateway } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import { scaledClock } from '../../test/support/scaled-clock.js';
import { readWav } from '../../src/audio/wav.js';
import { systemClock } from '../../src/base/clock.js';
import { readInput } from '../../src/process/command-line.js';
import { command } from '../call.js';
import { readCallOptions } from './call-options.js';
import type { CallReport } from './call-report.js';
import type { CallerAct } from './caller.js';
import { readHealth } from './gateway-health.js';
import { type CallParts, placeCall } from './place-call.js';

/** Synthesizes a tenth of a second of sound, and recognizes nothing. */
const ENGINE: CallParts['engine'] = {
  synthesize: () => Promise.resolve(new Uint8Array(800).fill(0x10)),
  listen: () => ({ push: () => undefined, close: () => undefined }),
};

const STREAM = `<Connect action="/action"><Stream url="wss://${FAKE_HOST}/stream"/></Connect>`;
/** The caller says something for a second, of which the last half is silence. */
const SAYS: CallerAct = {
  what: { audio: new Uint8Array(8000).fill(0x10, 0, 4000).fill(0xff, 4000), label: 'Hello?' },
  when: 'after-reply',
};
/** The clock of a call in which the caller waits. */
const SPEED = 8;

interface Placed {
  report: CallReport;
  json: Record<string, unknown> & { problems: { code: number; level: string }[] };
  lines: string[];
}

async function place(
  gateway: FakeGateway,
  args: readonly string[] = [],
  { acts = [], ...more }: Partial<CallParts> & { acts?: readonly CallerAct[] } = {},
): Promise<Placed> {
  const options = readCallOptions(readInput(command, ['--gateway', gateway.base, ...args]) ?? assert.fail());
  const lines: string[] = [];
  const report = await placeCall(options, acts, {
    health: await readHealth(options.gateway),
    engine: ENGINE,
    clock: systemClock,
    authToken: FAKE_TOKEN,
    accountSid: 'AC1',
    pepper: 'pepper',
    write: (line) => lines.push(line),
    ...more,
  });
  return { report, lines, json: JSON.parse(report.toJson()) as Placed['json'] };
}

/** Runs `body` with a gateway that reports its host and answers `/twilio/voice` with `answer`. */
async function withGateway(answer: string | number, body: (gateway: FakeGateway) => Promise<void>): Promise<void> {
  const gateway = await new FakeGateway().start();
  gateway.answers.set('/health', (_request, response) => void response.end(JSON.stringify({ public_host: FAKE_HOST })));
  if (typeof answer === 'string') gateway.say('/twilio/voice', answer);
  else gateway.answers.set('/twilio/voice', (_request, response) => void response.writeHead(answer).end());
  try {
    await body(gateway);
  } finally {
    await gateway.close();
  }
}

describe('a simulated call by hand', () => {
  test('a manual call uses the host that the gateway reports, and its report is complete', async () => {
    await withGateway('<Say>Hello.</Say><Hangup/>', async (gateway) => {
      const folder = mkdtempSync(join(tmpdir(), 'tandem-call-'));
      const record = join(folder, 'heard.wav');
      const { json, lines, report } = await place(gateway, ['--record', record, '--from', '+12025550111']);
      assert.equal(report.exitCode, 0);
      const [request] = gateway.of('/twilio/voice');
      assert.equal(request?.headers.host, FAKE_HOST);
      assert.equal(request.form.get('From'), '+12025550111');
      assert.deepEqual(json, {
        call_sid: request.form.get('CallSid'),
        ended: 'gateway-hung-up',
        bridged: false,
        streams: 0,
        problems: [],
        turns: [],
        heard: [],
        digits_played: 0,
        agent: null,
        straight_to_human: null,
        hint: null,
      });
      assert.match(lines.join('\n'), /says: Hello\./);
      assert.equal(readWav(readFileSync(record)).pcm.length, 800);
      rmSync(folder, { recursive: true });
    });
  });

  test('a manual call counts the keys that are played to the dialled side', async () => {
    await withGateway('<Dial><Number sendDigits="12">+12065550100</Number></Dial>', async (gateway) => {
      const { json } = await place(gateway);
      assert.deepEqual([json['bridged'], json['digits_played']], [true, 2]);
    });
  });

  test('a manual call reaches another kind of gateway at its own path', async () => {
    await withGateway(404, async (gateway) => {
      gateway.answers.set('/health', 'I am well');
      gateway.say('/incoming', '<Hangup/>');
      const { report } = await place(gateway, ['--voice-url', `https://${FAKE_HOST}/incoming`]);
      assert.equal(report.exitCode, 0);
    });
  });

  test('a manual call stays on this machine, whatever host the TwiML names', async () => {
    const twiml = '<Connect><Stream url="wss://elsewhere.example.com/stream"/></Connect>';
    await withGateway(twiml, async (gateway) => {
      const placed = place(gateway);
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      assert.equal(gateway.stream.headers.host, 'elsewhere.example.com');
      gateway.stream.socket.close();
      const { json, report } = await placed;
      assert.deepEqual([report.exitCode, json['streams'], json['ended']], [0, 1, 'no-more-twiml']);
    });
  });

  for (const [what, answer, args, hint] of [
    ['a refused signature', 403, [], /TWILIO_AUTH_TOKEN must be the gateway's/],
    ['a path without a webhook', 404, [], /no calls at https:\/\/fake\.example\.com\/twilio\/voice .*--voice-url/],
    ['a redirect', 301, [], /redirects .* \(HTTP 301\).*--gateway/],
    ['an answer that is not TwiML', 204, [], /not TwiML/],
  ] as const) {
    test(`a manual call fails with a hint after ${what}`, async () => {
      await withGateway(answer, async (gateway) => {
        const { json, report } = await place(gateway, args);
        assert.equal(report.exitCode, 1);
        assert.match(report.hint ?? '', hint);
        assert.equal(report.hint?.includes('\n'), false);
        assert.equal(json['hint'], report.hint);
        assert.equal(json.problems[0]?.level, 'error');
      });
    });
  }

  test('the hint after a 403 names a missing auth token or a host that is not the gateway’s', async () => {
    await withGateway(403, async (gateway) => {
      gateway.checksSignatures = false;
      const unsigned = await place(gateway, [], { authToken: undefined });
      assert.match(unsigned.report.hint ?? '', /Set TWILIO_AUTH_TOKEN/);
      const other = await place(gateway, ['--public-host', 'other.example.com']);
      assert.match(other.report.hint ?? '', /calls itself fake\.example\.com.*signed for other\.example\.com/);
    });
  });

  test('a manual call fails when its stream is refused, but not when an open stream breaks', async () => {
    const stream = `<Connect action="/action"><Stream url="wss://${FAKE_HOST}/stream"/></Connect>`;
    await withGateway(stream, async (gateway) => {
      gateway.say('/action', '<Hangup/>');
      const accept = gateway.onUpgrade;
      gateway.onUpgrade = (_request, socket) => socket.end('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n');
      const refused = await place(gateway);
      assert.equal(refused.report.exitCode, 1);
      assert.match(refused.report.hint ?? '', /media stream \(HTTP 500\)/);
      gateway.onUpgrade = accept;
      const placed = place(gateway);
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      gateway.stream.raw.destroy();
      const { json, report } = await placed;
      assert.deepEqual([report.exitCode, json.problems[0]?.code], [0, 31903]);
    });
  });

  test('a manual call reports how long each answer took, and ends some seconds after the last one', async () => {
    await withGateway(STREAM, async (gateway) => {
      const clock = scaledClock(SPEED);
      const placed = place(gateway, [], { acts: [SAYS], clock });
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      gateway.stream.play(500);
      const loud = (): number =>
        gateway.stream.of('media').filter(({ media }) => Buffer.from(media.payload, 'base64').includes(0x10)).length;
      await until(() => loud() >= 25, 'the caller to have spoken');
      const spokenMs = clock.now();
      // The caller is still playing the silence at the end of the recording.
      await until(() => clock.now() - spokenMs >= 300, 'the answer to be due');
      gateway.stream.play(500);
      const answeredMs = clock.now();
      const { json, lines, report } = await placed;
      assert.equal(report.exitCode, 0, report.hint);
      assert.equal(json['ended'], 'caller-hung-up');
      assert.ok(clock.now() - answeredMs < 12_000, `${clock.now() - answeredMs} ms after the answer`);
      const [turn] = json['turns'] as { did: string; answer_ms: number }[];
      assert.equal(turn?.did, 'Hello?');
      const expectedMs = answeredMs - spokenMs;
      assert.ok(Math.abs(turn.answer_ms - expectedMs) <= 150, `${turn.answer_ms} ms, expected about ${expectedMs}`);
      assert.match(lines.join('\n'), /caller +is answered after 0\.\d s/);
    });
  });

  test('a caller with --stay remains on the line when everything is done', async () => {
    await withGateway(STREAM, async (gateway) => {
      const clock = scaledClock(SPEED);
      const placed = place(gateway, ['--stay', '--limit', '40'], { clock });
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      gateway.stream.play(500);
      const { json } = await placed;
      assert.equal(json['ended'], 'limit');
    });
  });

  test('a call fails when a turn gets no answer, and when it ends before the caller has done everything', async () => {
    await withGateway(STREAM, async (gateway) => {
      gateway.say('/action', '<Hangup/>');
      const place1 = place(gateway, [], { acts: [SAYS], clock: scaledClock(SPEED) });
      await until(() => gateway.streams[0]?.of('start').length === 1, 'the stream');
      gateway.stream.play(500);
      const silent = await place1;
      assert.deepEqual([silent.report.exitCode, silent.json['ended']], [1, 'caller-hung-up']);
      assert.match(silent.report.hint ?? '', /^Nothing was heard in answer to “Hello\?”\.$/);
      assert.match(silent.lines.join('\n'), /caller +hears no answer/);

      const place2 = place(gateway, [], { acts: [SAYS], clock: scaledClock(SPEED) });
      await until(() => gateway.streams[1]?.of('start').length === 1, 'the second stream');
      gateway.stream.socket.close();
      const cut = await place2;
      assert.equal(cut.report.exitCode, 1);
      assert.match(cut.report.hint ?? '', /^The call ended before the caller had done everything \(1 left\)/);
    });
  });

  test('a call that goes straight to a human fails, and says why from the gateway’s own counters', async () => {
    await withGateway('<Dial><Number>+12065550100</Number></Dial>', async (gateway) => {
      let refused = 4;
      gateway.answers.set('/metrics', () => `gateway_refused_calls_total{reason="overload"} ${refused++}\n`);
      const { json, report } = await place(gateway, [], { acts: [SAYS] });
      assert.deepEqual([report.exitCode, json['bridged']], [1, true]);
      assert.match(report.hint ?? '', /^The call went straight to a human: its event loop was late/);
      assert.match(String(json['straight_to_human']), /event loop was late/);
      gateway.answers.delete('/metrics');
      const unknown = await place(gateway, [], { acts: [SAYS] });
      assert.match(unknown.report.hint ?? '', /straight to a human: the gateway's log says why\.$/);
    });
  });

  test('a call fails when the gateway dials and nobody is reached', async () => {
    await withGateway('<Dial timeout="1"><Number url="/whisper">+12065550100</Number></Dial>', async (gateway) => {
      gateway.say('/whisper', '<Hangup/>');
      const { report } = await place(gateway);
      assert.equal(report.exitCode, 1);
      assert.match(report.hint ?? '', /dialled \+12065550100, and nobody was reached/);
    });
  });

  test('a manual call hangs up at its limit with a hint', async () => {
    await withGateway('<Pause length="60"/>', async (gateway) => {
      const { json, report } = await place(gateway, ['--limit', '0.1']);
      assert.deepEqual([report.exitCode, json['ended']], [1, 'limit']);
      assert.match(report.hint ?? '', /--limit/);
    });
  });
});
