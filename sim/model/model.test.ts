import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mulawRms } from '../../src/audio/level.js';
import { demoBrain } from './demo-brain.js';
import { type Ear, loudnessEar } from './ear.js';
import { FaultPlan, type PlannedFault, parseFault } from './faults.js';
import { type OfferedTool, type Turn, callTool, scriptedBrain, speak, wait } from './script.js';
import { toneVoice } from './voice.js';

const silence = (ms: number): Uint8Array => new Uint8Array(ms * 8).fill(0xff);
const sound = (ms: number): Promise<Uint8Array> => toneVoice().speak('', { durationMs: ms });

async function hear(ear: Ear, pieceBytes: number, options?: { hangoverMs: number }): Promise<string[]> {
  const events: string[] = [];
  const line = ear.listen(
    {
      onSpeechStarted: (atMs) => events.push(`started ${atMs}`),
      onSpeechStopped: (atMs) => events.push(`stopped ${atMs}`),
      onText: (text) => events.push(`text ${text}`),
    },
    options,
  );
  const parts = [silence(200), await sound(400), silence(300), await sound(20), silence(300), await sound(600)];
  const audio = Buffer.concat([...parts, silence(700)]);
  for (let at = 0; at < audio.length; at += pieceBytes) line.push(audio.subarray(at, at + pieceBytes));
  line.close();
  line.push(await sound(1000));
  return events;
}

test('the loudness ear reports utterances with their positions, ignores a click, and does not depend on the chunk size', async () => {
  const expected = ['started 200', 'stopped 600', 'text one', 'started 1220', 'stopped 1820', 'text two'];
  for (const pieceBytes of [160, 7, 4000])
    assert.deepEqual(await hear(loudnessEar({ texts: ['one', 'two'], hangoverMs: 260 }), pieceBytes), expected);
});

test('the loudness ear’s silence can be set for each stream, and its texts restart on every stream', async () => {
  const ear = loudnessEar({ texts: ['one', 'two'] });
  assert.deepEqual(await hear(ear, 160, { hangoverMs: 640 }), ['started 200', 'stopped 1820', 'text one']);
  assert.deepEqual(
    (await hear(ear, 160, { hangoverMs: 260 })).filter((event) => event.startsWith('text')),
    ['text one', 'text two'],
  );
  const numbered = loudnessEar({ texts: (line, utterance) => `${line}/${utterance}`, hangoverMs: 260 });
  await hear(numbered, 160);
  assert.equal((await hear(numbered, 160)).at(-1), 'text 1/1');
});

test('the tone voice is as long as the text unless told otherwise, audible, and reproducible', async () => {
  const voice = toneVoice({ msPerCharacter: 50 });
  const spoken = await voice.speak('hello');
  assert.equal(spoken.length, 250 * 8);
  assert.ok(mulawRms(spoken) > 1000);
  assert.deepEqual(await voice.speak('hello'), spoken);
  assert.equal((await voice.speak('hello', { durationMs: 35 })).length, 280);
});

test('the scripted brain answers its turns in order, then nothing, and restarts in each session', () => {
  const brains = scriptedBrain(['hi', [wait(5), callTool('t', { a: 1 })]]);
  const turn: Turn = { type: 'asked', instructions: '' };
  const situation = { instructions: '', tools: [], history: [] };
  for (const brain of [brains(), brains()]) {
    assert.deepEqual(brain.decide(turn, situation), [speak('hi')]);
    assert.deepEqual(brain.decide(turn, situation), [
      { type: 'wait', ms: 5 },
      { type: 'call-tool', name: 't', arguments: { a: 1 } },
    ]);
    assert.deepEqual(brain.decide(turn, situation), []);
  }
});

const TOOLS: OfferedTool[] = [
  { name: 'transfer_to_human', description: 'Hand over', parameters: {} },
  { name: 'end_call', description: 'End the call', parameters: {} },
  { name: 'order_status', description: '', parameters: { type: 'object', properties: { number: { type: 'string' } } } },
];

test('the demo brain greets as told, repeats what it is told to say, answers, and uses the offered tools', () => {
  const brain = demoBrain();
  const react = (turn: Turn, tools = TOOLS, instructions = 'Be kind.') =>
    brain.decide(turn, { instructions, tools, history: [] });
  const asked = (instructions: string) => react({ type: 'asked', instructions });
  const spoken = (text: string, tools = TOOLS) => react({ type: 'spoken', text }, tools);
  assert.deepEqual(asked('Say exactly: “Good morning, this is Acme.”'), [speak('Good morning, this is Acme.')]);
  assert.deepEqual(asked('Say exactly the following text, word for word.\n\nGood evening: welcome.\n\nThen answer.'), [
    speak('Good evening: welcome.'),
  ]);
  assert.deepEqual(asked('Greet the caller with: "Hi there."'), [speak('Hi there.')]);
  assert.deepEqual(react({ type: 'asked', instructions: '' }, TOOLS, 'Greet with "Welcome."'), [speak('Welcome.')]);
  assert.match(JSON.stringify(asked('')), /Hello!/);
  assert.deepEqual(react({ type: 'typed', text: 'say exactly: one two' }), [speak('one two')]);
  assert.match(JSON.stringify(spoken('What are your opening hours?')), /nine in the morning/);
  assert.equal(spoken('I want a human please')[0]?.type, 'call-tool');
  assert.equal(spoken('I want a human please', [])[0]?.type, 'speak');
  assert.deepEqual(
    spoken('Okay, goodbye').map((act) => act.type),
    ['speak', 'call-tool'],
  );
  assert.match(JSON.stringify(spoken('Where is my order?')), /order number/);
  assert.deepEqual(spoken('It is four one 7'), [callTool('order_status', { number: '417' })]);
  assert.deepEqual(react({ type: 'tool-result', name: 'order_status', output: '{"status":"shipped"}' }), [
    speak('I found it. status: shipped.'),
  ]);
  assert.deepEqual(react({ type: 'tool-result', name: 'end_call', output: '{}' }), []);
  assert.match(JSON.stringify(spoken('Tell me a story')), /opening hours/);
});

test('model faults are parsed from a command line and strike only at their session, turn and position', () => {
  const lines = [
    'connect@2=401',
    'turn:2=close:1011',
    'session:5000=stall',
    'answer:800:3=reset',
    'answer:90=error:throttled',
  ];
  const planned = lines.map((line) => parseFault(line) as PlannedFault);
  const first = new FaultPlan(planned, 1);
  assert.equal(first.atConnect, undefined);
  assert.deepEqual(new FaultPlan(planned, 2).atConnect, { type: 'refuse', status: 401 });
  assert.deepEqual(first.atTurn(1), []);
  assert.deepEqual(first.atTurn(2), [{ type: 'close', code: 1011 }]);
  assert.deepEqual(first.inSession, [{ ms: 5000, fault: { type: 'stall' } }]);
  assert.deepEqual(first.inAnswer(1), [{ ms: 90, fault: { type: 'error', class: 'throttled' } }]);
  assert.deepEqual(
    first.inAnswer(3).map(({ ms }) => ms),
    [90, 800],
  );
  for (const wrong of [
    '',
    'connect',
    'connect=maybe',
    'connect=502:gateway',
    'turn=reset',
    'turn:1=error:silly',
    'never:1=reset',
  ])
    assert.equal(parseFault(wrong), undefined, wrong);
});
