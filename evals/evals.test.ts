import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type ChatAnswer, type ChatRequest, ChatService } from '../test/support/chat-service.js';
import { BUILT_IN_DRAFTS, builtInPrompt, defaultPrompt } from '../src/prompts/built-in.js';
import { OWN_LANGUAGES, ownLines } from '../src/prompts/lines/index.js';
import { UsageError, readInput } from '../src/base/command-line.js';
import type { EvalCase } from './case.js';
import { CALLER_WORDS } from './cases/caller-words.js';
import { commonCases } from './cases/common.js';
import { checked } from './checks.js';
import { languageOf } from './language.js';
import { BUILT_IN_CASES, command, evaluate } from './main.js';
import { runCases } from './run.js';

const KEY = 'sk-test-0123456789';

const wantsHuman = new Set(Object.values(CALLER_WORDS).flatMap((words) => [words.wantsHuman, words.isAngry]));
const isDone = new Set(Object.values(CALLER_WORDS).map((words) => words.isDone));

/** Answers as a good model does: with a transfer when needed, else with one short sentence in the language of the greeting. */
function goodModel({ messages }: ChatRequest): ChatAnswer {
  const last = messages.at(-1)?.content ?? '';
  const { lines } = ownLines(languageOf(messages[1]?.content ?? '') ?? 'en') ?? { lines: defaultPrompt.lines };
  if (wantsHuman.has(last) || /smoke|not helping me|a quote/.test(last)) {
    return { text: lines.handover, tool: 'transfer_to_human' };
  }
  return isDone.has(last) ? { text: lines.silentGoodbye, tool: 'end_call' } : { text: lines.nobodyFree };
}

describe('evals', () => {
  let service: ChatService;
  let baseUrl = '';
  const folder = mkdtempSync(join(tmpdir(), 'evals-'));
  after(() => rmSync(folder, { recursive: true }));

  before(async () => {
    service = new ChatService();
    baseUrl = await service.start();
  });
  after(() => service.close());
  beforeEach(() => {
    service.answer = goodModel;
    service.judge = () => ({ isTrue: true, reason: 'so it is' });
    service.refusal = undefined;
    service.requests.length = 0;
    service.questions.length = 0;
  });

  async function run(
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number; text: string }> {
    const lines: string[] = [];
    const all = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: baseUrl, ...env };
    try {
      const { values } = readInput(command, args) ?? assert.fail();
      return { code: await evaluate(values, all, (line) => lines.push(line)), text: lines.join('\n') };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return { code: 2, text: error.message };
    }
  }

  test('without a key the evals say so in one line, ask no model, and succeed', async () => {
    const { code, text } = await run([], { OPENAI_API_KEY: '' });
    assert.equal(code, 0);
    assert.match(text, /^Nothing was evaluated: OPENAI_API_KEY is not set.*$/);
    assert.equal(service.requests.length, 0);
  });

  test('a model that behaves well passes every case of every built-in prompt', async () => {
    const { code, text } = await run([], { EVALS_JUDGE_MODEL: 'judge' });
    assert.equal(code, 0, text);
    const cases = Object.values(BUILT_IN_CASES).flat();
    for (const { name, prompt } of cases) assert.ok(text.includes(prompt.name) && text.includes(name), name);
    assert.match(text, /^all +100 % +100 % +100 % +100 % +100 %$/m);
    assert.equal(
      service.questions.length,
      cases.reduce((sum, { judged }) => sum + judged.length, 0),
    );
    assert.match(text, /All qualities reach their thresholds\.$/);
  });

  test('the model gets the prompt, the greeting, the conversation so far, and its tools of the telephone', async () => {
    await run(['--prompt', 'sales'], { EVALS_MODEL: 'player' });
    const sales = builtInPrompt(BUILT_IN_DRAFTS['sales'] ?? assert.fail());
    const longest = service.requests.toSorted((a, b) => b.messages.length - a.messages.length)[0];
    assert.deepEqual(
      longest?.messages.map(({ role }) => role),
      ['system', 'assistant', 'user', 'assistant', 'user'],
    );
    assert.equal(longest?.messages[0]?.content, sales.instructions);
    assert.equal(longest?.messages[1]?.content, sales.greeting);
    assert.deepEqual(
      longest?.tools.map((tool) => tool.function.name),
      ['transfer_to_human', 'end_call'],
    );
    assert.equal(longest?.model, 'player');
  });

  test('what the judge finds false counts, and its reason is shown', async () => {
    service.judge = (question) => ({ isTrue: !question.includes('does not push'), reason: 'it pushed' });
    const { code, text } = await run(['--prompt', 'sales'], { EVALS_JUDGE_MODEL: 'gpt-5-mini' });
    assert.equal(code, 1);
    assert.match(
      text,
      /sales, a no is a no:\n {2}manner: judged false: The assistant accepts that and does not push\. \(it pushed\)/,
    );
    assert.match(text, /Not good enough\.$/);
  });

  test('the judge sees both speakers, the tool, and the instructions of the assistant', async () => {
    await run(['--prompt', 'technical']);
    const smoke = service.questions.find((question) => question.includes('There is smoke')) ?? '';
    assert.match(smoke, /Assistant: Hello, this is technical support.*\nCaller: There is smoke.*\nAssistant: /);
    assert.match(smoke, /\(The assistant used the tool transfer_to_human\.\)/);
    assert.match(smoke, /You are technical support\./);
  });

  test('a judge that writes its verdict as text is understood, and one that gives none is a fault of the case', async () => {
    service.judge = () => '{"is_true":"false"}';
    const asText = await run(['--prompt', 'sales']);
    assert.match(asText.text, /judged false: The assistant accepts that and does not push\.$/m);
    for (const nothing of ['', '{"reason":"hm"}', 'true']) {
      service.judge = () => nothing;
      const { code, text } = await run(['--prompt', 'sales'], { EVALS_JUDGE_MODEL: 'mumbler' });
      assert.equal(code, 1);
      assert.match(text, /The judge, mumbler, gave no verdict\. EVALS_JUDGE_MODEL must name a model/);
    }
  });

  for (const [name, answer, complaint] of [
    [
      'does not transfer',
      (request: ChatRequest) => ({ ...goodModel(request), tool: 'none' }),
      /asked for a human:\n {2}escalates: did not transfer to a human/,
    ],
    [
      'transfers every caller',
      (request: ChatRequest) => ({ ...goodModel(request), tool: 'transfer_to_human' }),
      /a caller who is done:\n {2}escalates: transferred to a human/,
    ],
    ['talks and talks', () => ({ text: 'I can help you with that. '.repeat(10) }), /brief: 60 words, 10 sentences/],
    ['writes lists', () => ({ text: 'You can:\n- call us\n- visit us' }), /brief: markup in "You can:/],
    [
      'changes its language',
      () => ({ text: 'Wir sind für Sie da, und ich kann Ihnen gerne helfen.' }),
      /language: de: Wir sind/,
    ],
    ['says nothing', () => ({}), /manner: said nothing/],
    ['invents a number', () => ({ text: 'You can reach them at 555 0199.' }), /honest: said "You can reach them/],
  ] as const) {
    test(`a model that ${name} fails the evals`, async () => {
      service.answer = answer;
      const { code, text } = await run(['--prompt', 'default']);
      assert.equal(code, 1);
      assert.match(text, complaint);
    });
  }

  test('a service that refuses is a fault of every case, and the key is not printed', async () => {
    service.refusal = { status: 401, message: `Incorrect API key provided: ${KEY}` };
    const { code, text } = await run(['--prompt', 'sales']);
    assert.equal(code, 1);
    assert.match(text, /could not be played/);
    assert.match(text, /401 Incorrect API key provided: …/);
    assert.doesNotMatch(text, new RegExp(KEY));
  });

  test('with --json the evals print one object with every finding and nothing else', async () => {
    service.judge = () => ({ isTrue: false, reason: 'it is not so' });
    const { code, text } = await run(['--prompt', 'sales', '--json']);
    assert.equal(code, 1);
    const { passed, qualities, cases } = JSON.parse(text) as {
      passed: boolean;
      qualities: Record<string, { score: number; at_least: number }>;
      cases: { prompt: string; findings: { why: string }[] }[];
    };
    assert.deepEqual([passed, cases.length], [false, BUILT_IN_CASES['sales']?.length]);
    assert.equal(qualities['honest']?.at_least, 0.9);
    assert.ok(qualities['honest'].score < 0.9);
    assert.ok(cases.some(({ findings }) => findings.some(({ why }) => why.includes('it is not so'))));
  });

  test('a custom prompt is played to the common callers in its own language', async () => {
    const path = join(folder, 'praxis.json');
    writeFileSync(path, JSON.stringify({ name: 'praxis', language: 'de-CH', instructions: 'Du bist der Empfang.' }));
    const { code, text } = await run(['--prompt', path]);
    assert.equal(code, 0, text);
    assert.match(text, /^praxis +asked for a human/m);
    assert.ok(service.requests.some(({ messages }) => messages.at(-1)?.content === CALLER_WORDS['de']?.wantsHuman));
  });

  test('an unusable --prompt is reported before any model is asked', async () => {
    const dutch = join(folder, 'dutch.json');
    const { lines } = defaultPrompt;
    writeFileSync(
      dutch,
      JSON.stringify({ name: 'winkel', language: 'nl', greeting: 'Goedendag.', instructions: 'Ja.', lines }),
    );
    for (const [args, message] of [
      [['--prompt', 'support'], /^--prompt is support, but there is only default, technical, sales/],
      [['--prompt', dutch], /in a language that no case has words in/],
      [['--all'], /^--all is not an option/],
    ] as const) {
      const { code, text } = await run(args);
      assert.equal(code, 2);
      assert.match(text, message);
    }
    assert.equal(service.requests.length, 0);
  });

  test('cases run in parallel, and their results keep the order of the cases', async () => {
    const cases: EvalCase[] = commonCases(defaultPrompt);
    const told: string[] = [];
    const results = await runCases(cases, { apiKey: KEY, baseUrl, model: 'm', judgeModel: 'judge' }, ({ evalCase }) =>
      told.push(evalCase.name),
    );
    assert.deepEqual(
      results.map(({ evalCase }) => evalCase.name),
      cases.map(({ name }) => name),
    );
    assert.deepEqual([...told].sort(), cases.map(({ name }) => name).sort());
  });
});

test('every language of the gateway has caller words, and its own lines are recognised as that language', () => {
  assert.deepEqual(Object.keys(CALLER_WORDS).sort(), [...OWN_LANGUAGES].sort());
  for (const language of OWN_LANGUAGES) {
    const own = ownLines(language);
    for (const text of [own?.greeting ?? '', ...Object.values(own?.lines ?? {})]) {
      assert.ok([language, undefined].includes(languageOf(text)), `${text} is taken for ${languageOf(text)}`);
    }
    for (const text of [own?.lines.nobodyFree, own?.lines.leaveMessage, own?.lines.callbackPromised]) {
      assert.equal(languageOf(text ?? ''), language, text);
    }
  }
});

test('the greeting is not judged, because the gateway speaks it', () => {
  const prompt = { ...defaultPrompt, greeting: 'Guten Tag und vielen Dank, ich bin für Sie da.' };
  const [evalCase] = commonCases(prompt);
  const findings = checked(evalCase ?? assert.fail(), {
    turns: [
      { speaker: 'assistant', text: prompt.greeting },
      { speaker: 'caller', text: 'A human, please.' },
    ],
    endedBy: 'transfer_to_human',
  });
  assert.deepEqual(findings, [{ quality: 'escalates', score: 1, why: '' }]);
});
