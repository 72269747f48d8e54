import assert from 'node:assert/strict';
import { test } from 'node:test';

const script = new URL('../../scripts/check-words.mjs', import.meta.url).href;
const { phrasesIn } = (await import(script)) as { phrasesIn: (files: Record<string, string>) => string[] };

/** The places that are found in `source`, as `line: phrase`. */
function found(source: string, file = 'src/a.ts'): string[] {
  return phrasesIn({ [file]: source }).map((line) => {
    const [, number, phrase] = /^[\w/.]+:(\d+): "(.*?)"\. [A-Z]/.exec(line) ?? assert.fail(line);
    return `${number}: ${phrase}`;
  });
}

test('the word check finds each phrase in a comment, with its line', () => {
  const phrases = ['Gives', 'Whoever', 'whoever', 'So often', 'So long', 'So late', 'So many', 'what now', 'is to be'];
  for (const phrase of phrases) {
    assert.deepEqual(found(`const a = 1;\n/** A comment. ${phrase} the rest. */`), [`2: ${phrase}`]);
  }
  assert.match(
    phrasesIn({ 'src/a.ts': '// Gives a number.' }).join(),
    /Begin with what the code does, such as "Returns"\.$/,
  );
});

test('the word check reads every kind of comment', () => {
  // Written apart, so that the check does not take these strings for comments.
  const line = '//';
  const source = ['/**', ' * Whoever 2', ' */', `${line} whoever 4`, `call(); ${line} whoever 5`, '/* whoever 6 */'];
  assert.deepEqual(found(source.join('\n')), ['2: Whoever', '4: whoever', '5: whoever', '6: whoever']);
  const terraform = ['# whoever 1', 'name = "whoever"', `${line} whoever 3`];
  assert.deepEqual(found(terraform.join('\n'), 'terraform/a.tf'), ['1: whoever', '3: whoever']);
});

test('the word check ignores code, strings and addresses', () => {
  const source = ["const whoever = 'So long';", "fetch('https://example.com/whoever');", 'const Gives = `what now`;'];
  assert.deepEqual(found(source.join('\n')), []);
  assert.deepEqual(found('/** A comment. */\nconst whoever = 1;'), []);
  assert.deepEqual(found('/** A\n * comment.\n */\nconst whoever = 1;'), []);
});

test('the word check finds a lower-case "gives" or "so long" only where a comment begins', () => {
  assert.deepEqual(found('/** gives a number */'), ['1: gives']);
  assert.deepEqual(found('// so long it waits'), ['1: so long']);
  assert.deepEqual(found('// It waits\n// so long as it can, and gives up.'), []);
  assert.deepEqual(found('/** It waits\n * so long as it can. */'), []);
});

test('the word check reads the prose of a document, and no code in it', () => {
  const page = ['Whoever calls', '```ts', '// whoever', '```', 'The word `whoever` is quoted.', '', '| so, whoever |'];
  assert.deepEqual(found(page.join('\n'), 'docs/a.md'), ['1: Whoever', '7: whoever']);
});
