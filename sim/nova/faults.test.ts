import assert from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { NovaLine, TestSim } from '../../test/support/nova-line.js';
import { until } from '../../test/support/rig.js';
import { ERROR_CLASSES } from '../model/faults.js';
import { scriptedBrain, speak } from '../model/script.js';
import { EXCEPTION_TYPES } from './event-stream.js';
import { type NovaFault, novaFault, parseNovaFault } from './faults.js';
import type { NovaSimOptions } from './nova-sim.js';

const answer = [speak('An answer of three seconds.', { durationMs: 3000 })];

describe('simulated Nova: limits of a session', () => {
  test('a session times out after eight minutes, even if it is active', async (t) => {
    const line = await NovaLine.open(t, { idleSeconds: 1000 });
    await line.silence(100);
    line.clock.advance(480_000 - 120);
    assert.equal(line.session.end, undefined);
    line.clock.advance(20);
    await line.client.ended;
    assert.deepEqual(line.client.exception, {
      type: 'modelTimeoutException',
      message: 'Model has timed out in processing the request',
    });
    await line.close();
    assert.equal(line.clock.timers, 0);
  });

  test('the maximum duration of a session can be set shorter', async (t) => {
    const line = await NovaLine.open(t, { sessionSeconds: 2 });
    await line.silence(2000);
    await line.client.ended;
    assert.equal(line.client.exception?.type, 'modelTimeoutException');
    await line.close();
  });

  test('a session fails after 55 s without audio or interactive text, and no other input prolongs it', async (t) => {
    const line = await NovaLine.open(t);
    line.clock.advance(54_900);
    await line.silence(20);
    line.clock.advance(54_900);
    assert.equal(line.session.end, undefined);
    line.client.text('USER', 'hi', true);
    await line.settled();
    line.clock.advance(54_900);
    assert.equal(line.session.end, undefined);
    line.client.startText('USER', true);
    await line.settled();
    line.clock.advance(100);
    await line.client.ended;
    assert.equal(line.client.exception?.type, 'validationException');
    assert.equal(
      line.client.exception.message,
      'Timed out waiting for audio bytes or interactive content. Please ensure gaps between audio bytes or interactive content are less than 55 seconds.',
    );
    await line.close();
    assert.equal(line.clock.timers, 0);
  });
});

describe('simulated Nova: faults on the wire', () => {
  const strike = async (t: TestContext, fault: NovaFault): Promise<NovaLine> => {
    const line = await NovaLine.open(t, {
      replyDelayMs: 100,
      brain: scriptedBrain([answer]),
      faults: [{ when: { at: 'answer', ms: 1000 }, fault } as NonNullable<NovaSimOptions['faults']>[number]],
    });
    await line.silence(100);
    line.client.text('USER', 'hi', true);
    await line.silence(300);
    assert.equal(line.session.end, undefined);
    assert.ok(line.client.named('audioOutput').length > 0);
    await line.silence(200);
    return line;
  };

  test('a session continues after a malformed message and after an unknown event', async (t) => {
    for (const type of ['malformed', 'unknown-event'] as const) {
      const line = await strike(t, { type });
      await line.silence(1000);
      assert.deepEqual(line.client.undecodable, type === 'malformed' ? ['{"event":{'] : []);
      assert.equal(line.client.named('somethingNew').length, type === 'malformed' ? 0 : 1);
      assert.equal(line.client.named('contentEnd').at(-1)?.['stopReason'], 'END_TURN');
      await line.close();
    }
  });

  test('a stalled session sends nothing more and does not end', async (t) => {
    const line = await strike(t, { type: 'stall' });
    const { length } = line.client.received;
    await line.silence(5000);
    line.client.send('sessionStart', {});
    await until(() => line.session.inputs.at(-1)?.name === 'sessionStart', 'an input that is wrong');
    await line.pass(1000);
    assert.equal(line.client.received.length, length);
    assert.equal(line.client.exception, undefined);
    assert.equal(line.session.end, undefined);
    await line.close();
    assert.equal(line.clock.timers, 0);
  });

  test('a session that stops reading still sends its answer', async (t) => {
    const line = await NovaLine.open(t, {
      replyDelayMs: 100,
      brain: scriptedBrain([[novaFault({ type: 'stop-reading' }), ...answer]]),
    });
    await line.silence(100);
    line.client.text('USER', 'hi', true);
    await line.silence(80);
    line.clock.advance(20);
    await until(() => line.client.named('audioOutput').length > 0, 'the answer');
    const { length } = line.session.inputs;
    for (let at = 0; at < 100; at++) line.client.silence(20);
    for (let at = 0; at < 40; at++) {
      line.clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => line.client.named('contentEnd').some(({ type }) => type === 'AUDIO'), 'the end of the answer');
    assert.ok(line.session.inputs.length < length + 100);
    await line.close();
  });

  test('every exception and every general error class can be struck in an answer', async (t) => {
    for (const exception of EXCEPTION_TYPES) {
      const line = await strike(t, { type: 'exception', exception });
      await line.client.ended;
      assert.equal(line.client.exception?.type, exception);
      assert.deepEqual(line.session.end, { ...line.session.end, type: 'exception', exception });
      await line.close();
    }
    const types: (string | undefined)[] = [];
    for (const name of ERROR_CLASSES) {
      const line = await strike(t, { type: 'error', class: name });
      await line.client.ended;
      types.push(line.client.exception?.type);
      await line.close();
    }
    assert.deepEqual(types, [
      'internalServerException',
      'throttlingException',
      'validationException',
      'validationException',
      'serviceUnavailableException',
      'modelTimeoutException',
    ]);
  });

  test('instability, the content filter and a failed answer end the session with the service’s messages', async (t) => {
    const messageOf = async (fault: NovaFault): Promise<string> => {
      const line = await strike(t, fault);
      await line.client.ended;
      await line.close();
      assert.equal(line.clock.timers, 0);
      return `${line.client.exception?.type}: ${line.client.exception?.message}`;
    };
    assert.equal(
      await messageOf({ type: 'instability' }),
      'validationException: System instability detected. Please retry your request.',
    );
    assert.match(await messageOf({ type: 'blocked' }), /^validationException: .*blocked by our content filters/);
    assert.match(await messageOf({ type: 'failed-response', class: 'server' }), /^modelStreamErrorException/);
    assert.equal(await messageOf({ type: 'error', class: 'server', message: 'Oh.' }), 'internalServerException: Oh.');
  });

  test('a fault can strike at a turn, at a time, and in one session alone', async (t) => {
    const sim = await TestSim.start(t, {
      replyDelayMs: 0,
      faults: [
        { when: { at: 'turn', turn: 1 }, fault: { type: 'close', code: 0 }, session: 2 },
        { when: { at: 'session', ms: 0 }, fault: { type: 'instability' }, session: 3 },
      ],
    });
    const greet = async () => {
      const client = sim.connect();
      client.begin();
      client.silence(100);
      client.text('USER', 'hi', true);
      let isEnded = false;
      void client.ended.then(() => (isEnded = true));
      await until(() => isEnded || client.named('audioOutput').length > 0, 'audio or the end');
      client.close();
      return [client.named('audioOutput').length > 0, client.exception?.type];
    };
    assert.deepEqual(await greet(), [true, undefined]);
    assert.deepEqual(await greet(), [false, undefined]);
    assert.deepEqual(sim.sessions[1]?.end, { type: 'fault', fault: { type: 'close', code: 0 } });
    assert.deepEqual(await greet(), [false, 'validationException']);
  });
});

test('simulated Nova: a fault strikes at its position in the answer of its turn', async (t) => {
  const when = { at: 'answer', ms: 500, turn: 2 } as const;
  const line = await NovaLine.open(t, {
    brain: scriptedBrain([answer, answer]),
    faults: [{ when, fault: { type: 'blocked' } }],
  });
  await line.silence(100);
  line.client.text('USER', 'hi', true);
  await line.silence(5000);
  assert.equal(line.session.end, undefined);
  line.client.text('USER', 'more', true);
  await line.silence(1000);
  await line.client.ended;
  assert.match(line.client.exception?.message ?? '', /content filters/);
});

test('simulated Nova: a session that is open when the simulator closes is recorded as closed', async (t) => {
  const line = await NovaLine.open(t);
  await line.silence(100);
  await line.sim.sim.close();
  assert.deepEqual(line.session.end, { type: 'closed' });
  assert.equal(line.clock.timers, 0);
});

/** What an application sees, including the official client's own behaviour. */
describe('simulated Nova: what the official client makes of it', () => {
  const outcomeOf = async (t: TestContext, options: NovaSimOptions, modelId?: string): Promise<string> => {
    const sim = await TestSim.start(t, { replyDelayMs: 0, brain: scriptedBrain([answer]), ...options });
    const client = sim.connectSdk(modelId);
    client.begin();
    client.silence(100);
    client.text('USER', 'hi', true);
    const outcome = await client.outcome;
    const end = sim.sessions[0]?.end;
    if (sim.sessions.length > 0) assert.ok(end?.type === 'fault' || end?.type === 'exception', end?.type);
    return outcome === 'clean' ? 'clean' : `${outcome.name}: ${outcome.message}`;
  };
  const during = (fault: NovaFault): NovaSimOptions => ({
    brain: scriptedBrain([[...answer, novaFault(fault)]]),
    audioSpeed: 100,
  });

  test('the official AWS client reports refusals before the stream as errors by name', async (t) => {
    assert.match(await outcomeOf(t, {}, 'amazon.nova-sonic-v1:0'), /^ResourceNotFoundException: .*end of its life/);
    assert.match(
      await outcomeOf(t, {}, 'amazon.nova-9'),
      /^ValidationException: The provided model identifier is invalid/,
    );
    assert.match(await outcomeOf(t, { maxSessions: 0 }), /^ThrottlingException: Too many requests/);
    assert.match(await outcomeOf(t, { region: 'eu-north-1' }), /^InvalidSignatureException/);
    assert.match(
      await outcomeOf(t, { credentials: { accessKeyId: 'A', secretAccessKey: 'B' } }),
      /^UnrecognizedClient/,
    );
    for (const [status, name] of [
      [400, 'ValidationException'],
      [403, 'AccessDeniedException'],
      [404, 'ResourceNotFoundException'],
      [408, 'ModelTimeoutException'],
      [424, 'ModelErrorException'],
      [429, 'ThrottlingException'],
      [500, 'InternalServerException'],
      [503, 'ServiceUnavailableException'],
    ] as const) {
      const refused = await outcomeOf(t, { faults: [{ when: { at: 'connect' }, fault: { type: 'refuse', status } }] });
      assert.match(refused, new RegExp(`^${name}: `), String(status));
    }
  });

  test('the official AWS client reports exceptions by name, before the first event and after it', async (t) => {
    for (const exception of EXCEPTION_TYPES) {
      const name = `${exception[0]?.toUpperCase()}${exception.slice(1)}`;
      const fault = { type: 'exception', exception } as const;
      const first = await outcomeOf(t, { faults: [{ when: { at: 'session', ms: 0 }, fault }] });
      assert.match(first, new RegExp(`^${name}: \\w`));
      assert.match(await outcomeOf(t, during(fault)), new RegExp(`^${name}: \\w`));
    }
  });

  test('the official AWS client sees a clean end after a close, and an error or a clean end after a reset, but never hangs', async (t) => {
    assert.equal(await outcomeOf(t, during({ type: 'close', code: 0 })), 'clean');
    // The outcome depends on a race inside the client. It is an error if the client had not read all data before the
    // reset.
    assert.match(await outcomeOf(t, during({ type: 'rst-stream' })), /^clean$|Stream closed with error code/);
    assert.match(await outcomeOf(t, during({ type: 'reset' })), /^clean$|Premature close/);
    assert.match(await outcomeOf(t, { faults: [{ when: { at: 'connect' }, fault: { type: 'reset' } }] }), /^Error: /);
  });

  test('the official AWS client waits without a timeout for a silent server', async (t) => {
    const sim = await TestSim.start(t, { faults: [{ when: { at: 'connect' }, fault: { type: 'silent' } }] });
    const client = sim.connectSdk();
    client.begin();
    const early = await Promise.race([client.outcome, new Promise((resolve) => setTimeout(resolve, 100, 'nothing'))]);
    assert.equal(early, 'nothing');
    client.close();
    assert.ok((await client.outcome) instanceof Error);
  });
});

test('simulated Nova: faults are parsed from a command line', () => {
  assert.deepEqual(parseNovaFault('turn:2@3=instability'), {
    when: { at: 'turn', turn: 2 },
    fault: { type: 'instability' },
    session: 3,
  });
  assert.deepEqual(parseNovaFault('answer:800=rst-stream:8')?.fault, { type: 'rst-stream', code: 8 });
  assert.deepEqual(parseNovaFault('answer:800=rst-stream')?.fault, { type: 'rst-stream' });
  assert.deepEqual(parseNovaFault('session:5=stop-reading')?.fault, { type: 'stop-reading' });
  assert.deepEqual(parseNovaFault('session:5=modelTimeoutException')?.fault, {
    type: 'exception',
    exception: 'modelTimeoutException',
  });
  assert.deepEqual(parseNovaFault('connect=429')?.fault, { type: 'refuse', status: 429 });
  assert.deepEqual(parseNovaFault('connect@1=502:proxy')?.fault, { type: 'refuse', status: 502, by: 'proxy' });
  assert.deepEqual(parseNovaFault('turn:1=reset')?.fault, { type: 'reset' });
  for (const wrong of ['', 'connect=instability', 'turn=instability', 'turn:1=nothing', '=stall'])
    assert.equal(parseNovaFault(wrong), undefined, wrong);
});
