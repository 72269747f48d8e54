import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

// What `npm ci` would warn of, read from the lock file, because a test cannot install.

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): unknown => JSON.parse(readFileSync(`${root}/${name}`, 'utf8'));
const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
const { packages } = read('package-lock.json') as {
  packages: Record<string, { engines?: Record<string, string>; hasInstallScript?: boolean; optional?: boolean }>;
};

/** The least major version of Node that the project supports. */
const LEAST_NODE = 20;

/** Whether a range of Node versions, as packages write them, has the major version. Only lower bounds are looked at. */
function takes(range: string, major: number): boolean {
  return range.split('||').some((part) => {
    const [least] = /\d+/.exec(part) ?? [];
    return least === undefined || Number(least) <= major;
  });
}

test('no install script of a package is allowed to run, and each that there is has been looked at', () => {
  const names = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  assert.deepEqual([...new Set(names)].toSorted(), Object.keys(allowScripts).toSorted());
  assert.deepEqual([...new Set(Object.values(allowScripts))], [false]);
});

test('every installed package takes the oldest Node that the project supports, with npm', () => {
  const others = Object.entries(packages).filter(
    ([path, { engines = {} }]) =>
      path !== '' && (!takes(engines['node'] ?? '*', LEAST_NODE) || /[a-z]/i.test(engines['npm'] ?? '')),
  );
  assert.deepEqual(
    others.map(([path]) => path),
    [],
  );
});
