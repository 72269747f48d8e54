import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { humanListener } from './asks-for-human.js';
import { readOwnPhrases } from './own-phrases.js';

const folder = mkdtempSync(join(tmpdir(), 'phrases-'));
after(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, 'phrases.json');
  writeFileSync(path, content);
  return path;
}

test("an operator's phrases ask for a human in any language and spelling, as whole words", async () => {
  const own = await readOwnPhrases(file('{"asks": ["Tier-two desk", "Zur Löwenzentrale"]}'));
  const asks = humanListener(['en', 'de'], own);
  assert.ok(asks('get that to the TIER two desk, will you'));
  assert.ok(asks('zur lowenzentrale bitte'));
  assert.ok(!asks('the tier two desks are brown'));
  assert.ok(!humanListener(['en', 'de'])('get that to the tier two desk'));
});

test('a phrase under "never" is ignored, and the rest of the sentence is heard', async () => {
  const own = await readOwnPhrases(file('{"never": ["reception package"]}'));
  const asks = humanListener(['en'], own);
  assert.ok(humanListener(['en'])('I need the reception package'));
  assert.ok(!asks('I need the reception package'));
  assert.ok(asks('I want the reception package explained by a human please'));
});

test('without ESCALATION_PHRASES the operator has no phrases', async () => {
  assert.deepEqual(await readOwnPhrases(undefined), { asks: [], never: [] });
});

test('a phrases file that cannot be used is refused with the place of the fault', async () => {
  for (const [path, message] of [
    [join(folder, 'none.json'), /^ESCALATION_PHRASES names .*none\.json, but it cannot be read\./],
    [file('{asks}'), /but it is not valid JSON/],
  ] as const) {
    await assert.rejects(readOwnPhrases(path), (error: unknown) => isTandemError(error) && message.test(error.message));
  }
  for (const [content, message] of [
    ['["agent"]', /but it is invalid/],
    ['{"ask": ["agent"]}', /but it is invalid: .*"ask"/],
    ['{"asks": ["agent", 5]}', /"asks\.1" is invalid/],
    ['{"never": ["..."]}', /"never\.0" is invalid: expected at least one word/],
  ] as const) {
    await assert.rejects(
      readOwnPhrases(file(content)),
      (error: unknown) => isTandemError(error) && error.code === 'CONFIG_INVALID' && message.test(error.message),
      content,
    );
  }
});
