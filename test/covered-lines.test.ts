import assert from 'node:assert/strict';
import { test } from 'node:test';

const script = new URL('../../scripts/covered-lines.mjs', import.meta.url).href;
const { CoveredScripts, coveredLines, segmentsOf } = (await import(script)) as {
  CoveredScripts: new (folder: string) => {
    add: (text: string) => void;
    of: (path: string) => Uint8Array | undefined;
  };
  coveredLines: (code: string, map: { mappings: string }, ran: Uint8Array | undefined) => Map<number, boolean>;
  segmentsOf: (mappings: string) => { column: number; source: number }[][];
};

const FOLDER = 'file:///project/dist/';

/** What a process writes that has counted `ranges`, as [start, end, count], in one function of `path`. */
function counted(path: string, ...ranges: (readonly [start: number, end: number, count: number])[]): string {
  const listed = ranges.map(([startOffset, endOffset, count]) => ({ startOffset, endOffset, count }));
  return JSON.stringify({ result: [{ url: FOLDER + path, functions: [{ ranges: listed }] }] });
}

test('the pieces of a built script are found in its source map by line and column', () => {
  // Line 1 from line 1, at column 0 and 4; nothing for line 2; line 3 from line 3, then from line 2.
  assert.deepEqual(segmentsOf('AAAA,IAAI;;AAEA,EADA'), [
    [
      { column: 0, source: 1 },
      { column: 4, source: 1 },
    ],
    [],
    [
      { column: 0, source: 3 },
      { column: 2, source: 2 },
    ],
  ]);
});

test('a line has run if every piece of it has run in some process', () => {
  const scripts = new CoveredScripts(FOLDER);
  // 'one();' and 'two();' and 'three();', each from a line of its own.
  const code = 'one();\ntwo();\nthree();\n';
  const map = { mappings: 'AAAA;AACA;AACA' };
  assert.deepEqual(
    [...coveredLines(code, map, scripts.of('a.js'))],
    [
      [1, false],
      [2, false],
      [3, false],
    ],
  );
  scripts.add(counted('a.js', [0, 22, 1], [7, 22, 0]));
  scripts.add(counted('b.js', [0, 22, 1]));
  assert.deepEqual([...coveredLines(code, map, scripts.of('a.js')).values()], [true, false, false]);
  scripts.add(counted('a.js', [0, 22, 0], [7, 13, 2]));
  assert.deepEqual([...coveredLines(code, map, scripts.of('a.js')).values()], [true, true, false]);
});

test('a line of which only a part has run has not run', () => {
  const scripts = new CoveredScripts(FOLDER);
  const code = 'if (yes) one();\nelse two();\n';
  scripts.add(counted('a.js', [0, 28, 1], [9, 16, 0]));
  const both = { mappings: 'AAAA,SAAA;AAAA' };
  assert.deepEqual([...coveredLines(code, both, scripts.of('a.js'))], [[1, false]]);
});

test('brackets alone are no line of code, and what a killed process has half written counts nothing', () => {
  const scripts = new CoveredScripts(FOLDER);
  scripts.add(counted('a.js', [0, 9, 1]).slice(0, 40));
  assert.equal(scripts.of('a.js'), undefined);
  assert.deepEqual([...coveredLines('one(() => {\n});\n', { mappings: 'AAAA;AAEA' }, undefined).keys()], [1]);
});
