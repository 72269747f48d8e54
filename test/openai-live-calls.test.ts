import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demoBrain } from '../sim/model/demo-brain.js';
import { loudnessEar } from '../sim/model/ear.js';
import type { PlannedFault } from '../sim/model/faults.js';
import { type BrainFactory, speak as speaks } from '../sim/model/script.js';
import { toneVoice } from '../sim/model/voice.js';
import { LiveHost } from '../sim/openai-live/host.js';
import type { LiveManners } from '../sim/openai-live/manners.js';
import { type OpenAiSim, startOpenAiSim } from '../sim/openai/server.js';
import { Hearing, heardMore, speak } from './support/model-rig.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { TONES } from './support/tone-engine.js';

interface Setup {
  rig: Rig;
  live: LiveHost;
  realtime: OpenAiSim;
  call: ReturnType<Rig['call']>;
  hearing: Hearing;
  turns: () => string[];
}

interface Options {
  pipeline: boolean;
  provider?: string;
  fallback?: string;
  says?: readonly string[];
  brain?: BrainFactory;
  liveFaults?: readonly PlannedFault[];
  realtimeFaults?: readonly PlannedFault[];
  manners?: Partial<LiveManners>;
  env?: Record<string, string>;
}

/** Talks twice as fast as a person. */
const QUICK = toneVoice({ msPerCharacter: 30 });

/** One call through a gateway to a simulated host of OpenAI that has both APIs. */
async function withCall(options: Options, body: (setup: Setup) => Promise<void>): Promise<void> {
  const { brain = demoBrain, fallback, liveFaults = [], pipeline, realtimeFaults = [], says = [] } = options;
  const clock = scaledClock(4);
  let said = 0;
  const common = { clock, brain, voice: QUICK, ear: loudnessEar({ texts: () => says[said++] ?? '' }) };
  const live = new LiveHost({ ...common, faults: liveFaults, manners: options.manners ?? {} });
  const realtime = await startOpenAiSim({ ...common, faults: realtimeFaults, others: [live] });
  const rig = await startRig({
    pipeline,
    isConfigured: true,
    engine: TONES,
    clock,
    env: {
      VOICE_PROVIDER: options.provider ?? 'openai-live',
      OPENAI_API_KEY: 'sk-simulated',
      OPENAI_BASE_URL: realtime.url,
      ...(fallback === undefined ? {} : { VOICE_FALLBACK: fallback }),
      ...options.env,
    },
  });
  try {
    const call = rig.call();
    const turns = (): string[] => {
      const last = new Map<string, string>();
      for (const event of rig.events)
        if (event.type === 'turn') last.set(event.turn.itemId, `${event.turn.speaker}: ${event.turn.text.trim()}`);
      return [...last.values()];
    };
    await body({ rig, live, realtime, call, hearing: new Hearing(call), turns });
    call.hangup();
  } finally {
    await rig.close();
    await realtime.close();
  }
}

const refused = (fromSession: number): PlannedFault[] =>
  Array.from({ length: 4 }, (_, n) => ({
    when: { at: 'connect' },
    fault: { type: 'refuse', status: 503 },
    session: fromSession + n,
  }));
/** The connection breaks in the second answer, and there is no other. The greeting is turn 1. */
const LOST: readonly PlannedFault[] = [
  { when: { at: 'answer', ms: 600, turn: 3 }, fault: { type: 'reset' }, session: 1 },
  ...refused(2),
];
const OPEN = 'What are your opening hours?';

// Concurrent, because a call spends its time waiting.
describe('calls with GPT-Live', { concurrency: 6 }, () => {
  for (const pipeline of [true, false]) {
    const way = pipeline ? 'through the pipeline' : 'through the direct bridge';

    for (const [from, to] of [
      ['openai-live', 'openai'],
      ['openai', 'openai-live'],
    ] as const)
      test(`when ${from} is lost for good in an answer, ${to} goes on with the conversation, ${way}`, async () => {
        const faults = from === 'openai' ? { realtimeFaults: LOST } : { liveFaults: LOST };
        const says = [OPEN, 'And where is my order?', 'It is 4 7 1 1.'];
        await withCall({ pipeline, provider: from, fallback: to, says, ...faults }, async (setup) => {
          const { call, hearing, live, realtime, rig, turns } = setup;
          await heardMore(hearing, 0, 'the greeting', 1000);
          let beforeMs = hearing.loudMs;
          await speak(call);
          await heardMore(hearing, beforeMs, 'the answer', 1000);
          await speak(call);
          await until(() => rig.log().includes('another provider takes the call over'), 'the failover');
          await until(() => turns().some((turn) => /Sorry|again|moment/i.test(turn)), 'the line of the other model');
          await until(() => hearing.quietMs > 1500, 'the end of it');
          // The line may be the gateway's own, before the other model is told what was said.
          const remembers = (words: string): boolean =>
            (to === 'openai' ? realtime : live).sessions.at(-1)?.memory.some(({ text }) => text.includes(words)) ===
            true;
          await until(() => remembers(OPEN), 'the question in the memory of the other model');
          assert.ok(remembers('nine in the morning'));
          beforeMs = hearing.loudMs;
          await speak(call);
          await heardMore(hearing, beforeMs, 'an answer of the other model');
          assert.ok(!rig.events.some(({ type }) => type === 'escalated'));
          const metrics = await rig.running.metrics.text();
          assert.ok(metrics.includes(`failovers_total{from="${from}",to="${to}"} 1`));
        });
      });

    test(`a GPT-Live that takes a question for a thought is reminded, and answers in the same session, ${way}`, async () => {
      const brain: BrainFactory = () => {
        const assistant = demoBrain();
        return { decide: (turn, situation) => (turn.type === 'spoken' ? [] : assistant.decide(turn, situation)) };
      };
      await withCall({ pipeline, brain, says: [OPEN] }, async ({ call, hearing, live, rig, turns }) => {
        await heardMore(hearing, 0, 'the greeting', 1000);
        await speak(call);
        await until(() => turns().some((turn) => turn.includes('nine in the morning')), 'the answer');
        assert.equal(live.sessions.length, 1);
        const metrics = await rig.running.metrics.text();
        assert.match(metrics, /anomalies_total\{provider="openai-live",kind="reminded"\} 1/);
      });
    });

    test(`a GPT-Live that stays silent although it is reminded is replaced, and the next one answers, ${way}`, async () => {
      let sessions = 0;
      const brain: BrainFactory = () => {
        const isFirst = sessions++ === 0;
        const assistant = demoBrain();
        let hasGreeted = false;
        return {
          decide: (turn, situation) => {
            if (isFirst && hasGreeted) return [];
            hasGreeted = true;
            return assistant.decide(turn, situation);
          },
        };
      };
      await withCall({ pipeline, brain, says: [OPEN, OPEN] }, async ({ call, hearing, live, rig, turns }) => {
        await heardMore(hearing, 0, 'the greeting', 1000);
        await speak(call);
        await until(() => turns().some((turn) => turn.includes('nine in the morning')), 'the answer');
        assert.equal(live.sessions.length, 2);
        assert.ok(hearing.longestGapMs < 12_000, `${hearing.longestGapMs} ms of silence`);
        assert.ok(!rig.events.some(({ type }) => type === 'escalated'));
      });
    });

    test(`a word of the caller in between does not cut a GPT-Live off that goes on, ${way}`, async () => {
      const brain: BrainFactory = () => {
        let nth = 0;
        return {
          decide: () => (nth++ === 0 ? [speaks('one two three four five six seven', { durationMs: 4000 })] : []),
        };
      };
      await withCall({ pipeline, brain, manners: { yields: false } }, async ({ call, hearing, rig, turns }) => {
        await until(() => hearing.loudMs > 1000, 'some of it');
        await speak(call, 500);
        await until(() => hearing.quietMs > 1200, 'the end of it');
        assert.ok(hearing.loudMs >= 3900, `${hearing.loudMs} ms of sound`);
        assert.deepEqual(turns(), ['assistant: one two three four five six seven']);
        assert.match(await rig.running.metrics.text(), /^voice_barge_ins_total 0/m);
      });
    });

    test(`a call whose stream breaks is resumed by a new session of GPT-Live with its memory, ${way}`, async () => {
      await withCall({ pipeline, says: [OPEN, OPEN] }, async ({ call, hearing, live, turns }) => {
        await heardMore(hearing, 0, 'the greeting', 1000);
        const beforeMs = hearing.loudMs;
        await speak(call);
        await heardMore(hearing, beforeMs, 'the answer', 1000);
        call.mediaStream?.drop();
        await until(() => live.sessions.length > 1, 'another session');
        await until(() => (live.sessions.at(-1)?.memory.length ?? 0) >= 3, 'its memory');
        const memory =
          live.sessions
            .at(-1)
            ?.memory.map(({ text }) => text)
            .join('\n') ?? '';
        assert.match(memory, /This call is in progress.*opening hours\?.*nine in the morning/s);
        await until(() => turns().filter((turn) => turn.startsWith('assistant')).length >= 2, 'the call goes on');
      });
    });
  }

  test('the backend of GPT-Live that fails is told to the caller, and the call goes on', async () => {
    const liveFaults: PlannedFault[] = [
      { when: { at: 'turn', turn: 2 }, fault: { type: 'failed-response', class: 'server' }, session: 1 },
    ];
    const says = ['I want to talk about order 4 7 1 1 with a supervisor somewhere.', OPEN];
    const brain: BrainFactory = () => {
      const assistant = demoBrain();
      return {
        decide: (turn, situation) =>
          turn.type === 'asked' && turn.instructions.includes('could not finish')
            ? [speaks('That did not work.')]
            : assistant.decide(turn, situation),
      };
    };
    // No phrase may escalate, so that only the backend is asked.
    const env = { ESCALATION_TRIGGERS: 'tool,keypad' };
    await withCall({ pipeline: true, says, liveFaults, brain, env }, async ({ call, hearing, rig, turns }) => {
      await heardMore(hearing, 0, 'the greeting', 1000);
      await speak(call);
      await until(() => turns().some((turn) => turn.includes('That did not work.')), 'the apology');
      assert.match(await rig.running.metrics.text(), /provider="openai-live",kind="backend-failed"\} 1/);
    });
  });

  test('a GPT-Live that leaves its silence out, hears at once and sends faster than it speaks is understood, too', async () => {
    const manners: Partial<LiveManners> = { silence: 'left-out', hears: 'at-once', namesFormat: false };
    const says = [OPEN, 'I want to speak to a human.'];
    await withCall({ pipeline: true, says, manners }, async ({ call, hearing, rig, turns }) => {
      await heardMore(hearing, 0, 'the greeting', 1000);
      const beforeMs = hearing.loudMs;
      await speak(call);
      await heardMore(hearing, beforeMs, 'the answer', 1000);
      await speak(call);
      assert.equal(await call.whenEnded(), 'gateway-hung-up');
      assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
      assert.ok(turns().includes(`caller: ${OPEN}`));
      assert.doesNotMatch(await rig.running.metrics.text(), /connection_failures_total\{[^}]*\} [1-9]/);
    });
  });

  test('the end of its limit renews a session of GPT-Live before the service ends it', async () => {
    const env = { OPENAI_LIVE_RENEW_AFTER_SECONDS: '3' };
    await withCall({ pipeline: true, says: [OPEN], env }, async ({ call, hearing, live, rig }) => {
      await heardMore(hearing, 0, 'the greeting');
      await until(() => live.sessions.length >= 2, 'the next session');
      await until(() => live.sessions[0]?.closed !== undefined, 'the end of the first');
      const ends = live.sessions[0]?.events.at(-1)?.event['type'];
      assert.equal(ends, 'session.close');
      const beforeMs = hearing.loudMs;
      await speak(call);
      await heardMore(hearing, beforeMs, 'the answer');
      assert.match(await rig.running.metrics.text(), /renewals_total\{provider="openai-live"\} [1-9]/);
    });
  });
});
