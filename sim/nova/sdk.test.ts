import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestSim } from '../../test/support/nova-line.js';
import { until } from '../../test/support/rig.js';
import { scaledClock } from '../../test/support/scaled-clock.js';
import { mulawToPcm, pcmToMulaw } from '../../src/audio/g711.js';
import { openSpeechEngine } from '../../src/speech/engine.js';
import { loudnessEar, speechEar } from '../model/ear.js';
import { callTool, scriptedBrain, speak } from '../model/script.js';
import { speechVoice } from '../model/voice.js';
import { pcmBytes, pcmSamples } from './rate.js';
import type { NovaSimOptions } from './nova-sim.js';

test('the official AWS client completes a session with a greeting, a spoken turn, an interruption, a tool and an orderly end', async (t) => {
  const options: NovaSimOptions = {
    clock: scaledClock(10),
    idleSeconds: 10_000,
    sessionSeconds: 10_000,
    ear: loudnessEar({ texts: ['Where is my order?', 'Stop!'] }),
    brain: scriptedBrain([
      'Welcome. How can I help?',
      [callTool('find_order', { number: '417' })],
      [speak('It is on its way.', { durationMs: 60_000 })],
      'All right.',
    ]),
  };
  const sim = await TestSim.start(t, options);
  const client = sim.connectSdk();
  client.begin({ tools: ['find_order'], instructions: 'Greet the caller.' });
  client.silence(100);
  client.text('USER', 'hi', true);
  const ends = () =>
    client
      .named('contentEnd')
      .filter(({ type }) => type === 'AUDIO')
      .map((end) => end['stopReason']);
  await until(() => ends().length === 2, 'the greeting');
  assert.deepEqual(ends(), ['PARTIAL_TURN', 'END_TURN']);
  assert.equal(client.received[0]?.name, 'completionStart');
  await until(() => client.texts.filter((text) => text.includes('ASSISTANT FINAL')).length === 2, 'final texts');

  client.speech(500);
  client.silence(1600);
  await until(() => client.named('toolUse').length === 1, 'the tool');
  const { content, toolName, toolUseId } = client.named('toolUse')[0] ?? {};
  assert.deepEqual([toolName, JSON.parse(String(content))], ['find_order', { number: '417' }]);
  assert.ok(client.texts.includes('USER FINAL Where is my order? (PARTIAL_TURN)'));
  client.silence(20);
  client.toolResult(String(toolUseId), '{"status":"shipped"}');
  await until(() => client.texts.some((text) => text.includes('SPECULATIVE It is on its way')), 'the answer');

  client.speech(100);
  await until(() => client.texts.some((text) => text.includes('interrupted')), 'the interruption');
  client.speech(100);
  client.silence(1600);
  await until(() => ends().at(-1) === 'END_TURN' && client.texts.some((text) => text.includes('All right')), 'reply');

  client.leave();
  client.finish();
  assert.equal(await client.outcome, 'clean');
  assert.equal(client.received.at(-1)?.name, 'completionEnd');
  assert.equal(client.named('completionStart').length, 1);
  const [session] = sim.sessions;
  assert.deepEqual(session?.end, { type: 'orderly' });
  assert.deepEqual(
    session.outputs.map(({ name }) => name),
    client.received.map(({ name }) => name),
  );
  assert.equal(session.signatures.bad, 0);
  assert.equal(session.signatures.good, session.inputs.length + 1);
  assert.ok(session.signatures.final);
  assert.equal(session.interruptions, 1);
  assert.deepEqual(
    session.toolResults.map(({ name, content: result }) => [name, result]),
    [['find_order', '{"status":"shipped"}']],
  );
});

test('the official AWS client’s spoken question is understood and answered in speech', async (t) => {
  const engine = await openSpeechEngine();
  t.after(() => engine.close());
  const sim = await TestSim.start(t, {
    replyDelayMs: 0,
    audioSpeed: 50,
    ear: speechEar(engine),
    voice: speechVoice(engine),
  });
  const client = sim.connectSdk();
  client.begin();
  client.silence(300);
  const question = await engine.synthesize('What are your opening hours?', { voice: 'rms' });
  for (let at = 0; at < question.length; at += 160)
    client.audio(pcmBytes(mulawToPcm(question.subarray(at, at + 160))).toString('base64'));
  client.silence(2000);
  // The engine works in real time, while the stream stays open.
  const ended = () =>
    client.named('contentEnd').some(({ stopReason, type }) => type === 'AUDIO' && stopReason === 'END_TURN');
  await until(
    () => {
      client.silence(20);
      return ended();
    },
    'the answer',
    60_000,
  );
  assert.match(client.texts[0] ?? '', /^USER FINAL .*opening hours/i);
  const audio = Buffer.concat(client.named('audioOutput').map(({ content }) => Buffer.from(String(content), 'base64')));
  const heard = await engine.transcribe(pcmToMulaw(pcmSamples(audio)));
  assert.match(heard, /monday/i);
});
