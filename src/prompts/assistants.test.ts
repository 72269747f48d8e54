import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { type Assistants, type AssistantsOptions, readAssistants } from './assistants.js';
import { defaultPrompt } from './built-in.js';
import { ownLines } from './lines/index.js';

const folder = mkdtempSync(join(tmpdir(), 'assistants-'));
after(() => rmSync(folder, { recursive: true }));

const SALES = '+12065550110';
const OTHER = '+12065550111';
const own = {
  name: 'clinic',
  language: 'de',
  greeting: 'Praxis Egli, guten Tag.',
  instructions: 'Du bist der Empfang.',
  voices: { nova: 'tina' },
};

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

function read(content?: unknown, more: Partial<AssistantsOptions> = {}): Promise<Assistants> {
  return readAssistants({
    defaultPrompt: 'default',
    file: content === undefined ? undefined : write('assistants.json', content),
    voiceProviders: ['openai', 'local'],
    queues: { byReason: { billing: 'arn:billing' }, otherwise: 'arn:all' },
    folder,
    providers: ['openai', 'nova', 'local'],
    tools: ['order_status', 'book'],
    ...more,
  });
}

async function refusal(content?: unknown, more: Partial<AssistantsOptions> = {}): Promise<string> {
  try {
    await read(content, more);
  } catch (error) {
    assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
    return error.message;
  }
  return 'accepted';
}

test("without ASSISTANTS_FILE the default assistant answers every number at any time, with the gateway's queues", async () => {
  const assistants = await read();
  const assistant = assistants.for(SALES);
  assert.deepEqual(assistant.prompt, defaultPrompt);
  assert.equal(assistant.providers, undefined);
  assert.ok(assistant.isOpen(0));
  assert.equal(assistant.queueFor('billing', 'order'), 'arn:billing');
  assert.equal(assistant.queueFor('requested_human', 'billing'), 'arn:billing');
  assert.equal(assistant.queueFor('requested_human', 'order'), 'arn:all');
  assert.deepEqual(assistants.providers, []);
});

test('an assistant without any queue leaves the choice to the contact flow', async () => {
  const assistants = await read(undefined, { queues: { byReason: {}, otherwise: undefined } });
  assert.equal(assistants.for(SALES).queueFor('billing', 'billing'), '');
});

test('a number in ASSISTANTS_FILE has its own prompt, provider, voice, queues and hours; all others have the default', async () => {
  const assistants = await read({
    [SALES]: {
      prompt: 'sales',
      provider: 'nova',
      voice: 'amy',
      queue: 'arn:sales',
      queues: { technical: 'arn:technical' },
      hours: { timezone: 'Etc/UTC', week: { mon: ['08:00-12:00'] } },
    },
  });
  const sales = assistants.for(SALES);
  assert.equal(sales.prompt.name, 'sales');
  assert.deepEqual(sales.providers, ['nova', 'local']);
  assert.deepEqual(sales.prompt.voices, { nova: 'amy' });
  assert.equal(sales.queueFor('technical', 'billing'), 'arn:technical');
  assert.equal(sales.queueFor('billing', 'order'), 'arn:sales');
  assert.ok(sales.isOpen(Date.parse('2026-11-23T09:00Z')));
  assert.ok(!sales.isOpen(Date.parse('2026-11-23T13:00Z')));
  assert.equal(assistants.for(OTHER).prompt.name, 'default');
  assert.deepEqual(assistants.providers, ['nova', 'local']);
});

test("a number's own fallback replaces the configured one", async () => {
  const assistants = await read({
    [SALES]: { provider: 'nova', fallback: [] },
    [OTHER]: { fallback: ['nova', 'openai'] },
  });
  assert.deepEqual(assistants.for(SALES).providers, ['nova']);
  assert.deepEqual(assistants.for(OTHER).providers, ['openai', 'nova']);
});

test('a voice without a provider belongs to the provider that answers first', async () => {
  const assistants = await read({ [SALES]: { voice: 'cedar' }, [OTHER]: { voice: { nova: 'amy', openai: 'echo' } } });
  assert.deepEqual(assistants.for(SALES).prompt.voices, { openai: 'cedar' });
  assert.equal(assistants.for(SALES).providers, undefined);
  assert.deepEqual(assistants.for(OTHER).prompt.voices, { nova: 'amy', openai: 'echo' });
});

test('the path of a prompt is relative to the file that names it; of the default, to where the gateway starts', async () => {
  write('clinic.json', own);
  const assistants = await read({ [SALES]: { prompt: './clinic.json' } });
  assert.equal(assistants.for(SALES).prompt.greeting, own.greeting);
  const asDefault = await read({ [SALES]: { language: 'de-CH' } }, { defaultPrompt: 'clinic.json' });
  assert.equal(asDefault.for(OTHER).prompt.greeting, own.greeting);
  assert.equal(asDefault.for(SALES).prompt.language, 'de-CH');
  assert.equal(asDefault.for(SALES).prompt.greeting, own.greeting);
});

test("a number with another language does not use the greeting, lines and voice of the prompt's own language", async () => {
  write('clinic.json', own);
  const assistants = await read({
    [SALES]: { prompt: 'clinic.json', language: 'fr-CH' },
    [OTHER]: { prompt: 'sales', language: 'it', greeting: 'Pronto?' },
  });
  const french = assistants.for(SALES).prompt;
  assert.equal(french.greeting, ownLines('fr')?.greeting);
  assert.deepEqual(french.lines, ownLines('fr')?.lines);
  assert.deepEqual(french.voices, {});
  assert.match(french.instructions, /Speak Swiss French/);
  const italian = assistants.for(OTHER).prompt;
  assert.equal(italian.greeting, 'Pronto?');
  assert.equal(italian.lines.handover, ownLines('it')?.lines.handover);
});

test('a mistake in ASSISTANTS_FILE is reported with its number and its field', async () => {
  write('broken.json', { ...own, instructions: '' });
  write('tools.json', { ...own, tools: ['book', 'fly'] });
  const wrong: [unknown, RegExp][] = [
    [{ '1206555': {} }, /^ASSISTANTS_FILE names .*"1206555" is invalid: expected a phone number in E\.164 form/],
    [
      { [SALES]: { prompt: 'support' } },
      /^ASSISTANTS_FILE \(.*json\), in "\+12065550110": "prompt" is "support", but there is only default/,
    ],
    [{ [SALES]: { prompt: 'none.json' } }, /"prompt" is "none\.json", but it cannot be read\./],
    [{ [SALES]: { prompt: 'broken.json' } }, /"prompt" is "broken\.json", but "instructions" is invalid: expected the/],
    [
      { [SALES]: { prompt: 'tools.json' } },
      /"\+12065550110": its prompt "tools\.json" cannot be used: "tools" names "fly", but the registered tools are order_status, book\./,
    ],
    [{ [SALES]: { language: 'nl' } }, /its prompt "default" cannot be used: "greeting" is missing/],
    [
      { [OTHER]: {}, [SALES]: { provider: 'gemini' } },
      /"\+12065550110": there is no provider "gemini", only openai, nova, local\./,
    ],
    [{ [SALES]: { fallback: ['x'] } }, /there is no provider "x"/],
    [{ [SALES]: { voice: { x: 'y' } } }, /there is no provider "x"/],
    [{ [SALES]: { voice: 5 } }, /"\+12065550110\.voice" is invalid: expected the name of a voice/],
    [{ [SALES]: { queue: 'sales' } }, /"\+12065550110\.queue" is invalid: expected the ARN of a queue/],
    [
      { [SALES]: { hours: { timezone: 'Mars/Base', week: {} } } },
      /"\+12065550110\.hours\.timezone" is invalid: expected a time zone/,
    ],
    [
      { [SALES]: { hours: { timezone: 'Etc/UTC', week: { mon: ['9-5'] } } } },
      /hours\.week\.mon\.0" is invalid: expected times/,
    ],
    [
      { [SALES]: { queues: { bills: 'arn:x' } } },
      /"\+12065550110\.queues\.bills" is invalid: expected a reason or a topic/,
    ],
    [{ [SALES]: { promt: 'sales' } }, /"\+12065550110" is invalid: .*"promt"/],
  ];
  for (const [content, message] of wrong) assert.match(await refusal(content), message, JSON.stringify(content));
  for (const [text, message] of [
    [
      `{"${SALES}": {}, "${OTHER}": {}, "${SALES}": {}}`,
      /^ASSISTANTS_FILE names .*, but "\+12065550110" is there twice/,
    ],
    ['\uFEFF{}', /^ASSISTANTS_FILE names .*, but it begins with a byte-order mark/],
  ] as const) {
    const file = join(folder, 'odd.json');
    writeFileSync(file, text);
    assert.match(await refusal(undefined, { file }), message);
  }
  assert.match(await refusal(undefined, { defaultPrompt: 'x' }), /^ASSISTANT_PROMPT is "x", but there is only default/);
  assert.match(
    await refusal(undefined, { file: join(folder, 'no.json') }),
    /^ASSISTANTS_FILE names .*, but it cannot be read\./,
  );
});

test('the example in docs/build/assistants.md is valid', async () => {
  const guide = readFileSync(new URL('../../../docs/build/assistants.md', import.meta.url), 'utf8');
  const example: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(guide)?.[1] ?? '');
  const assistants = await read(example);
  const [british, swiss] = Object.keys(example as object).map((number) => assistants.for(number));
  assert.deepEqual(british?.providers, ['nova', 'openai']);
  assert.ok(british?.isOpen(Date.parse('2026-11-26T19:30Z')));
  assert.ok(!british?.isOpen(Date.parse('2026-12-28T10:00Z')));
  assert.match(swiss?.prompt.greeting ?? '', /^Grüezi/);
  assert.match(swiss?.queueFor('technical', '') ?? '', /support-de$/);
});

test('calls are recorded by the setting, or as the entry of a number says', async () => {
  const recording = { mode: 'announced', isPossible: true } as const;
  const assistants = await read({ [SALES]: { recording: 'off' }, [OTHER]: { recording: 'consent' } }, { recording });
  const modes = [assistants.otherwise, assistants.for(SALES), assistants.for(OTHER)].map((one) => one.recording);
  assert.deepEqual(modes, ['announced', 'off', 'consent']);
  assert.equal(assistants.for(OTHER).withPrompt(defaultPrompt).recording, 'consent');
  assert.equal((await read()).otherwise.recording, 'off');
});

test('an assistant that cannot record, or cannot say that it does, is refused', async () => {
  const isPossible = { mode: 'off', isPossible: true } as const;
  const wanted = { [SALES]: { recording: 'announced' } };
  assert.match(await refusal(wanted, { recording: { mode: 'off', isPossible: false } }), /needs TWILIO_ACCOUNT_SID/);
  assert.match(await refusal({ [SALES]: { recording: 'yes' } }, { recording: isPossible }), /recording/);
  const lines = Object.fromEntries(
    Object.entries(ownLines('en')?.lines ?? {}).filter(([name]) => !/ecorded|enterDigits/.test(name)),
  );
  write('welsh.json', { ...own, language: 'cy', lines });
  const welsh = { [SALES]: { prompt: './welsh.json', recording: 'announced' } };
  assert.match(await refusal(welsh, { recording: isPossible }), /no line "recorded" in "cy"/);
  assert.equal(await refusal({ [SALES]: { prompt: './welsh.json' } }, { recording: isPossible }), 'accepted');
  write('welsh.json', { ...own, language: 'cy', lines: { ...lines, recorded: 'Mae hyn yn cael ei recordio.' } });
  assert.equal(await refusal(welsh, { recording: isPossible }), 'accepted');
});
