import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CarrierRig, streamTwiml, withCarrier } from '../../test/support/carrier-rig.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { FAKE_HOST } from '../../test/support/fake-gateway.js';
import { until } from '../../test/support/rig.js';
import type { CarrierOptions } from './carrier.js';
import type { CarrierCall, PlaceCallOptions } from './carrier-call.js';

type Live = CarrierRig & { live: CarrierCall; heard: Buffer[] };

/** Runs `body` on a call whose stream is open. */
async function withStream(
  options: Partial<CarrierOptions> & { twiml?: string; place?: Partial<PlaceCallOptions> },
  body: (rig: Live) => Promise<void>,
): Promise<void> {
  const { place, twiml = streamTwiml(), ...carrierOptions } = options;
  await withCarrier(carrierOptions, async (rig) => {
    rig.gateway.say('/voice', twiml);
    const live = rig.call(place);
    const heard: Buffer[] = [];
    live.on('heard', (frame) => heard.push(Buffer.from(frame)));
    await until(() => rig.gateway.streams[0]?.of('start').length === 1, 'the stream');
    await body({ ...rig, live, heard });
  });
}

const timestampsOf = (rig: Live): number[] => rig.gateway.stream.of('media').map((m) => Number(m.media.timestamp));
const playedMs = (rig: Live): number => Buffer.concat(rig.heard).filter((byte) => byte === 0x10).length / 8;

describe('simulated carrier: a stream', { concurrency: false }, () => {
  test('the simulated stream opens with Twilio’s headers and messages, and without the query of its URL', async () => {
    const twiml = `<Connect><Stream url="wss://${FAKE_HOST}/stream/a?secret=1" name="n"><Parameter name="token" value="t"/></Stream></Connect>`;
    await withStream({ twiml }, async ({ carrier, gateway, live }) => {
      const { headers, messages, url } = gateway.stream;
      assert.equal(url, '/stream/a');
      assert.equal(headers.host, FAKE_HOST);
      assert.equal(headers['user-agent'], 'Twilio.TmeWs/1.0');
      assert.equal(headers['sec-websocket-version'], '13');
      for (const absent of ['origin', 'sec-websocket-protocol', 'sec-websocket-extensions'])
        assert.equal(headers[absent], undefined, absent);
      assert.deepEqual(messages[0], { event: 'connected', protocol: 'Call', version: '1.0.0' });
      const streamSid = live.mediaStream?.streamSid;
      assert.deepEqual(messages[1], {
        event: 'start',
        sequenceNumber: '1',
        start: {
          accountSid: carrier.options.accountSid,
          streamSid,
          callSid: live.callSid,
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { token: 't' },
        },
        streamSid,
      });
    });
  });

  test('the stream numbers all its messages in one sequence and stamps frames as unevenly as a real line', async () => {
    await withStream({ stream: { firstFrameMs: 171 } }, async (rig) => {
      const { advance, gateway, live } = rig;
      await advance(300, live);
      live.pressDigit('5');
      gateway.stream.mark('empty');
      await advance(200, live);
      const { messages } = gateway.stream;
      assert.deepEqual(
        messages.slice(1).map((message) => message.sequenceNumber),
        messages.slice(1).map((_, index) => String(index + 1)),
      );
      const media = gateway.stream.of('media');
      assert.deepEqual(
        media.map((message) => message.media.chunk),
        media.map((_, index) => String(index + 1)),
      );
      assert.equal(media.length, 25);
      assert.ok(media.every((message) => message.media.payload.length === 216 && message.media.track === 'inbound'));
      assert.deepEqual(gateway.stream.of('dtmf')[0]?.dtmf, { track: 'inbound_track', digit: '5' });
      const offsets = timestampsOf(rig).map((timestamp, index) => timestamp - 171 - 20 * index);
      assert.equal(offsets[0], 0);
      assert.deepEqual([Math.min(...offsets), Math.max(...offsets)], [-3, 3]);
    });
  });

  test('the caller’s audio is sent in frames of 160 bytes, filled up with silence', async () => {
    await withStream({}, async ({ advance, gateway, live }) => {
      live.speak(Buffer.alloc(200, 0x21));
      assert.equal(live.mediaStream?.unspokenBytes, 200);
      await advance(60, live);
      const audio = Buffer.concat(gateway.stream.of('media').map((m) => Buffer.from(m.media.payload, 'base64')));
      assert.deepEqual(audio, Buffer.concat([Buffer.alloc(200, 0x21), Buffer.alloc(280, 0xff)]));
    });
  });

  test('a line with gaps sends no silence, and its timestamps keep counting', async () => {
    await withStream({ place: { stream: { line: 'gaps' } } }, async (rig) => {
      await rig.advance(200, rig.live);
      assert.deepEqual(timestampsOf(rig), []);
      rig.live.speak(Buffer.alloc(320, 0x21));
      await rig.advance(100, rig.live);
      const [first = 0, second = 0, ...more] = timestampsOf(rig);
      assert.deepEqual(more, []);
      assert.ok(Math.abs(first - 355) <= 3 && Math.abs(second - 375) <= 3, `${first}, ${second}`);
    });
  });

  test('after a stall the stream sends all held frames at once', async () => {
    await withStream({}, async (rig) => {
      await rig.advance(100, rig.live);
      rig.live.mediaStream?.setLine('stalled');
      rig.live.speak(Buffer.alloc(1600, 0x21));
      await rig.advance(200, rig.live);
      assert.equal(timestampsOf(rig).length, 5);
      rig.live.mediaStream?.setLine('clear');
      await rig.live.mediaStream?.settle();
      const timestamps = timestampsOf(rig);
      assert.equal(timestamps.length, 15);
      assert.deepEqual(
        timestamps,
        [...timestamps].sort((a, b) => a - b),
      );
      assert.deepEqual(rig.problems, []);
    });
  });

  test('a congested line loses the caller’s audio and is reported once (31930)', async () => {
    await withStream({}, async (rig) => {
      rig.live.mediaStream?.setLine('congested');
      rig.live.speak(Buffer.alloc(1600, 0x21));
      await rig.advance(200, rig.live);
      rig.live.mediaStream?.setLine('clear');
      await rig.advance(100, rig.live);
      assert.equal(timestampsOf(rig).length, 5);
      assert.deepEqual(rig.problems, [31930]);
      assert.equal(rig.live.mediaStream?.unspokenBytes, 0);
    });
  });

  test('a stream is reported as congested when the gateway does not read (31930)', async () => {
    await withStream({}, async ({ clock, gateway, live, problems }) => {
      gateway.stream.raw.pause();
      // What the kernel holds differs from machine to machine; twenty minutes are more than any of them.
      for (let second = 0; second < 1200 && problems.length === 0; second++) {
        clock.advance(1000);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
      assert.deepEqual(problems, [31930]);
      assert.equal(live.isOver, false);
    });
  });

  test('the stream plays in real time and returns each mark when the audio before it was heard', async () => {
    await withStream({}, async (rig) => {
      const { advance, gateway, live } = rig;
      const marks = (): string[] => gateway.stream.of('mark').map((message) => message.mark.name);
      gateway.stream.play(200);
      gateway.stream.mark('a');
      gateway.stream.play(200);
      gateway.stream.mark('b');
      await advance(180, live);
      assert.deepEqual([playedMs(rig), marks()], [180, []]);
      await advance(20, live);
      assert.deepEqual([playedMs(rig), marks()], [200, ['a']]);
      await advance(400, live);
      assert.deepEqual([playedMs(rig), marks()], [400, ['a', 'b']]);
    });
  });

  test('playout has caught up before a message is handled, even if the process was busy', async () => {
    /** Time advances but timers do not fire, as when the event loop is late. */
    class LateClock extends FakeClock {
      lateMs = 0;
      override now(): number {
        return super.now() + this.lateMs;
      }
    }
    const clock = new LateClock();
    await withStream({ clock }, async (rig) => {
      rig.gateway.stream.play(1000);
      rig.gateway.stream.mark('end');
      await rig.live.mediaStream?.settle();
      clock.lateMs = 410;
      rig.gateway.stream.send({ event: 'clear' });
      await rig.live.mediaStream?.settle();
      assert.equal(playedMs(rig), 400);
      assert.deepEqual(rig.gateway.stream.of('mark').length, 1);
      clock.lateMs = 1000;
      rig.gateway.stream.play(1000);
      await rig.live.mediaStream?.settle();
      assert.equal(playedMs(rig), 400, 'what comes now is not played into the past');
    });
  });

  test('clear stops the playout and returns every outstanding mark at once', async () => {
    await withStream({}, async (rig) => {
      const { advance, gateway, live } = rig;
      for (const name of ['a', 'b', 'c']) {
        gateway.stream.play(200);
        gateway.stream.mark(name);
      }
      await advance(100, live);
      gateway.stream.send({ event: 'clear' });
      await live.mediaStream?.settle();
      assert.deepEqual(
        gateway.stream.of('mark').map((message) => message.mark.name),
        ['a', 'b', 'c'],
      );
      await advance(500, live);
      assert.equal(playedMs(rig), 100);
    });
  });

  test('the stream queues ten minutes of audio, drops the rest and reports it once (31931)', async () => {
    await withStream({}, async (rig) => {
      for (let minute = 0; minute < 12; minute++) rig.gateway.stream.play(60_000);
      await rig.live.mediaStream?.settle();
      assert.deepEqual(rig.problems, [31931]);
      rig.clock.advance(720_000);
      assert.equal(playedMs(rig), 600_000);
    });
  });

  test('the stream ignores invalid messages, warns once of each kind and stays open (31950, 31951)', async () => {
    await withStream({}, async (rig) => {
      const { advance, gateway, live, problems } = rig;
      const { socket } = gateway.stream;
      for (let time = 0; time < 2; time++) {
        socket.send(Buffer.from([1, 2, 3]));
        socket.send('not json');
        gateway.stream.send({ event: 'dtmf' });
        socket.send('{"event":"clear","streamSid":"MZother"}');
      }
      gateway.stream.play(100);
      await advance(200, live);
      assert.deepEqual(problems, [31950, 31951]);
      assert.equal(playedMs(rig), 100);
    });
  });

  test('the stream accepts parameters under 500 characters and leaves longer ones out (12200)', async () => {
    const inside = `<Parameter name="fits" value="${'x'.repeat(495)}"/><Parameter name="long" value="${'x'.repeat(496)}"/><Parameter value="nameless"/>`;
    await withStream({ twiml: streamTwiml('', inside) }, async ({ gateway, problems }) => {
      assert.deepEqual(Object.keys(gateway.stream.of('start')[0]?.start.customParameters ?? {}), ['fits']);
      assert.deepEqual(problems, [12200, 12200]);
    });
  });

  test('a stream reports its start and its end to its status callback', async () => {
    const twiml = streamTwiml(`name="ai" statusCallback="https://${FAKE_HOST}/status"`);
    await withStream({ twiml }, async ({ gateway, live }) => {
      const streamSid = gateway.stream.streamSid;
      live.hangup();
      await until(() => gateway.of('/status').length === 2, 'two callbacks');
      for (const [index, event] of ['stream-started', 'stream-stopped'].entries()) {
        const form = Object.fromEntries(gateway.of('/status')[index]?.form ?? []);
        assert.match(form['Timestamp'] ?? '', /^2026-01-01T\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.deepEqual(
          [form['StreamEvent'], form['StreamSid'], form['StreamName'], form['CallSid'], form['StreamError']],
          [event, streamSid, 'ai', live.callSid, undefined],
        );
      }
    });
  });

  test('a stream without a name is reported under its sid', async () => {
    const twiml = streamTwiml(`statusCallback="https://${FAKE_HOST}/status" statusCallbackMethod="GET"`);
    await withStream({ twiml }, async ({ gateway }) => {
      await until(() => gateway.of('/status').length === 1, 'the callback');
      const [callback] = gateway.of('/status');
      assert.equal(callback?.method, 'GET');
      assert.equal(callback.form.get('StreamName'), gateway.stream.streamSid);
    });
  });
});
