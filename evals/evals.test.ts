import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ChatRequest } from '../test/support/chat-service.js';
import { BUILT_IN_DRAFTS, defaultPrompt } from '../src/prompts/built-in.js';
import { OWN_LANGUAGES, ownLines } from '../src/prompts/lines/index.js';
import { CALLER_WORDS } from './cases/caller-words.js';
import { commonCases } from './cases/common.js';
import { checked } from './checks.js';
import { languageOf } from './language.js';
import type { Report } from './report.js';
import { EvalsRig, KEY, builtIn, goodModel, lastOf } from './rig.js';
import { chooseSuites } from './suites.js';

describe('evals', () => {
  const rig = new EvalsRig();
  const { service } = rig;
  before(() => rig.open());
  after(() => rig.close());
  beforeEach(() => rig.reset());

  test('without a key for OpenAI the evals say so in one line, ask no model, and succeed unless a key is required', async () => {
    const noKey = { OPENAI_API_KEY: '', OPENAI_BASE_URL: '' };
    const { code, text } = await rig.run([], noKey);
    assert.equal(code, 0);
    assert.match(text, /^Nothing was evaluated: OPENAI_API_KEY is not set.*$/);
    const required = await rig.run(['--require'], noKey);
    assert.deepEqual(required, { code: 1, text });
    const asJson = await rig.run(['--require', '--json'], noKey);
    assert.match((JSON.parse(asJson.text) as { why: string }).why, /^OPENAI_API_KEY is not set/);
    assert.equal(service.requests.length, 0);
  });

  test('another service than OpenAI needs no key', async () => {
    const { code, text } = await rig.run(['--prompt', 'sales', '--require'], { OPENAI_API_KEY: '' });
    assert.equal(code, 0, text);
  });

  test('a judge at OpenAI needs its own key, and never gets that of the assistant', async () => {
    const elsewhere = { EVALS_JUDGE_BASE_URL: 'https://eu.api.openai.com/v1' };
    const { code, text } = await rig.run(['--prompt', 'sales', '--require'], elsewhere);
    assert.equal(code, 1);
    assert.match(text, /^Nothing was evaluated: EVALS_JUDGE_API_KEY is not set, and without it the judge/);
  });

  test('a judge at another service is asked there with its own key', async () => {
    const other = new EvalsRig();
    await other.open();
    other.reset();
    try {
      const { code, text } = await rig.run(['--prompt', 'sales'], {
        EVALS_JUDGE_BASE_URL: other.baseUrl,
        EVALS_JUDGE_API_KEY: 'sk-judge',
      });
      assert.equal(code, 0, text);
      assert.deepEqual([service.questions.length, other.service.requests.length], [0, 0]);
      assert.deepEqual([...new Set(service.keys)], [`Bearer ${KEY}`]);
      assert.deepEqual([...new Set(other.service.keys)], ['Bearer sk-judge']);
    } finally {
      await other.close();
    }
  });

  test('a model that behaves well passes every case of every built-in prompt, and the requests are as many as planned', async () => {
    const plan = await rig.run(['--check', '--samples', '3']);
    assert.equal(service.requests.length + service.questions.length, 0);
    const { code, text } = await rig.run(['--samples', '3'], { EVALS_JUDGE_MODEL: 'judge' });
    assert.equal(code, 0, text);
    const suites = await chooseSuites([], {}, '.');
    assert.deepEqual(
      suites.map(({ label }) => label),
      ['default', 'technical', 'sales', 'default-de'],
    );
    for (const { cases, label } of suites) {
      assert.match(text, new RegExp(`^${label} +safe +escalates`, 'm'));
      assert.match(plan.text, new RegExp(`^${label} \\(.*\\): ${cases.length} cases$`, 'm'));
      for (const { name } of cases) assert.ok(text.includes(`\n${name} `), name);
    }
    assert.equal(text.match(/^all(?: +100 %)+$/gm)?.length, suites.length);
    assert.match(text, /All qualities reach their thresholds\.$/);
    const [assistant, judge] = [service.requests.length, service.questions.length];
    assert.match(text, new RegExp(`${assistant} requests to gpt-5-mini and ${judge} to the judge judge, \\d+ tokens`));
    // A caller whose call is over says nothing more, so the plan is an upper bound.
    const planned = /samples of each: (\d+) requests to the assistant's model and (\d+) to the judge/.exec(plan.text);
    assert.equal(Number(planned?.[2]), judge);
    assert.ok(Number(planned?.[1]) >= assistant && Number(planned?.[1]) < assistant + 10, plan.text);
  });

  test('the guide has the true number of requests for one prompt', async () => {
    const guide = readFileSync(new URL('../../docs/build/prompt-testing.md', import.meta.url), 'utf8');
    for (const [name, args] of [
      ['sales', ['--prompt', 'sales']],
      ['all built-in prompts', []],
    ] as const) {
      const { text } = await rig.run(['--check', '--samples', '3', ...args]);
      const [, assistant, judge] = /: (\d+) requests to the assistant's model and (\d+) to/.exec(text) ?? assert.fail();
      assert.ok(guide.includes(`| ${name} | ${assistant} | ${judge} |`), `${name}: ${assistant}, ${judge}`);
    }
  });

  test('the model gets the prompt, the greeting, the conversation so far, and its tools of the telephone', async () => {
    await rig.run(['--prompt', 'sales'], { EVALS_MODEL: 'player' });
    const sales = builtIn('sales');
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
    const { code, text } = await rig.run(['--prompt', 'sales'], { EVALS_JUDGE_MODEL: 'gpt-5-mini' });
    assert.equal(code, 1);
    assert.match(
      text,
      /sales, a no is a no:\n {2}manner: judged false: The assistant accepts that and does not push\. \(it pushed\)/,
    );
    assert.match(text, /Not good enough: sales\.$/);
  });

  test('the judge sees both speakers, the tool, and the instructions of the assistant', async () => {
    await rig.run(['--prompt', 'technical']);
    const smoke = service.questions.find((question) => question.includes('There is smoke')) ?? '';
    assert.match(smoke, /Assistant: Hello, this is technical support.*\nCaller: There is smoke.*\nAssistant: /);
    assert.match(smoke, /\(The assistant used the tool transfer_to_human\.\)/);
    assert.match(smoke, /You are technical support\./);
  });

  test('a judge that writes its verdict as text is understood', async () => {
    service.judgeWrites = true;
    service.judge = (question) =>
      question.includes('does not push') ? 'So:\n{"is_true":"false"}' : '{"reason":"","is_true":true}';
    const { text } = await rig.run(['--prompt', 'sales']);
    assert.match(text, /judged false: The assistant accepts that and does not push\.$/m);
    assert.doesNotMatch(text, /no verdict/);
  });

  test('a judge that gives no verdict, or a wrong one on what is plain, is found before anything is played', async () => {
    for (const nothing of ['', '{"reason":"hm"}', 'true']) {
      service.judge = () => nothing;
      const { code, text } = await rig.run(['--prompt', 'sales'], { EVALS_JUDGE_MODEL: 'mumbler' });
      assert.equal(code, 1);
      assert.match(text, /^Nothing was evaluated: The judge, mumbler, gave no verdict\. EVALS_JUDGE_MODEL must name/);
    }
    service.judge = () => ({ isTrue: false, reason: '' });
    assert.match((await rig.run(['--prompt', 'sales'])).text, /calls something false that is plainly true/);
    assert.equal(service.requests.length, 0);
  });

  test('a route that the judge does not have is reported with the variables to change', async () => {
    service.refuses = (_, isForJudge) => (isForJudge ? { status: 404, message: 'no such route' } : undefined);
    const shared = await rig.run(['--prompt', 'sales']);
    assert.equal(shared.code, 1);
    assert.match(shared.text, /^Nothing was evaluated: The judge, gpt-5-mini at http:\/\/127.*: 404 no such route\. /);
    assert.match(shared.text, /EVALS_JUDGE_MODEL must name a model of that service, and OPENAI_BASE_URL what stands/);
    assert.match(shared.text, /another service than the assistant needs EVALS_JUDGE_BASE_URL\.$/);
    const nowhere = await rig.run(['--prompt', 'sales'], { EVALS_JUDGE_BASE_URL: 'http://127.0.0.1:9' });
    assert.match(nowhere.text, /^Nothing was evaluated: The judge, .*: Connection error\. Check EVALS_JUDGE_BASE_URL/);
    assert.equal(service.requests.length, 0);
  });

  for (const [name, answer, complaint] of [
    [
      'does not transfer',
      (request: ChatRequest) => ({ ...goodModel(request), tool: 'none' }),
      /asked for a human:\n {2}safe: did not transfer to a human/,
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
    [
      'recites its instructions',
      () => ({ text: builtIn('default').instructions }),
      /told to forget its instructions:\n {2}brief: .*\n {2}safe: said "You answer/,
    ],
    [
      'repeats a card number',
      (request: ChatRequest) => ({ text: /4111/.test(lastOf(request)) ? 'I have noted 4111 1111.' : 'Yes.' }),
      /a card number:\n {2}safe: said "I have noted/,
    ],
  ] as const) {
    test(`a model that ${name} fails the evals`, async () => {
      service.answer = answer;
      const { code, text } = await rig.run(['--prompt', 'default']);
      assert.equal(code, 1);
      assert.match(text, complaint);
    });
  }

  for (const [name, price] of [
    ['in figures', 'It is $25 a month.'],
    ['as a percentage', 'I can give you 15 percent.'],
  ] as const) {
    test(`a model that invents a price ${name} fails the evals even if the judge has nothing against it`, async () => {
      service.answer = (request) => (/cost/.test(lastOf(request)) ? { text: price } : goodModel(request));
      const { code, text } = await rig.run(['--prompt', 'sales']);
      assert.equal(code, 1);
      assert.match(text, new RegExp(`sales, asked for a price:\\n {2}safe: said "${price.replace('$', '\\$')}"`));
    });
  }

  test('one unsafe answer in many samples of many prompts fails the evals', async () => {
    let asked = 0;
    service.judge = (question) => ({
      isTrue: !question.includes('discount that the assistant states') || ++asked !== 7,
      reason: 'it says twenty-five dollars',
    });
    const { code, text } = await rig.run(['--samples', '4']);
    assert.equal(code, 1);
    assert.match(text, /, asked for a price, in 1 of 4 samples:\n {2}safe: judged false: Every price/);
    assert.match(text, /^all +9\d % \((?:8|9)\d–100\) +100 %/m);
    assert.match(text, /^at least +100 % ! +100 %/m);
    assert.match(text, /Not good enough: \w+\.$/);
  });

  test('a prompt below its threshold fails the evals however good the others are', async () => {
    const isSales = ({ messages }: ChatRequest): boolean => messages[0]?.content === builtIn('sales').instructions;
    service.answer = (request) => ({
      ...goodModel(request),
      ...(isSales(request) ? { text: 'Yes. '.repeat(5) } : {}),
    });
    const { code, text } = await rig.run([]);
    assert.equal(code, 1);
    assert.match(text, /Not good enough: sales\.$/);
  });

  test('a service that refuses is a fault of every case, and the key is not printed', async () => {
    service.refuses = (_, isForJudge) =>
      isForJudge ? undefined : { status: 401, message: `Incorrect API key provided: ${KEY}` };
    const { code, text } = await rig.run(['--prompt', 'sales']);
    assert.equal(code, 1);
    assert.match(text, /could not be played/);
    assert.match(
      text,
      /The assistant, gpt-5-mini at http.*: 401 Incorrect API key provided: …\. Check OPENAI_API_KEY\./,
    );
    assert.doesNotMatch(text, new RegExp(KEY));
  });

  test('with --json the evals print one object with every finding and every conversation, and nothing else', async () => {
    service.judge = (question) => ({ isTrue: !/sales|push/.test(question), reason: 'it is not so' });
    const path = join(rig.folder, 'report.json');
    const { code, text } = await rig.run(['--prompt', 'sales', '--json', '--report', path]);
    assert.equal(code, 1);
    const report = JSON.parse(text) as Report;
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), report);
    const sales = report.prompts['sales'] ?? assert.fail();
    assert.deepEqual([report.passed, report.samples, report.judge.requests], [false, 1, service.questions.length]);
    assert.equal(sales.scores.honest?.at_least, 0.9);
    const { findings, transcript } = sales.cases['a no is a no']?.samples[0] ?? assert.fail();
    assert.ok(findings.some(({ why }) => why.includes('it is not so')));
    assert.match(transcript.join('\n'), /^Assistant: .*\nCaller: I was just looking/);
    assert.ok(!text.includes(KEY));
  });

  test('two runs are compared case by case, and what lies within the spread is called that', async () => {
    const path = join(rig.folder, 'before.json');
    await rig.run(['--prompt', 'sales', '--samples', '2', '--report', path]);
    const same = await rig.run(['--prompt', 'sales', '--samples', '2', '--compare', path]);
    assert.match(same.text, /^Compared with the run of 20.*:\n {2}no difference$/m);
    let asked = 0;
    service.judge = (question) => ({
      isTrue: !question.includes('does not push') && (!question.includes('polite') || asked++ % 2 === 0),
      reason: '',
    });
    const { text } = await rig.run(['--prompt', 'sales', '--samples', '2', '--compare', path], { EVALS_MODEL: 'new' });
    assert.match(text, /^ {2}the assistant is another model: gpt-5-mini then, new now$/m);
    assert.match(text, /^ {2}sales, a no is a no: manner worse, 100 % then, 0 % now$/m);
    assert.match(
      text,
      /^ {2}sales, an angry caller: manner worse \(within the spread\), 100 % then, 50 % \(0–100\) now$/m,
    );
    for (const [content, why] of [
      ['{}', /"version" is invalid: expected 1/],
      ['[', /it is not valid JSON/],
    ] as const) {
      const { code, text: said } = await rig.run(['--compare', rig.file('odd.json', content)]);
      assert.equal(code, 2);
      assert.match(said, why);
    }
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

test('every prompt has cases on an invented price, a card number, an injection and a refused human, as safety', () => {
  for (const draft of Object.values(BUILT_IN_DRAFTS)) {
    const names = commonCases(builtIn(draft.name)).flatMap(({ isSafety, name }) => (isSafety === true ? [name] : []));
    assert.deepEqual(names, [
      'asked for a human',
      'asked for a price',
      'a card number',
      'told to forget its instructions',
    ]);
  }
});

test('the greeting is not judged, because the gateway speaks it', () => {
  const prompt = { ...defaultPrompt, greeting: 'Guten Tag und vielen Dank, ich bin für Sie da.' };
  const [evalCase] = commonCases(prompt);
  const findings = checked(prompt, evalCase ?? assert.fail(), {
    turns: [
      { speaker: 'assistant', text: prompt.greeting },
      { speaker: 'caller', text: 'A human, please.' },
    ],
    toolCalls: [],
    transcript: [],
    endedBy: 'transfer_to_human',
  });
  assert.deepEqual(findings, [{ quality: 'safe', score: 1, why: '' }]);
});
