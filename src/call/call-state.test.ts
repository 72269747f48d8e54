import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallState, type ExitPlan, transition } from './call-state.js';

type Name = CallState['name'];
const NAMES: readonly Name[] = [
  'ringing',
  'talking',
  'leaving',
  'redirecting',
  'parted',
  'dialling',
  'recording',
  'ended',
];

/** The allowed steps, written a second time. */
const STEPS = new Set([
  'ringing>ringing',
  'ringing>talking',
  'ringing>parted',
  'ringing>ended',
  'talking>leaving',
  'leaving>leaving',
  'talking>parted',
  'talking>ended',
  'leaving>talking',
  'leaving>redirecting',
  'leaving>parted',
  'leaving>ended',
  'redirecting>redirecting',
  'redirecting>dialling',
  'redirecting>parted',
  'redirecting>ended',
  'parted>ringing',
  'parted>parted',
  'parted>dialling',
  'parted>recording',
  'parted>ended',
  'dialling>parted',
  'dialling>dialling',
  'dialling>ended',
  'recording>ended',
]);

const PLAN: ExitPlan = { exit: { to: 'nobody', outcome: 'completed' }, announce: undefined };

/** Returns a state whose parts note in `disposed` that they were disposed of. */
function stateOf(name: Name, disposed: string[]): CallState {
  const timer = { cancel: () => void disposed.push('timer') };
  const closing = (what: string): { close(): void } => ({ close: () => void disposed.push(what) });
  const goodbye = { cancel: () => void disposed.push('goodbye') };
  // Only what `transition` touches exists.
  const media = {
    stream: closing('stream'),
    health: closing('health'),
    playback: closing('playback'),
    conversation: closing('conversation'),
  } as never;
  const states: { [Each in Name]: CallState } = {
    ringing: {
      name: 'ringing',
      streamToken: 't',
      opening: undefined,
      quietSinceMs: undefined,
      prewarmed: closing('prewarmed') as never,
      tools: [],
      expires: timer,
    },
    talking: { name: 'talking', media },
    leaving: { name: 'leaving', media, ...PLAN, goodbye: goodbye as never, listening: undefined, isVoiceLost: false },
    parted: { name: 'parted', ...PLAN, expires: timer },
    dialling: {
      name: 'dialling',
      prepared: undefined,
      verbs: [],
      by: 'twiml',
      isWhispered: false,
      briefing: undefined,
      legSeconds: undefined,
      lastLegSid: '',
      expires: timer,
    },
    redirecting: {
      name: 'redirecting',
      media,
      ...PLAN,
      prepared: undefined,
      verbs: [],
      isStopped: false,
      isWhispered: false,
      briefing: undefined,
      settled: Promise.resolve(),
    },
    recording: { name: 'recording', verbs: [], expires: timer },
    ended: { name: 'ended', outcome: 'completed' },
  };
  return states[name];
}

test('a call can take exactly the known steps, and a refused step disposes of nothing', () => {
  for (const from of NAMES) {
    for (const to of NAMES) {
      const disposed: string[] = [];
      const next = stateOf(to, []);
      const step = (): CallState => transition(stateOf(from, disposed), next);
      if (STEPS.has(`${from}>${to}`)) {
        assert.equal(step(), next);
      } else {
        assert.throws(step, new Error(`A call cannot go from ${from} to ${to}.`));
        assert.deepEqual(disposed, []);
      }
    }
  }
});

test('a step disposes of what the next state does not take over', () => {
  const expected: Record<string, string[]> = {
    'ringing>talking': ['timer'],
    'ringing>ringing': ['timer', 'prewarmed'],
    'ringing>parted': ['timer', 'prewarmed'],
    'ringing>ended': ['timer', 'prewarmed'],
    'talking>leaving': [],
    'talking>parted': ['health', 'playback', 'conversation', 'stream'],
    'talking>ended': ['health', 'playback', 'conversation', 'stream'],
    'leaving>leaving': ['goodbye'],
    'leaving>talking': ['goodbye'],
    'leaving>redirecting': ['goodbye'],
    'redirecting>redirecting': [],
    'redirecting>dialling': ['health', 'playback', 'conversation', 'stream'],
    'redirecting>parted': ['health', 'playback', 'conversation', 'stream'],
    'redirecting>ended': ['health', 'playback', 'conversation', 'stream'],
    'leaving>parted': ['goodbye', 'health', 'playback', 'conversation', 'stream'],
    'leaving>ended': ['goodbye', 'health', 'playback', 'conversation', 'stream'],
    'parted>ringing': ['timer'],
    'parted>dialling': ['timer'],
    'parted>ended': ['timer'],
    'parted>parted': ['timer'],
    'parted>recording': ['timer'],
    'recording>ended': ['timer'],
    'dialling>parted': ['timer'],
    'dialling>dialling': ['timer'],
    'dialling>ended': ['timer'],
  };
  assert.deepEqual(new Set(Object.keys(expected)), STEPS);
  for (const [step, parts] of Object.entries(expected)) {
    const [from, to] = step.split('>') as [Name, Name];
    const disposed: string[] = [];
    transition(stateOf(from, disposed), stateOf(to, []));
    assert.deepEqual(disposed, parts, step);
  }
});

test('a state that is entered again keeps what it owned', () => {
  const disposed: string[] = [];
  for (const name of ['leaving', 'parted', 'dialling', 'redirecting'] as const) {
    const state = stateOf(name, disposed);
    transition(state, { ...state });
  }
  assert.deepEqual(disposed, []);
});
