import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demoBrain } from '../sim/model/demo-brain.js';
import { type Act, type BrainFactory, fault, speak as writes, wait } from '../sim/model/script.js';
import { type Model, speak, startModelRig } from './support/model-rig.js';
import { startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { Scene } from './support/handover-scene.js';

const GARBAGE = '<script>alert(1)</script> \u0000 ### \u{1F600}\u{1F600}';
/** What the model writes as the summary, by the topic of the call. */
const WRITES: Readonly<Record<Model, Readonly<Record<string, readonly Act[]>>>> = {
  openai: {
    invoice: [writes('The caller was **charged** twice\nfor an invoice.')],
    slowness: [wait(60_000), writes('Too late.')],
    failure: [fault({ type: 'failed-response', class: 'server' })],
    limit: [fault({ type: 'failed-response', class: 'throttled' })],
    garbage: [writes(GARBAGE)],
  },
  'openai-live': {
    invoice: [writes('The caller was **charged** twice\nfor an invoice.')],
    slowness: [wait(60_000), writes('Too late.')],
    failure: [fault({ type: 'failed-response', class: 'server' })],
    limit: [fault({ type: 'failed-response', class: 'throttled' })],
    garbage: [writes(GARBAGE)],
  },
  nova: {
    invoice: [writes('The caller was **charged** twice\nfor an invoice.')],
    slowness: [wait(60_000), writes('Too late.')],
    failure: [fault({ type: 'error', class: 'server' })],
    limit: [fault({ type: 'error', class: 'throttled' })],
    breakage: [fault({ type: 'malformed' })],
    garbage: [writes(GARBAGE)],
  },
};

/** Returns the demo assistant, whose summary depends on the topic of the call. */
function brainFor(model: Model): BrainFactory {
  return () => {
    const assistant = demoBrain();
    return {
      decide: (turn, situation) => {
        if (turn.type !== 'aside') return assistant.decide(turn, situation);
        const topic = Object.keys(WRITES[model]).find((name) => turn.text.includes(name)) ?? '';
        return WRITES[model][topic] ?? [];
      },
    };
  };
}

describe("the summary on the agent's screen", { concurrency: 3 }, () => {
  for (const model of ['openai', 'openai-live', 'nova'] as const) {
    test(`${model}: the summary comes from the model, or from the transcript when the model writes none`, async () => {
      const topics = Object.keys(WRITES[model]);
      const says = topics.map((topic) => `I want to speak to a human about my ${topic}.`);
      const rig = await startModelRig({ model, says, brain: brainFor(model), speed: 6 });
      try {
        await Promise.all(
          topics.map(async () => {
            const { call, hearing } = rig.place();
            await until(() => hearing.loudMs > 100, 'the greeting');
            await speak(call);
            assert.equal(await call.whenEnded(), 'gateway-hung-up');
          }),
        );
        const summaries = rig.screens.map(({ attributes }) => attributes['summary'] ?? '').toSorted();
        assert.equal(summaries.length, topics.length);
        const [first, ...others] = summaries.toReversed();
        assert.equal(first, 'The caller was charged twice for an invoice.');
        for (const topic of topics.slice(1)) {
          const said = `Caller: I want to speak to a human about my ${topic}.`;
          assert.ok(
            others.some((summary) => summary.includes(said)),
            topic,
          );
        }
        assert.doesNotMatch(rig.log(), /charged|my invoice/);
      } finally {
        await rig.close();
      }
    });
  }

  for (const pipeline of [true, false]) {
    test(`${pipeline ? 'pipeline' : 'direct bridge'}: the dial does not wait for the summary, and one written during ringing is on the screen`, async () => {
      // Slow enough that the goodbye ends long before the summary times out.
      const rig = await startRig({ pipeline, clock: scaledClock(5) });
      const written: { finish: (text: string) => void; signal: AbortSignal }[] = [];
      const open = rig.provider.onOpen;
      rig.provider.onOpen = (session) => {
        open(session);
        session.summarize = ({ signal }) =>
          new Promise((finish) => {
            written.push({ finish, signal });
          });
      };
      try {
        const scene = await new Scene(rig).asksForHuman();
        await until(() => scene.events('dialling').length === 1, 'the dial');
        assert.equal(written.length, 1);
        assert.equal(written[0]?.signal.aborted, false);
        assert.ok(rig.provider.last.isClosed);
        written[0].finish('Somebody calls about a parcel.');
        await scene.call.whenEnded();
        assert.equal(rig.screens[0]?.attributes['summary'], 'Somebody calls about a parcel.');
      } finally {
        await rig.close();
      }
    });
  }

  test("a model's summary in letters that the agent cannot see leaves the extract on the screen", async () => {
    const rig = await startRig({ clock: scaledClock(5) });
    const open = rig.provider.onOpen;
    rig.provider.onOpen = (session) => {
      open(session);
      session.summarize = () => Promise.resolve('अदिति का ऑर्डर नहीं आया।');
    };
    try {
      const scene = await new Scene(rig).asksForHuman();
      await scene.call.whenEnded();
      const { summary } = rig.screens[0]?.attributes ?? {};
      assert.match(summary ?? '', /^Caller: I want to speak to a human agent/);
      assert.match(rig.log(), /cannot show the letters of the model's summary/);
    } finally {
      await rig.close();
    }
  });

  test('a handover that goes well logs no warning, also if the model cannot write a summary', async () => {
    const rig = await startRig({ clock: scaledClock(5) });
    try {
      const scene = await new Scene(rig).asksForHuman();
      await scene.call.whenEnded();
      assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
      assert.doesNotMatch(rig.log(), /"level":"(?:warn|error|fatal)"/);
    } finally {
      await rig.close();
    }
  });

  test('the end of a call aborts the summary, and the record holds what the model learned about the caller', async () => {
    const rig = await startRig({ clock: scaledClock(5) });
    let signal: AbortSignal | undefined;
    const open = rig.provider.onOpen;
    rig.provider.onOpen = (session) => {
      open(session);
      session.summarize = (request) => {
        signal = request.signal;
        return new Promise(() => undefined);
      };
    };
    try {
      const gone = await new Scene(rig).asksForHuman();
      await until(() => signal !== undefined, 'the request for a summary');
      gone.call.hangup();
      await gone.ends('caller_hung_up');
      assert.equal(signal?.aborted, true);

      const scene = new Scene(rig);
      await scene.talking();
      const args = { reason: 'billing', customer_name: 'Zoë Quist', language: 'nl-NL' };
      rig.provider.last.emit({ type: 'tool-call', toolCallId: 't', name: 'transfer_to_human', arguments: args });
      await scene.call.whenEnded();
      const { customer_name: name, language, reason } = rig.screens[0]?.attributes ?? {};
      assert.deepEqual([name, language, reason], ['Zoe Quist', 'nl-NL', 'billing']);
    } finally {
      await rig.close();
    }
  });
});
