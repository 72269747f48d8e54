import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LANGUAGES } from '../escalation/language.js';
import { BUILT_IN_DRAFTS, builtInPrompt, defaultPrompt } from './built-in.js';
import { completed, promptDraft } from './draft.js';
import { findDraft } from './find-draft.js';
import { OWN_LANGUAGES, ownLines } from './lines/index.js';

const folder = mkdtempSync(join(tmpdir(), 'prompts-'));
after(() => rmSync(folder, { recursive: true }));

function file(content: unknown): string {
  writeFileSync(join(folder, 'own.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return './own.json';
}

function problem(result: object | string): string {
  return typeof result === 'string' ? result : 'accepted';
}

const small = { name: 'clinic', language: 'de-CH', instructions: 'Du bist der Empfang einer Praxis.' };

test("the built-in prompts are found by name, complete, and valid under the rules for an operator's prompt", async () => {
  for (const name of ['default', 'technical', 'sales']) {
    const draft = await findDraft(name, folder);
    assert.ok(typeof draft !== 'string');
    assert.deepEqual(promptDraft.parse(JSON.parse(JSON.stringify(draft))).instructions, draft.instructions);
    const prompt = builtInPrompt(draft);
    assert.equal(prompt.name, name);
    for (const tool of ['transfer_to_human', 'end_call']) assert.match(prompt.instructions, new RegExp(tool));
  }
  assert.equal(new Set(Object.values(BUILT_IN_DRAFTS).map((draft) => builtInPrompt(draft).greeting)).size, 3);
});

test('the gateway has its own lines in every language it listens for, all of them and each in its own words', () => {
  assert.deepEqual([...OWN_LANGUAGES].sort(), [...LANGUAGES].sort());
  const names = Object.keys(defaultPrompt.lines).sort();
  for (const language of OWN_LANGUAGES) {
    const own = ownLines(language);
    assert.deepEqual(Object.keys(own?.lines ?? {}).sort(), names, language);
    for (const text of [own?.greeting ?? '', ...Object.values(own?.lines ?? {})]) {
      assert.match(text, /^[\p{L}¿¡].*[.?।]$/u, `${language}: ${text}`);
      assert.equal(/\p{Script=Devanagari}/u.test(text), language === 'hi', text);
    }
  }
  const texts = OWN_LANGUAGES.flatMap((language) => Object.values(ownLines(language)?.lines ?? {}));
  assert.equal(new Set(texts).size, names.length * OWN_LANGUAGES.length);
});

test('a prompt file needs a name, a language and instructions; the rest comes from the language', async () => {
  const draft = await findDraft(file(small), folder);
  assert.ok(typeof draft !== 'string');
  const prompt = completed(draft);
  assert.ok(typeof prompt !== 'string');
  assert.equal(prompt.greeting, ownLines('de')?.greeting);
  assert.deepEqual(prompt.lines, ownLines('de')?.lines);
  assert.match(prompt.instructions, /^Du bist der Empfang einer Praxis\.\nSpeak Swiss High German, and keep to it/);
  assert.equal(prompt.tools, undefined);
});

test("a line in a prompt file replaces the gateway's own, and the others stay", async () => {
  const draft = await findDraft(file({ ...small, lines: { handover: 'Ich hole Frau Egli.' } }), folder);
  const prompt = typeof draft === 'string' ? draft : completed(draft);
  assert.ok(typeof prompt !== 'string');
  assert.equal(prompt.lines.handover, 'Ich hole Frau Egli.');
  assert.equal(prompt.lines.busy, ownLines('de')?.lines.busy);
});

test('a prompt tells the model the languages to which it may change, and no other', () => {
  const prompt = completed(promptDraft.parse({ ...small, languages: ['de-CH', 'fr', 'it'] }));
  assert.ok(typeof prompt !== 'string');
  assert.match(prompt.instructions, /When the caller speaks French or Italian, go on in that; never/);
});

test('a prompt in a language without lines of the gateway must have all of them', () => {
  const dutch = { ...small, language: 'nl' };
  assert.match(
    problem(completed(promptDraft.parse(dutch))),
    /^"greeting" is missing, and the gateway has no lines in "nl"/,
  );
  const greeting = 'Goedendag.';
  const { busy: _, ...lines } = defaultPrompt.lines;
  assert.match(problem(completed(promptDraft.parse({ ...dutch, greeting, lines }))), /^"lines\.busy" is missing/);
  const whole = completed(promptDraft.parse({ ...dutch, greeting, lines: ownLines('en')?.lines }));
  assert.ok(typeof whole !== 'string' && whole.greeting === greeting);
});

test('an invalid prompt file is reported with its field', async () => {
  const wrong: [unknown, RegExp][] = [
    ['{', /^it is not valid JSON$/],
    [{ ...small, instructions: ' ' }, /^"instructions" is invalid: expected the instructions for the assistant$/],
    [{ ...small, language: 'german' }, /^"language" is invalid: expected a language like en-US or de$/],
    [{ ...small, languages: ['de', 'x'] }, /^"languages\.1" is invalid/],
    [{ ...small, greting: 'Hallo.' }, /^it is invalid: .*"greting"/],
    [{ ...small, lines: { handver: 'Ja.' } }, /^"lines.*" is invalid/],
    [{ ...small, lines: { handover: '' } }, /^"lines\.handover" is invalid: expected some words$/],
    [{ ...small, name: 'Die Praxis' }, /^"name" is invalid: expected a short name/],
    [[], /^it is invalid/],
  ];
  for (const [content, message] of wrong) {
    const draft = await findDraft(file(content), folder);
    assert.match(problem(draft), message, JSON.stringify(content));
  }
  assert.match(problem(await findDraft('./none.json', folder)), /^it cannot be read$/);
  assert.match(problem(await findDraft('support', folder)), /^there is only default, technical, sales, or a JSON file/);
  assert.match(problem(await findDraft('constructor', folder)), /^there is only/);
});

test('the example in src/prompts/README.md is a valid prompt', async () => {
  const readme = readFileSync(new URL('../../../src/prompts/README.md', import.meta.url), 'utf8');
  const draft = await findDraft(file(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''), folder);
  const prompt = typeof draft === 'string' ? draft : completed(draft);
  assert.ok(typeof prompt !== 'string', problem(prompt));
  assert.equal(prompt.name, 'clinic');
});
