// Mutations: tapes. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const TAPES = [
  {
    name: 'secrets are on a tape',
    file: 'src/tape/secrets.ts',
    find: 'if (masked.includes(secret)) masked = masked.replaceAll(secret, placeholder);',
    replace: '',
    tests: ['test/tapes.test.ts'],
    only: 'is recorded without secrets',
  },
  {
    name: 'everybody on the machine can read a tape',
    file: 'src/tape/tape-file.ts',
    find: "open(options.path, 'wx', 0o600)",
    replace: "open(options.path, 'wx')",
    tests: ['src/tape/tape-file.test.ts'],
  },
  {
    name: 'a tape waits for a slow disk without a limit',
    file: 'src/tape/tape-file.ts',
    find: 'if (this.waitingCharacters > MAX_WAITING_CHARACTERS)',
    replace: 'if (false)',
    tests: ['src/tape/tape-file.test.ts'],
  },
  {
    name: 'a replay draws ids of its own',
    file: 'src/tape/call-tape.ts',
    find: 'const value = known === undefined ? make() : (known.value as T);',
    replace: 'const value = make();',
    tests: ['test/tapes.test.ts'],
    only: 'the calls of test/tapes',
  },
  {
    name: 'a scrubbed tape keeps every word',
    file: 'sim/replay/mask.ts',
    find: 'if (this.isPublic(word)) return word;',
    replace: 'return word;',
    tests: ['sim/replay/mask.test.ts'],
  },
  {
    name: 'a scrubbed tape keeps the voices',
    file: 'sim/replay/tones.ts',
    find: 'tone[at] = Math.round(peak * Math.sin((2 * Math.PI * TONE_HZ * (at - start)) / rateHz));',
    replace: 'tone[at] = pcm[at] ?? 0;',
    tests: ['sim/replay/mask.test.ts'],
  },
  {
    name: 'a replay does not see what is missing today',
    file: 'src/tape/compare.ts',
    find: 'if ((a === undefined || b === undefined) && atMs > endMs - LATE_MS) return [];',
    replace: 'if (a === undefined || b === undefined) return [];',
    tests: ['src/tape/compare.test.ts'],
  },
];
