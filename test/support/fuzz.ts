import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import fc from 'fast-check';

// For tests with random input: how many inputs, from which seed, and arbitraries of input that is nearly right.

/** Maximum real time that one input may take. Far more than any needs, because the machine may be busy. */
const MAX_INPUT_MS = 5000;
/** Time after which no further inputs are tried. Short, because other tests run in real time meanwhile. */
const MAX_TEST_MS = 3000;
const RUNS = 200;
/** The seed of `npm test`, which is always the same, so that a run can be repeated. */
const SUITE_SEED = '20261130';

export interface FuzzOptions<T> {
  /** Number of inputs. `FUZZ_RUNS` multiplies it. */
  runs?: number;
  /** Inputs that once failed. They are tried first. */
  found?: readonly T[];
}

/**
 * Calls `check` with random inputs. An exception in a callback counts, too. A failure shows the input, made as small as
 * possible, and the seed: `FUZZ_SEED=… node scripts/test.mjs FILE` repeats it. `FUZZ_SEED=random` tries new inputs, and
 * `FUZZ_RUNS=20` twenty times as many.
 */
export async function fuzz<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
  { found = [], runs = RUNS }: FuzzOptions<T> = {},
): Promise<void> {
  const { FUZZ_RUNS = '1', FUZZ_SEED = SUITE_SEED } = process.env;
  const factor = Number(FUZZ_RUNS);
  const seed = FUZZ_SEED === 'random' ? randomInt(2 ** 31) : Number(FUZZ_SEED);
  // A run that is killed, because an input is never done with, shows nothing else.
  if (FUZZ_SEED === 'random') console.error(`FUZZ_SEED=${seed}`);
  let thrown: unknown;
  const onThrown = (error: unknown): void => {
    // The test runner ends the test at once and would not show the seed.
    console.error(`an exception in a callback, with FUZZ_SEED=${seed}`);
    thrown ??= error;
  };
  process.on('uncaughtException', onThrown);
  const property = fc.asyncProperty(arbitrary, async (input) => {
    thrown = undefined;
    const startedMs = performance.now();
    await check(input);
    const tookMs = performance.now() - startedMs;
    assert.equal(thrown, undefined);
    assert.ok(tookMs < MAX_INPUT_MS, `the input took ${Math.round(tookMs)} ms`);
  });
  try {
    await fc.assert(property, {
      numRuns: Math.ceil(runs * factor),
      seed,
      examples: found.map((input) => [input]),
      // For an input that is never done with.
      timeout: 2 * MAX_INPUT_MS,
      interruptAfterTimeLimit: MAX_TEST_MS * factor,
    });
  } finally {
    process.off('uncaughtException', onThrown);
  }
}

/** JSON values with the texts, numbers and nesting that a careless parser trips over. */
export const ODD_JSON: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom<unknown>(
    null,
    '',
    '0',
    0,
    -1,
    1e308,
    2 ** 53,
    0.1,
    true,
    [],
    {},
    [null],
    '__proto__',
    '\ud800',
    '٤٧',
  ),
  fc.constantFrom('a'.repeat(10_000), '.'.repeat(2000), '\u0000', 'NaN', '1e999', '{"a":', '[object Object]'),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
);

/** One of `samples` with some of its parts exchanged for other JSON, left out, or with a part that nobody expects. */
export function nearly(...samples: readonly unknown[]): fc.Arbitrary<unknown> {
  const change = fc.record({ at: fc.nat(), how: fc.constantFrom('replace', 'omit', 'add', 'swap'), value: ODD_JSON });
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 3 }))
    .map(([sample, changes]) => changes.reduce<unknown>(changed, structuredClone(sample)));
}

interface Change {
  at: number;
  how: string;
  value: unknown;
}

function changed(value: unknown, { at, how, value: shared }: Change): unknown {
  const odd = structuredClone(shared);
  const places = placesIn(value);
  const place = places[at % (places.length + 1)];
  if (place === undefined) return how === 'replace' ? odd : value;
  const { holder, key } = place;
  if (how === 'replace') holder[key] = odd;
  else if (how === 'omit') delete holder[key];
  else if (how === 'add') holder['unexpected'] = odd;
  else {
    const other = places[(at + 1) % places.length] ?? place;
    holder[key] = structuredClone(other.holder[other.key]);
  }
  return value;
}

type Holder = Record<string, unknown>;

function placesIn(value: unknown): { holder: Holder; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

/** Text of JSON that was cut, has bytes exchanged or has something before or after it. */
export function mangled(json: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(
      json.map((value) => JSON.stringify(value) ?? ''),
      fc.constantFrom('cut', 'exchange', 'double', 'none', 'none', 'none'),
      fc.nat(),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    .map(([text, how, at, odd]) => {
      const index = text.length === 0 ? 0 : at % text.length;
      if (how === 'cut') return text.slice(0, index);
      if (how === 'exchange') return text.slice(0, index) + odd + text.slice(index + 1);
      return how === 'double' ? text + text : text;
    });
}
