import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { VoiceEvent } from '../src/voice/session.js';
import { type AssistantTool, defineTool } from '../src/voice/tools.js';
import { type Rig, startRig, until } from './support/rig.js';
import { ScriptedProvider, type ScriptedSession } from './support/scripted-provider.js';

// Faults of code that the gateway does not know (a model, an extension, a listener), through pipeline and bridge. A
// bystander's call is live all the while.

const boom = (): never => {
  throw new Error('from an extension');
};

/** A provider whose timers throw, and between them report a caller who asks for an agent. */
const TIMED = `
  export const providers = { timed: ({ clock }) => ({
    name: 'timed',
    answerWithinMs: Infinity,
    async prepare() {},
    async close() {},
    open({ listener }) {
      const fails = () => { throw new Error('from an extension'); };
      const text = 'I want to speak to a human agent.';
      queueMicrotask(() => listener({ type: 'ready' }));
      clock.setTimer(100, fails);
      clock.setTimer(150, fails);
      clock.setTimer(200, () => listener({ type: 'caller-text', itemId: 'c', text, final: true }));
      return {
        say: (_, sayId) => listener({ type: 'response-done', responseId: 'r' + sayId, sayId, status: 'failed' }),
        sendAudio() {}, sendText() {}, sendDigits() {}, cancel() {}, reportHeard() {}, sendToolResult() {}, close() {},
      };
    },
  }) };
`;

async function withBystander(
  options: Parameters<typeof startRig>[0],
  body: (rig: Rig, session: ScriptedSession, caller: ReturnType<Rig['call']>) => Promise<void>,
): Promise<void> {
  const rig = await startRig(options);
  try {
    const bystander = rig.call('+12025550100');
    await until(() => greetings(rig) === 1, 'the greeting of the bystander');
    const theirs = rig.provider.last;
    const caller = rig.call();
    await until(() => greetings(rig) === 2, 'the greeting of the caller');
    await body(rig, rig.provider.last, caller);
    const before = theirs.callerBytes;
    await until(() => theirs.callerBytes > before + 800, 'the bystander is still heard');
    theirs.callerSays('Are you there?');
    theirs.speak('I am.', 200);
    await until(() => said(rig).includes('I am.'), 'the bystander is answered');
    assert.equal(bystander.isOver, false);
    bystander.hangup();
    caller.hangup();
  } finally {
    await rig.close();
  }
}

const said = (rig: Rig): string[] => rig.events.flatMap((event) => (event.type === 'turn' ? [event.turn.text] : []));
const greetings = (rig: Rig): number =>
  new Set(
    rig.events.flatMap((event) => (event.type === 'turn' && event.turn.speaker === 'assistant' ? [event.callSid] : [])),
  ).size;
const valueOf = async (rig: Rig, series: string): Promise<number> => {
  const line = (await rig.running.metrics.text()).split('\n').find((text) => text.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? '0');
};
const linesWith = (rig: Rig, text: string): number =>
  rig
    .log()
    .split('\n')
    .filter((line) => line.includes(text)).length;

for (const pipeline of [true, false]) {
  describe(pipeline ? 'faults behind the pipeline' : 'faults behind the direct bridge', { concurrency: true }, () => {
    test('events that no model may send are counted, logged once a call, and cost nothing else', async () => {
      await withBystander({ pipeline }, async (rig, session) => {
        for (let time = 0; time < 5; time++) {
          session.emit({ type: 'thinking' } as unknown as VoiceEvent);
          session.emit({ type: 'usage', inputTokens: Number.NaN, outputTokens: -3 });
        }
        session.callerSays('Hello?');
        session.speak('Good day.', 200);
        await until(() => said(rig).includes('Good day.'), 'the answer');
        const kind = (name: string): string => `voice_provider_anomalies_total{provider="scripted",kind="${name}"}`;
        assert.equal(await valueOf(rig, kind('unknown-event')), 5);
        assert.equal(await valueOf(rig, kind('malformed-event')), 5);
        assert.equal(linesWith(rig, '"kind":"unknown-event"'), 1);
        assert.equal(linesWith(rig, '"kind":"malformed-event"'), 1);
      });
    });

    test('a session that throws when it gets audio or the result of a tool is replaced, and the call continues', async () => {
      const replaced = async (rig: Rig, session: ScriptedSession, fail: () => void): Promise<void> => {
        const sessions = rig.provider.sessions.length;
        fail();
        await until(() => rig.provider.sessions.length > sessions, 'another session');
        const next = rig.provider.last;
        await until(() => next.callerBytes > 800, 'the caller is heard again');
        assert.equal(session.isClosed, true);
        next.callerSays('Hello?');
        next.speak(`Here I am, number ${sessions}.`, 200);
        await until(() => said(rig).includes(`Here I am, number ${sessions}.`), 'the answer');
      };
      const tools = [
        defineTool({ name: 'fine', description: '', parameters: z.object({}), run: () => Promise.resolve({}) }),
      ];
      await withBystander({ pipeline, tools }, async (rig, session) => {
        await replaced(rig, session, () => Object.assign(session, { sendAudio: boom }));
        const next = rig.provider.last;
        await replaced(rig, next, () => {
          Object.assign(next, { sendToolResult: boom });
          next.emit({ type: 'tool-call', toolCallId: 't', name: 'fine', arguments: {} });
        });
        assert.equal(await valueOf(rig, 'voice_provider_anomalies_total{provider="scripted",kind="method-failed"}'), 2);
        assert.equal(linesWith(rig, '"kind":"method-failed"'), 1);
      });
    });

    test("a timer of an extension's provider that throws costs only itself", async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fences-'));
      writeFileSync(join(folder, 'timed.mjs'), TIMED);
      const env = { VOICE_PROVIDER: 'timed', EXTENSIONS: join(folder, 'timed.mjs') };
      const rig = await startRig({ pipeline, isConfigured: true, env });
      try {
        const call = rig.call();
        assert.equal(await call.whenEnded(), 'gateway-hung-up');
        assert.equal(rig.screens.length, 1);
        assert.equal(await valueOf(rig, 'gateway_processor_errors_total{processor="timer"}'), 2);
        assert.equal(linesWith(rig, 'a timer caused an error'), 1);
      } finally {
        rmSync(folder, { recursive: true, force: true });
        await rig.close();
      }
    });

    test('a provider that throws when it is opened again leaves the call to the next provider', async () => {
      const other = new ScriptedProvider('other');
      await withBystander({ pipeline, fallbacks: [other] }, async (rig, session) => {
        rig.provider.open = boom;
        session.emit({ type: 'ended', reason: 'gone' });
        await until(() => other.sessions.length > 0, 'the other provider');
        other.last.callerSays('Hello?');
        other.last.speak('The other one.', 200);
        await until(() => said(rig).includes('The other one.'), 'the answer');
        Reflect.deleteProperty(rig.provider, 'open');
      });
    });

    test('a provider that throws at every opening leaves new callers to an agent', async () => {
      await withBystander({ pipeline }, async (rig) => {
        rig.provider.open = boom;
        const third = rig.call('+12025550177');
        await third.whenEnded();
        assert.equal(rig.screens.length, 1);
        Reflect.deleteProperty(rig.provider, 'open');
      });
    });

    test('a tool whose schema, code or result throws leaves the model with an error to talk about', async () => {
      const tool = (name: string, more: Partial<AssistantTool>): AssistantTool => ({
        name,
        description: '',
        parameters: z.object({}),
        run: () => Promise.resolve({}),
        ...more,
      });
      const tools = [
        tool('throws', { run: boom }),
        tool('schema_throws', { parameters: z.object({}).refine(boom) }),
        tool('transform_rejects', { parameters: z.object({}).transform(() => Promise.reject(new Error())) }),
        tool('not_json', { run: () => Promise.resolve({ big: 1n }) }),
      ];
      await withBystander({ pipeline, tools }, async (rig, session) => {
        for (const { name } of tools) {
          for (let time = 0; time < 2; time++)
            session.emit({ type: 'tool-call', toolCallId: `${name}${time}`, name, arguments: {} });
        }
        await until(() => session.toolResults.length === 8, 'the answers');
        for (const result of session.toolResults) assert.match(JSON.stringify(result), /did not work/);
        assert.equal(await valueOf(rig, 'gateway_tool_faults_total{fault="failed"}'), 2);
        assert.equal(await valueOf(rig, 'gateway_tool_faults_total{fault="schema"}'), 4);
        assert.equal(await valueOf(rig, 'gateway_tool_faults_total{fault="output"}'), 2);
        assert.equal(linesWith(rig, '"kind":"output"'), 1);
      });
    });

    test('an error while a webhook is answered leaves the caller to an agent', async () => {
      // JSON Schema cannot say this schema. The start refuses it in an extension, so that no call ever meets it.
      const tools = [
        defineTool({ name: 'odd', description: '', parameters: z.date(), run: () => Promise.resolve({}) }),
      ];
      const rig = await startRig({ pipeline, tools });
      try {
        assert.equal(await rig.call().whenEnded(), 'gateway-hung-up');
        assert.equal(rig.screens.length, 1);
        assert.equal(linesWith(rig, 'webhook failed; the caller is transferred to a human'), 1);
        // RESTRICTED on a keypad. The carrier refuses a dial without a caller id.
        await rig.call('+7378742833').whenEnded();
        assert.equal(rig.screens[1]?.customerNumber, '+12065550199');
      } finally {
        await rig.close();
      }
    });

    test('a listener of call events that throws costs no call anything', async () => {
      await withBystander({ pipeline }, async (rig, session, caller) => {
        rig.running.gateway.watch(boom);
        session.callerSays('I want to speak to a human agent.');
        assert.equal(await caller.whenEnded(), 'gateway-hung-up');
        assert.equal(rig.screens[0]?.attributes['token_status'], 'valid');
        assert.ok((await valueOf(rig, 'gateway_processor_errors_total{processor="listener"}')) > 1);
        const lines = rig.log().match(/.*a listener of call events failed.*/g) ?? [];
        const calls = lines.map((line) => (JSON.parse(line) as { call_sid: string }).call_sid);
        assert.deepEqual(calls, [...new Set(calls)], 'once a call');
      });
    });
  });
}
