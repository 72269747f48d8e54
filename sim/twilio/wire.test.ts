import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkOutbound } from './outbound.js';
import { PlayQueue } from './play-queue.js';
import { signStream, signWebhook } from './signing.js';
import { parseTwiml } from './twiml.js';

describe('simulated carrier: TwiML', () => {
  const problemsOf = (xml: string): unknown => {
    const parsed = parseTwiml(xml);
    return 'failed' in parsed ? parsed.failed.code : parsed.problems.map((problem) => problem.what);
  };

  test('the TwiML parser accepts every verb that the gateway uses', () => {
    const xml =
      '<?xml version="1.0"?><Response><Say language="en-US">Hi &amp; bye</Say><Connect action="https://h/a" method="POST"><Stream url="wss://h/s"><Parameter name="a" value="b"/></Stream></Connect><Dial timeout="25" answerOnBridge="true"><Number url="https://h/w">+12065550100</Number></Dial></Response>';
    const parsed = parseTwiml(xml);
    assert.ok(!('failed' in parsed));
    assert.deepEqual(parsed.problems, []);
    assert.deepEqual(
      parsed.verbs.map((verb) => verb.name),
      ['Say', 'Connect', 'Dial'],
    );
    assert.equal(parsed.verbs[0]?.text, 'Hi & bye');
  });

  test('a document that is not XML or not a Response fails (12100)', () => {
    for (const xml of [
      '',
      'hello',
      '<Response><Say></Response>',
      '<Response>&nope;</Response>',
      '<response/>',
      '<Twiml/>',
    ]) {
      assert.equal(problemsOf(xml), 12100, xml);
    }
  });

  test('the TwiML parser warns about unknown elements, wrong case and unknown attributes (12200) and leaves the element out', () => {
    assert.deepEqual(problemsOf('<Response><say>x</say></Response>'), ['<say> is not allowed in <Response>']);
    assert.deepEqual(problemsOf('<Response><Number>1</Number></Response>'), ['<Number> is not allowed in <Response>']);
    assert.deepEqual(problemsOf('<Response><Dial callerID="x"/></Response>'), ['<Dial> has no attribute callerID']);
  });
});

describe('simulated carrier: signatures', () => {
  test('the signature matches Twilio’s documented example', () => {
    const fields = {
      CallSid: 'CA1234567890ABCDE',
      Caller: '+14158675309',
      Digits: '1234',
      From: '+14158675309',
      To: '+18005551212',
    };
    assert.equal(
      signWebhook('12345', 'https://mycompany.com/myapp.php?foo=1&bar=2', fields),
      'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
    );
  });

  test('the signature of an https URL leaves the port out', () => {
    assert.equal(signWebhook('t', 'https://h:8443/p', { a: 'b' }), signWebhook('t', 'https://h/p', { a: 'b' }));
    assert.notEqual(signWebhook('t', 'http://h:8080/p', { a: 'b' }), signWebhook('t', 'http://h/p', { a: 'b' }));
  });

  test('the signature of a stream differs by mode', () => {
    const modes = ['exact', 'trailing-slash', 'with-port', 'wrong-token'] as const;
    assert.equal(new Set(modes.map((mode) => signStream('t', 'wss://h/s', mode))).size, 4);
    assert.equal(signStream('t', 'wss://h/s', 'absent'), undefined);
  });
});

describe('simulated carrier: what a gateway may send', () => {
  const check = (text: string, isBinary = false): unknown => {
    const checked = checkOutbound(Buffer.from(text), isBinary, 'MZ1');
    return checked.ok ? checked.message.event : checked.code;
  };

  test('a gateway may send media, mark and clear with the sid of the stream', () => {
    assert.equal(check('{"event":"media","streamSid":"MZ1","media":{"payload":"/w=="}}'), 'media');
    assert.equal(check('{"event":"mark","streamSid":"MZ1","mark":{"name":"a"}}'), 'mark');
    assert.equal(check('{"event":"clear","streamSid":"MZ1"}'), 'clear');
  });

  test('any other message of a gateway is refused (31950, 31951)', () => {
    assert.equal(check('{"event":"clear","streamSid":"MZ1"}', true), 31950);
    for (const text of [
      'x',
      '[]',
      '{"event":"dtmf","streamSid":"MZ1"}',
      '{"event":"clear","stream_sid":"MZ1"}',
      '{"event":"clear","streamSid":"MZ2"}',
      '{"event":"clear","streamSid":"MZ1","sequenceNumber":"1"}',
      '{"event":"media","streamSid":"MZ1","media":{"payload":""}}',
      '{"event":"media","streamSid":"MZ1","media":{"payload":"@@@@"}}',
      '{"event":"media","streamSid":"MZ1","media":{"payload":"/w==","track":"outbound"}}',
      '{"event":"mark","streamSid":"MZ1","mark":{}}',
    ]) {
      assert.equal(check(text), 31951, text);
    }
  });
});

describe('simulated carrier: playback', () => {
  const queue = (): { queue: PlayQueue; marks: string[] } => {
    const marks: string[] = [];
    return { queue: new PlayQueue((name) => marks.push(name)), marks };
  };

  test('the playback queue returns a mark when the audio before it was played, and at once if it is empty', () => {
    const { marks, queue: played } = queue();
    played.addMark('empty');
    assert.deepEqual(marks, ['empty']);
    played.addAudio(new Uint8Array(240));
    played.addMark('after 30 ms');
    played.addAudio(new Uint8Array(80));
    played.addMark('after 40 ms');
    played.next();
    assert.deepEqual(marks, ['empty']);
    played.next();
    assert.deepEqual(marks, ['empty', 'after 30 ms', 'after 40 ms']);
    assert.equal(played.next(), undefined);
  });

  test('the playback queue fills a frame up with silence', () => {
    const { queue: played } = queue();
    played.addAudio(new Uint8Array(100).fill(1));
    const frame = played.next();
    assert.equal(frame?.length, 160);
    assert.deepEqual([frame[99], frame[100]], [1, 0xff]);
  });

  test('clear empties the playback queue and returns every mark in order', () => {
    const { marks, queue: played } = queue();
    for (const name of ['a', 'b', 'c']) {
      played.addAudio(new Uint8Array(1600));
      played.addMark(name);
    }
    played.next();
    played.clear();
    assert.deepEqual(marks, ['a', 'b', 'c']);
    assert.equal(played.next(), undefined);
  });

  test('the playback queue holds at most ten minutes of audio', () => {
    const { queue: played } = queue();
    assert.equal(played.addAudio(new Uint8Array(600 * 8000)), true);
    assert.equal(played.addAudio(new Uint8Array(1)), false);
  });
});
