import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { demoBrain } from '../sim/model/demo-brain.js';
import { loudnessEar } from '../sim/model/ear.js';
import { type BrainFactory, callTool, speak as speaks } from '../sim/model/script.js';
import { toneVoice } from '../sim/model/voice.js';
import { SIMULATED_CREDENTIALS, startNovaSim } from '../sim/nova/nova-sim.js';
import { startOpenAiSim } from '../sim/openai/server.js';
import { ownLines } from '../src/prompts/lines/index.js';
import { heardMore, type Model, type ModelRig, speak, startModelRig } from './support/model-rig.js';
import { until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';

const SPEED = 4;
const OWN_NUMBER = '+12065550199';
const LINE = ownLines('en')?.lines.passedOn ?? '';

const folder = mkdtempSync(join(tmpdir(), 'passing-on-models-'));
after(() => rmSync(folder, { recursive: true }));

/** Passes on who speaks of an invoice, and otherwise is the small assistant of the demonstrations. */
const brain: BrainFactory = () => {
  const demo = demoBrain();
  return {
    decide: (turn, situation) => {
      const isAsked = turn.type === 'spoken' || turn.type === 'typed';
      const mayPass = situation.tools.some(({ name }) => name === 'transfer_to_assistant');
      if (isAsked && mayPass && /invoice/.test(turn.text))
        return [
          speaks('I connect you with billing.', { durationMs: 800 }),
          callTool('transfer_to_assistant', { name: 'billing', summary: 'The invoice of May.' }),
        ];
      // Nova is told its first line with its instructions.
      const order = /first say exactly this, and then answer the caller: (".*")/.exec(situation.instructions)?.[1];
      const line = order === undefined || turn.type !== 'typed' ? [] : [speaks(JSON.parse(order) as string)];
      if (isAsked && /invoice/.test(turn.text))
        return [...line, speaks('Your invoice of May is paid.', { durationMs: 600 })];
      return demo.decide(turn, situation);
    },
  };
};

interface Other {
  env: Record<string, string>;
  close(): Promise<void>;
}

/** Starts the simulated service of the assistant to which the caller is passed. */
async function other(provider: Model | 'local'): Promise<Other> {
  const common = { clock: scaledClock(SPEED), ear: loudnessEar({ texts: () => '' }), voice: toneVoice(), brain };
  if (provider === 'openai') {
    const sim = await startOpenAiSim(common);
    return {
      env: { OPENAI_API_KEY: 'sk-simulated', OPENAI_BASE_URL: sim.url },
      close: () => sim.close(),
    };
  }
  if (provider === 'local') return { env: {}, close: () => Promise.resolve() };
  const sim = await startNovaSim(common);
  process.env['AWS_ACCESS_KEY_ID'] = SIMULATED_CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = SIMULATED_CREDENTIALS.secretAccessKey;
  return { env: { AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sim.url }, close: () => sim.close() };
}

const turnsOf = (rig: ModelRig): string[] => [
  ...new Map(
    rig.events.flatMap((event) =>
      event.type === 'turn' ? [[event.turn.itemId, `${event.turn.speaker}: ${event.turn.text}`] as const] : [],
    ),
  ).values(),
];

// Concurrent, because a call spends its time waiting.
describe('hosted models that pass a caller on', { concurrency: 6 }, () => {
  for (const [from, to, pipeline] of [
    ['openai', 'openai', true],
    ['openai', 'nova', true],
    ['openai', 'nova', false],
    ['nova', 'openai', true],
    ['nova', 'openai', false],
    ['openai', 'local', false],
  ] as const) {
    const way = pipeline ? 'in the pipeline' : 'over the direct bridge';
    test(`${from} says that it passes the caller on, and ${to} takes over with one line, ${way}`, async () => {
      const path = join(folder, `${from}-${to}-${pipeline}.json`);
      const billing = { provider: to, fallback: [], greeting: 'Welcome to billing.' };
      writeFileSync(
        path,
        JSON.stringify({ [OWN_NUMBER]: { provider: from, passesTo: { billing: 'invoices' } }, billing }),
      );
      const second = from === to ? undefined : await other(to);
      const rig = await startModelRig({
        model: from,
        pipeline,
        speed: SPEED,
        says: ['I have a question on my invoice.', 'What are your opening hours?'],
        brain,
        env: { ...second?.env, ASSISTANTS_FILE: path, IDLE_PROMPT_SECONDS: '0' },
      });
      try {
        const { call, hearing } = rig.place();
        await heardMore(hearing, 0, 'the greeting');
        const beforeMs = hearing.loudMs;
        await speak(call);
        await heardMore(hearing, beforeMs, 'the line of the one before');
        await until(() => rig.events.some(({ type }) => type === 'assistant'), 'the other assistant');
        await until(() => rig.events.some(({ type }) => type === 'seam'), 'its first sound');
        await until(() => turnsOf(rig).some((turn) => turn.startsWith(`assistant: ${LINE.slice(0, 20)}`)), 'its line');
        const turns = turnsOf(rig);
        const asked = turns.findIndex((turn) => turn.startsWith('caller: '));
        assert.deepEqual(turns.slice(asked, asked + 2), [
          'caller: I have a question on my invoice.',
          'assistant: I connect you with billing.',
        ]);
        assert.ok(!turns.join().includes('Welcome to billing'), 'it does not greet as if the call began');
        const seam = rig.events.find((event) => event.type === 'seam');
        assert.ok(seam?.type === 'seam' && seam.seam === 'passed' && seam.to === to, JSON.stringify(seam));
        assert.ok(seam.silenceMs < 4500, `${seam.silenceMs} ms of silence`);
        if (to === 'openai' && from === to) assert.match(rig.memory().join(), /question on my invoice/);
        call.hangup();
        await call.whenEnded();
      } finally {
        await rig.close();
        await second?.close();
      }
    });
  }
});
