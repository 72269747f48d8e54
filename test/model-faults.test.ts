import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERROR_CLASSES, type ErrorClass } from '../sim/model/faults.js';
import { scriptedBrain } from '../sim/model/script.js';
import { toneVoice } from '../sim/model/voice.js';
import type { OpenAiSimOptions } from '../sim/openai/server.js';
import type { PlannedNovaFault } from '../sim/nova/faults.js';
import { SAY_MS_PER_CHARACTER } from '../sim/twilio/script.js';
import { heardMore, type Model, speak, startModelRig } from './support/model-rig.js';
import { until } from './support/rig.js';

/** What becomes of the call: the model continues in a new session or in the same one, or an agent takes the call. */
type Outcome = 'new session' | 'same session' | 'human';

/** How the title of a case ends. */
const ENDINGS: Readonly<Record<Outcome, string>> = {
  'new session': 'continues in a new session',
  'same session': 'continues in the same session',
  human: 'goes to an agent',
};

interface Case {
  /** What the model does, as the predicate of the title. */
  name: string;
  faults: readonly PlannedNovaFault[];
  outcome: Outcome;
  openai?: OpenAiSimOptions;
  /** Changes the URL of the model into the one that the gateway uses. */
  endpoint?: (url: string) => string;
}

const everyTime = (fault: PlannedNovaFault['fault']): PlannedNovaFault[] => [
  { when: { at: 'connect' }, fault } as PlannedNovaFault,
];
const first = (fault: PlannedNovaFault['fault']): PlannedNovaFault[] => [
  { when: { at: 'connect' }, fault, session: 1 } as PlannedNovaFault,
];
/** In the middle of the answer to the caller's first question. The greeting is turn 1. */
const midWord = (fault: PlannedNovaFault['fault']): PlannedNovaFault[] => [
  { when: { at: 'answer', ms: 700, turn: 2 }, fault, session: 1 } as PlannedNovaFault,
];
/** In place of that answer. */
const instead = (fault: PlannedNovaFault['fault'], session?: number): PlannedNovaFault[] => [
  { when: { at: 'turn', turn: 2 }, fault, ...(session === undefined ? {} : { session }) } as PlannedNovaFault,
];

const at =
  (host: string) =>
  (url: string): string =>
    url.replace(/\/\/[^/]+/, `//${host}`);

const BOTH: readonly Case[] = [
  { name: 'refuses with 401', faults: everyTime({ type: 'refuse', status: 401 }), outcome: 'human' },
  { name: 'refuses with 403', faults: everyTime({ type: 'refuse', status: 403 }), outcome: 'human' },
  { name: 'throttles once with 429', faults: first({ type: 'refuse', status: 429 }), outcome: 'new session' },
  { name: 'throttles every session', faults: everyTime({ type: 'refuse', status: 429 }), outcome: 'human' },
  { name: 'is unavailable once with 500', faults: first({ type: 'refuse', status: 500 }), outcome: 'new session' },
  { name: 'is unavailable for good with 503', faults: everyTime({ type: 'refuse', status: 503 }), outcome: 'human' },
  {
    name: 'is hidden once by a proxy that answers 502 in HTML',
    faults: first({ type: 'refuse', status: 502, by: 'proxy' }),
    outcome: 'new session',
  },
  {
    name: 'is hidden once by a proxy that answers 429 in HTML',
    faults: first({ type: 'refuse', status: 429, by: 'proxy' }),
    outcome: 'new session',
  },
  { name: 'does not listen on its port', faults: [], endpoint: at('127.0.0.1:9'), outcome: 'human' },
  { name: 'has a host name that does not resolve', faults: [], endpoint: at('model.invalid'), outcome: 'human' },
  {
    name: 'does not speak TLS',
    faults: [],
    endpoint: (url) => url.replace(/^http:/, 'https:'),
    outcome: 'human',
  },
  { name: 'does not answer the first connection', faults: first({ type: 'silent' }), outcome: 'new session' },
  { name: 'resets the first connection', faults: first({ type: 'reset' }), outcome: 'new session' },
  { name: 'resets the connection mid-word', faults: midWord({ type: 'reset' }), outcome: 'new session' },
  { name: 'closes with 1001 mid-word', faults: midWord({ type: 'close', code: 1001 }), outcome: 'new session' },
  { name: 'sends a malformed message', faults: midWord({ type: 'malformed' }), outcome: 'same session' },
  { name: 'sends an unknown event', faults: midWord({ type: 'unknown-event' }), outcome: 'same session' },
  { name: 'stalls instead of answering', faults: instead({ type: 'stall' }, 1), outcome: 'new session' },
  {
    name: 'takes every session and stays silent',
    faults: [{ when: { at: 'turn', turn: 1 }, fault: { type: 'stall' } }],
    outcome: 'human',
  },
  { name: 'stalls mid-word', faults: midWord({ type: 'stall' }), outcome: 'new session' },
  { name: 'blocks the content', faults: instead({ type: 'blocked' }), outcome: 'human' },
];

/** An error event ends a session only if it says that the session or the account is at its end. */
const ERROR_OUTCOMES: Partial<Record<ErrorClass, Outcome>> = { unauthorized: 'human', timeout: 'new session' };

const CASES: Readonly<Record<Model, readonly Case[]>> = {
  openai: [
    ...BOTH,
    { name: 'closes with 1011 mid-word', faults: midWord({ type: 'close', code: 1011 }), outcome: 'new session' },
    ...(['ignored', 'refused'] as const).map((withoutMulaw): Case => ({
      name: `does not speak mu-law (the setting is ${withoutMulaw})`,
      faults: [],
      openai: { withoutMulaw },
      outcome: 'new session',
    })),
    {
      name: 'refuses the hint of the language',
      faults: [],
      openai: { refusedSettings: ['session.audio.input.transcription.languages'] },
      outcome: 'new session',
    },
    {
      name: 'refuses every transcription',
      faults: [],
      openai: { refusedSettings: ['session.audio.input.transcription'] },
      outcome: 'new session',
    },
    ...ERROR_CLASSES.map((kind): Case => ({
      name: `sends an error event of class ${kind}`,
      faults: midWord({ type: 'error', class: kind }),
      outcome: ERROR_OUTCOMES[kind] ?? 'same session',
    })),
    {
      name: 'fails one answer',
      faults: instead({ type: 'failed-response', class: 'server' }, 1),
      outcome: 'same session',
    },
    {
      name: 'fails an answer because of an account limit',
      faults: instead({ type: 'failed-response', class: 'throttled' }, 1),
      outcome: 'same session',
    },
  ],
  'openai-live': [
    ...BOTH,
    { name: 'closes with 1011 mid-word', faults: midWord({ type: 'close', code: 1011 }), outcome: 'new session' },
    ...(['throttled', 'unauthorized', 'timeout'] as const).map((kind): Case => ({
      name: `sends an error event of class ${kind}`,
      faults: midWord({ type: 'error', class: kind }),
      outcome: ERROR_OUTCOMES[kind] ?? 'same session',
    })),
  ],
  nova: [
    ...BOTH,
    { name: 'reports system instability', faults: midWord({ type: 'instability' }), outcome: 'new session' },
    { name: 'ends the stream with RST_STREAM', faults: midWord({ type: 'rst-stream' }), outcome: 'new session' },
    ...(['modelStreamErrorException', 'internalServerException', 'serviceUnavailableException'] as const).map(
      (exception): Case => ({
        name: `raises ${exception}`,
        faults: midWord({ type: 'exception', exception }),
        outcome: 'new session',
      }),
    ),
    {
      name: 'raises throttlingException',
      faults: instead({ type: 'exception', exception: 'throttlingException' }, 1),
      outcome: 'new session',
    },
    {
      name: 'rejects an input with validationException',
      faults: instead({ type: 'exception', exception: 'validationException' }, 1),
      outcome: 'new session',
    },
    {
      name: 'rejects an input with validationException, and then that of the next session',
      faults: [
        ...instead({ type: 'exception', exception: 'validationException' }, 1),
        { when: { at: 'turn', turn: 1 }, fault: { type: 'exception', exception: 'validationException' }, session: 2 },
      ],
      outcome: 'human',
    },
    { name: 'stops reading', faults: midWord({ type: 'stop-reading' }), outcome: 'new session' },
    {
      name: 'raises modelTimeoutException',
      faults: midWord({ type: 'exception', exception: 'modelTimeoutException' }),
      outcome: 'new session',
    },
  ],
};

/** Talks twice as fast as a person, so that an answer still takes more than two seconds. */
const QUICK = toneVoice({ msPerCharacter: 30 });

/** Maximum silence for a caller, whatever happens: all models silent until an agent is dialled. */
const MAX_SILENCE_MS = 12_000;

describe('faults of hosted models', { concurrency: 6 }, () => {
  for (const pipeline of [true, false]) {
    const way = pipeline ? 'through the pipeline' : 'through the direct bridge';
    test(`a Nova that never answers its opening is followed by one that greets and hears the caller, ${way}`, async () => {
      const rig = await startModelRig({
        model: 'nova',
        pipeline,
        says: Array.from({ length: 5 }, () => 'When do you open?'),
        brain: scriptedBrain(['Welcome to the shop.', 'We open at nine.']),
        faults: [{ when: { at: 'turn', turn: 1 }, fault: { type: 'stall' }, session: 1 }],
        nova: { voice: QUICK },
      });
      try {
        const { call, hearing } = rig.place();
        const said = (): string[] =>
          rig.events.flatMap((event) =>
            event.type === 'turn' && event.turn.speaker === 'assistant' ? [event.turn.text] : [],
          );
        await until(() => rig.events.some(({ type }) => type === 'stream-started'), 'the stream');
        // Longer than the wait for a silent model, so that the next session has to hear all of it again.
        const speechMs = 12_000;
        await speak(call, speechMs);
        await until(() => said().length === 2, 'the greeting and the answer');
        assert.deepEqual(said(), ['Welcome to the shop.', 'We open at nine.']);
        const failures = /connection_failures_total\{[^}]*\} (\d+)/.exec(await rig.running.metrics.text());
        assert.equal(failures?.[1], '1');
        assert.ok(!rig.events.some(({ type }) => type === 'escalated'));
        // Nobody interrupts the caller.
        assert.ok(hearing.longestGapMs < speechMs + 5000, `${hearing.longestGapMs} ms of silence`);
        call.hangup();
      } finally {
        await rig.close();
      }
    });
  }

  for (const pipeline of [true, false]) {
    test(`an answer of Nova that a noise cuts off goes on, ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`, async () => {
      const rig = await startModelRig({
        model: 'nova',
        pipeline,
        brain: scriptedBrain(['This is a very long greeting that a noise cuts off in its middle.', 'Here it goes on.']),
      });
      try {
        const { call, hearing } = rig.place();
        await until(() => hearing.loudMs > 800, 'the greeting');
        await speak(call, 400);
        const said = (): string[] => rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn.text] : []));
        await until(() => said().includes('Here it goes on.'), 'the rest');
        assert.ok(
          said().some((text) => text.startsWith('This is a') && !text.includes('middle')),
          said().join(' | '),
        );
        assert.doesNotMatch(rig.log(), /a voice session was lost/);
        call.hangup();
      } finally {
        await rig.close();
      }
    });
  }

  for (const model of ['openai', 'openai-live', 'nova'] as const) {
    for (const { endpoint, faults, name, openai, outcome } of CASES[model]) {
      test(`when ${model} ${name} the call ${ENDINGS[outcome]}`, async () => {
        const says = ['What are your opening hours?', 'What are your opening hours?', 'What are your opening hours?'];
        const rig = await startModelRig({
          model,
          says,
          faults,
          openai: { voice: QUICK, ...openai },
          live: { voice: QUICK },
          nova: { voice: QUICK },
          ...(endpoint === undefined ? {} : { endpoint }),
        });
        try {
          const { call, hearing } = rig.place();
          const escalated = (): boolean => rig.events.some(({ type }) => type === 'escalated');
          const said: string[] = [];
          call.on('say', (text) => said.push(text));
          await until(() => escalated() || (hearing.loudMs > 100 && hearing.quietMs > 400), 'a greeting');
          if (!escalated()) {
            const beforeMs = hearing.loudMs;
            await speak(call);
            await until(() => escalated() || hearing.loudMs > beforeMs + 1500, 'an answer');
          }
          if (outcome === 'human') {
            await until(escalated, 'the decision');
            await until(() => said.length > 0, 'the line');
            assert.match(said[0] ?? '', /get you a colleague/);
          } else {
            assert.equal(escalated(), false);
            // The gateway must notice by itself. Meanwhile it may have told the caller "one moment".
            const isLost = (): boolean => rig.log().includes('a voice session was lost');
            if (outcome === 'new session') await until(isLost, 'the loss of the session');
            await until(() => hearing.quietMs > 400, 'the end of the answer');
            const beforeMs = hearing.loudMs;
            await speak(call);
            await heardMore(hearing, beforeMs, 'the next answer');
            const metrics = await rig.running.metrics.text();
            const isCounted = /^voice_provider_connection_failures_total\{.*\} [1-9]/m.test(metrics);
            assert.equal(isCounted, outcome === 'new session');
            assert.equal(escalated(), false);
          }
          assert.ok(hearing.longestGapMs < MAX_SILENCE_MS, `${hearing.longestGapMs} ms of silence`);
          call.hangup();
        } finally {
          await rig.close();
        }
      });
    }
  }

  for (const [model, pipeline, withinMs] of [
    ['openai', true, 12_000],
    ['openai', false, 12_000],
    // It is reminded first.
    ['openai-live', true, 13_000],
    ['openai-live', false, 13_000],
    ['nova', true, 12_000],
    ['nova', false, 12_000],
  ] as const)
    test(`a German caller whose ${model} stays silent hears a sign of life within 5 s, and an agent's telephone rings within ${withinMs / 1000} s, ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`, async () => {
      const rig = await startModelRig({
        model,
        pipeline,
        faults: [{ when: { at: 'turn', turn: 1 }, fault: { type: 'stall' } }],
        env: { ASSISTANT_PROMPT: 'chaos/german.json' },
      });
      try {
        const { call, hearing } = rig.place();
        const said: string[] = [];
        call.on('say', (text) => said.push(text));
        const frames = { all: 0 };
        call.on('heard', () => frames.all++);
        await until(() => said.length > 0, 'the line');
        assert.match(said[0] ?? '', /Ich verbinde Sie/);
        assert.ok(hearing.loudMs > 0 && hearing.longestGapMs < 5000, `${hearing.longestGapMs} ms of silence`);
        // Twilio's voice speaks the line first.
        const ringsMs = frames.all * 20 + SAY_MS_PER_CHARACTER * (said[0] ?? '').length;
        assert.ok(ringsMs < withinMs, `${ringsMs} ms until the dial`);
        call.hangup();
      } finally {
        await rig.close();
      }
    });
});
