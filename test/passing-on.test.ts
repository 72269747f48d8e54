import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { isTandemError } from '../src/base/errors.js';
import { ownLines } from '../src/prompts/lines/index.js';
import { defineTool } from '../src/voice/tools.js';
import { Scene, recordsOf } from './support/handover-scene.js';
import { type Rig, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { ScriptedProvider } from './support/scripted-provider.js';

const SPEED = 20;
const FRONT = '+12065550110';
const FRONT_QUEUE = 'arn:aws:connect:us-east-1:123456789012:instance/i/queue/front';
const BILLING_QUEUE = 'arn:aws:connect:us-east-1:123456789012:instance/i/queue/billing';

const folder = mkdtempSync(join(tmpdir(), 'passing-on-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const ASSISTANTS = {
  [FRONT]: {
    prompt: './front.json',
    queue: FRONT_QUEUE,
    passesTo: { billing: 'questions about invoices', shut: 'everything else' },
  },
  billing: {
    prompt: './billing.json',
    provider: 'second',
    fallback: [],
    queue: BILLING_QUEUE,
    passesTo: { [FRONT]: 'everything but invoices' },
  },
  shut: { provider: 'third', fallback: [] },
};

for (const pipeline of [true, false]) {
  describe(`assistants that pass a caller on, ${pipeline ? 'through the pipeline' : 'through the direct bridge'}`, () => {
    let rig: Rig;
    const second = new ScriptedProvider('second');
    const third = new ScriptedProvider('third');

    before(async () => {
      file('front.json', {
        name: 'front',
        language: 'en-US',
        languages: ['de', 'fr'],
        instructions: 'You are the front desk.',
        tools: ['order_status', 'to_billing'],
      });
      file('billing.json', {
        name: 'billing',
        language: 'fr-FR',
        instructions: 'You are billing.',
        tools: ['invoice'],
        voices: { second: 'ambre' },
      });
      rig = await startRig({
        pipeline,
        clock: scaledClock(SPEED),
        fallbacks: [second, third],
        tools: [
          ...['order_status', 'invoice'].map((name) =>
            defineTool({ name, description: name, parameters: z.object({}), run: () => Promise.resolve({ of: name }) }),
          ),
          defineTool({
            name: 'to_billing',
            description: 'Decides by itself.',
            parameters: z.object({ name: z.string() }),
            run: async ({ name }, { passTo }) => ({ problem: await passTo?.(name) }),
          }),
        ],
        env: { ASSISTANTS_FILE: file('assistants.json', ASSISTANTS), IDLE_PROMPT_SECONDS: '0' },
      });
    });
    after(() => rig.close());

    /** A call to the front desk, whose caller has asked about a bill. */
    async function asked(): Promise<Scene> {
      const scene = new Scene(rig, undefined, { to: FRONT });
      await scene.talking();
      await until(() => scene.events('turn').length > 0, 'the greeting');
      rig.provider.last.callerSays('My bill is too high.');
      return scene;
    }

    const wants = (provider: ScriptedProvider, name: string, callArguments: unknown): void =>
      provider.last.emit({ type: 'tool-call', toolCallId: `t-${name}`, name, arguments: callArguments });
    const answered = async (provider: ScriptedProvider): Promise<string> => {
      await until(() => provider.last.toolResults.length > 0, 'the answer to the tool call');
      return (provider.last.toolResults.at(-1) as { error?: string }).error ?? '';
    };
    const switched = (scene: Scene, count = 1): Promise<void> =>
      until(() => scene.events('assistant').length === count, 'the other assistant');
    const textsOf = (scene: Scene): string[] => [
      ...new Map(scene.events('turn').map(({ turn }) => [turn.itemId, turn.text])).values(),
    ];

    test('the other assistant has its own prompt, voice, language, tools and provider, and says one line', async () => {
      const scene = await asked();
      assert.deepEqual(scene.toolNames, [
        'transfer_to_human',
        'end_call',
        'transfer_to_assistant',
        'switch_language',
        'order_status',
        'to_billing',
      ]);
      rig.provider.last.speak('I connect you with billing.', 1000);
      wants(rig.provider, 'transfer_to_assistant', { name: 'billing', summary: 'Their <b>bill</b> is too high.' });
      await switched(scene);
      const { greeting, instructions, language, tools, wish } = second.last.options;
      assert.equal(greeting, ownLines('fr')?.lines.passedOn);
      assert.match(instructions, /^You are billing\..*taken over this call from another assistant, "front"/s);
      assert.match(instructions, /Their \\u003cb\\u003ebill/, 'what the model has noted is data');
      assert.equal(language, 'fr-FR');
      assert.equal(wish?.voices['second'], 'ambre');
      assert.deepEqual(
        tools.map(({ name }) => name),
        ['transfer_to_human', 'end_call', 'transfer_to_assistant', 'invoice'],
      );
      assert.equal(rig.provider.last.isClosed, true);
      await until(() => scene.events('seam').length > 0, 'its first sound');
      assert.deepEqual(textsOf(scene).slice(-3), [
        'My bill is too high.',
        'I connect you with billing.',
        ownLines('fr')?.lines.passedOn,
      ]);
      const line = scene.events('model-speech').find(({ sentMs }) => sentMs === 1000);
      assert.equal(line?.heardMs, 1000, 'the caller has heard the line of the one before');
      const [{ seam, silenceMs } = { seam: '', silenceMs: -1 }] = scene.events('seam');
      assert.equal(seam, 'passed');
      assert.ok(silenceMs < 1500, `${silenceMs} ms`);
      const [{ from, kind, to } = { from: '', kind: '', to: '' }] = scene.events('assistant');
      assert.deepEqual({ from, kind, to }, { from: 'front', kind: 'assistant', to: 'billing' });
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('phrases, lines, tools, queue and language of a handover are those of the assistant that talks', async () => {
      const scene = await asked();
      wants(rig.provider, 'transfer_to_assistant', { name: 'billing' });
      await switched(scene);
      wants(second, 'order_status', {});
      assert.match(await answered(second), /no tool named order_status/);
      wants(second, 'invoice', {});
      await until(() => second.last.toolResults.length === 2, 'the other tool');
      assert.deepEqual(second.last.toolResults.at(-1), { of: 'invoice' });
      second.last.callerSays('Je veux parler à un conseiller.');
      await scene.ends('handed_over');
      assert.deepEqual(second.last.said, [ownLines('fr')?.lines.handover]);
      const screen = rig.screens.at(-1);
      assert.equal(screen?.attributes['language'], 'fr-FR');
      assert.equal(screen.attributes['assistant'], 'billing');
      const records = await recordsOf(rig);
      const record = records.find(({ handover_id }) => handover_id === screen.attributes['handover_id']);
      assert.equal(record?.['queue_arn'], BILLING_QUEUE);
      assert.equal(record['assistant'], 'billing');
    });

    test('a name that the assistant may not use is a clear error to the model, and the call stays as it is', async () => {
      const scene = await asked();
      const sessions = second.sessions.length;
      for (const [callArguments, problem] of [
        [{ name: 'sales' }, /no assistant of that name. There is billing, shut\./],
        [{ name: 'front' }, /talks to it already/],
        [{ name: 'x'.repeat(10_000) }, /no assistant of that name/],
        [{ name: 7 }, /no assistant of that name/],
        ['billing', /no assistant of that name/],
        [null, /no assistant of that name/],
      ] as const) {
        rig.provider.last.toolResults.length = 0;
        wants(rig.provider, 'transfer_to_assistant', callArguments);
        const problemTold = await answered(rig.provider);
        assert.match(problemTold, problem);
        assert.ok(problemTold.length < 200, 'the name itself is not repeated');
      }
      rig.provider.last.toolResults.length = 0;
      wants(rig.provider, 'switch_language', { language: 'ja' });
      assert.match(await answered(rig.provider), /can change to de, fr\./);
      rig.provider.last.toolResults.length = 0;
      wants(rig.provider, 'switch_language', { language: 'en-GB' });
      assert.match(await answered(rig.provider), /in that language already/);
      assert.equal(second.sessions.length, sessions);
      assert.equal(scene.events('assistant').length, 0);
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('if the provider of the other assistant is down the caller keeps the one before, whose model is told', async () => {
      const scene = await asked();
      third.isSlow = true;
      third.onOpen = (session) => session.emit({ type: 'ended', reason: 'gone' });
      wants(rig.provider, 'transfer_to_assistant', { name: 'shut' });
      assert.match(await answered(rig.provider), /cannot be reached.*still talks to you/);
      assert.equal(rig.provider.last.isClosed, false);
      rig.provider.last.speak('They cannot be reached.', 300);
      await until(() => textsOf(scene).includes('They cannot be reached.'), 'the answer');
      assert.match(
        await rig.running.metrics.text(),
        /gateway_assistant_changes_total\{kind="assistant",outcome="unreachable"\} 1/,
      );
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('a caller who is sent in circles stays where they are after the fifth time', async () => {
      const scene = await asked();
      const [front, billing] = [rig.provider, second];
      for (let i = 0; i < 5; i++) {
        const [from, name] = i % 2 === 0 ? [front, 'billing'] : [billing, FRONT];
        wants(from, 'transfer_to_assistant', { name });
        await switched(scene, i + 1);
      }
      wants(billing, 'transfer_to_assistant', { name: FRONT });
      assert.match(await answered(billing), /too often in this call.*transfer_to_human/);
      assert.equal(billing.last.isClosed, false);
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('in another language the same assistant goes on, with its phrases and lines in it, and can change back', async () => {
      const scene = await asked();
      const sessions = rig.provider.sessions.length;
      rig.provider.last.callerSays('Sprechen Sie Deutsch?');
      wants(rig.provider, 'switch_language', { language: 'de-CH' });
      await switched(scene);
      assert.equal(rig.provider.sessions.length, sessions + 1);
      const { answersLast, greeting, instructions, language, tools, wish } = rig.provider.last.options;
      assert.equal(language, 'de');
      assert.equal(greeting, undefined);
      assert.equal(answersLast, true, 'its first words are the answer');
      assert.equal(wish?.lines.oneMoment, ownLines('de')?.lines.oneMoment);
      assert.match(instructions, /Speak German\. When the caller speaks American English or French/);
      const parameters = tools.find(({ name }) => name === 'switch_language')?.parameters;
      assert.deepEqual((parameters as { properties: { language: { enum: string[] } } }).properties.language.enum, [
        'en-US',
        'fr',
      ]);
      rig.provider.last.callerSays('Ich möchte mit einem Mitarbeiter sprechen.');
      await scene.ends('handed_over');
      assert.deepEqual(rig.provider.last.said, [ownLines('de')?.lines.handover]);
      assert.equal(rig.screens.at(-1)?.attributes['language'], 'de');
    });

    test('a caller who has chosen a language keeps it with the next assistant', async () => {
      const scene = await asked();
      wants(rig.provider, 'switch_language', { language: 'de' });
      await switched(scene);
      wants(rig.provider, 'transfer_to_assistant', { name: 'billing' });
      await switched(scene, 2);
      assert.equal(second.last.options.greeting, ownLines('de')?.lines.passedOn);
      assert.equal(second.last.options.language, 'de');
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('a tool of an extension passes the caller on, or is told why not', async () => {
      const scene = await asked();
      wants(rig.provider, 'to_billing', { name: 'nowhere' });
      await until(() => rig.provider.last.toolResults.length > 0, 'the refusal');
      assert.match(JSON.stringify(rig.provider.last.toolResults), /no assistant of that name/);
      wants(rig.provider, 'to_billing', { name: 'billing' });
      await switched(scene);
      assert.equal(second.last.options.greeting, ownLines('fr')?.lines.passedOn);
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('a caller who asks for a human while the other assistant is being reached gets one, from the one before', async () => {
      const scene = await asked();
      const sessions = third.sessions.length;
      third.isSlow = true;
      third.onOpen = () => undefined;
      wants(rig.provider, 'transfer_to_assistant', { name: 'shut' });
      await until(() => third.sessions.length > sessions, 'the other session');
      scene.call.pressDigit('0');
      await scene.ends('handed_over');
      assert.deepEqual(rig.provider.last.said, [ownLines('en')?.lines.handover]);
      assert.equal(rig.screens.at(-1)?.attributes['assistant'], 'front');
    });

    test('a stream that breaks after the switch is followed by one with the assistant that has talked', async () => {
      const scene = await asked();
      wants(rig.provider, 'transfer_to_assistant', { name: 'billing' });
      await switched(scene);
      const sessions = second.sessions.length;
      scene.call.mediaStream?.drop();
      await until(() => second.sessions.length === sessions + 1, 'the next session');
      assert.equal(second.last.options.greeting, ownLines('fr')?.lines.resumed);
      assert.match(second.last.options.instructions, /^You are billing/);
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });

    test('a stream that breaks while the other assistant is being reached is followed by one with the assistant before', async () => {
      const scene = await asked();
      const [sessions, others] = [rig.provider.sessions.length, third.sessions.length];
      third.isSlow = true;
      third.onOpen = () => undefined;
      wants(rig.provider, 'transfer_to_assistant', { name: 'shut' });
      await until(() => third.sessions.length > others, 'the other session');
      scene.call.mediaStream?.drop();
      await until(() => rig.provider.sessions.length === sessions + 1, 'the next session');
      assert.match(rig.provider.last.options.instructions, /^You are the front desk/);
      assert.equal(third.last.isClosed, true);
      wants(rig.provider, 'transfer_to_assistant', { name: 'billing' });
      await switched(scene);
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    });
  });
}

for (const [what, assistants, problem] of [
  ['that there is none', { [FRONT]: { passesTo: { nobody: 'always' } } }, /there is no assistant of that name/],
  ['itself', { [FRONT]: { passesTo: { [FRONT]: 'always' } } }, /which is itself/],
] as const) {
  test(`a gateway does not start if an assistant passes callers to ${what === 'itself' ? what : 'one that is not there'}`, async () => {
    await assert.rejects(
      startRig({ env: { ASSISTANTS_FILE: file('wrong.json', assistants) } }),
      (error: unknown) => isTandemError(error) && problem.test(error.message),
    );
  });
}
