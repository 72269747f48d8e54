import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

// Holds the commands that pages tell to type against what the commands say of themselves.

const LIMIT_MS = 240_000;
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const PAGES = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((page) => !page.endsWith('RESULTS.md'));

/** The options that pages use, by the command: the option, and the pages. */
function documented(pages: readonly string[]): Map<string, Map<string, Set<string>>> {
  const found = new Map<string, Map<string, Set<string>>>();
  for (const page of pages) {
    const text = readFileSync(page, 'utf8').replaceAll('\\\n', ' ');
    for (const [, command = '', rest = ''] of text.matchAll(/npm run (?:--silent )?([\w:-]+) -- ([^\n`#]*)/g)) {
      const options = found.get(command) ?? new Map<string, Set<string>>();
      found.set(command, options);
      // What stands in quotation marks is a value.
      for (const [option] of rest.replaceAll(/"[^"]*"/g, '').matchAll(/(?<=^|\s)--[a-z][\w-]*/g))
        options.set(option, (options.get(option) ?? new Set()).add(page));
    }
  }
  return found;
}

const run = promisify(execFile);

test('every option of a command in a page is in the help of that command', async () => {
  const found = [...documented(PAGES)].filter(([, options]) => options.size > 0);
  assert.ok(found.length >= 8, `the pages have commands with options: ${found.map(([command]) => command).join(', ')}`);
  const unknown = await Promise.all(
    found.map(async ([command, options]) => {
      // The last part of a script is the command itself; what stands before it builds.
      const itself = scripts[command]?.split('&&').at(-1)?.trim();
      assert.ok(itself !== undefined, `package.json has the script ${command}`);
      const { stdout } = await run('sh', ['-c', `${itself} --help`], { timeout: LIMIT_MS });
      return [...options]
        .filter(([option]) => !new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(stdout))
        .map(([option, pages]) => `${[...pages].join(', ')}: npm run ${command} -- ${option}`);
    }),
  );
  assert.deepEqual(unknown.flat(), []);
});
