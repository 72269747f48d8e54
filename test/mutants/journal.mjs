// Mutations: the journal. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const JOURNAL = [
  {
    name: 'the memory of a gateway does not fence the instance that lost a call',
    file: 'src/journal/memory-backend.ts',
    find: "held.epoch >= epoch) return 'fenced'",
    replace: "held.epoch > epoch) return 'fenced'",
    tests: ['src/journal/journal.test.ts'],
  },
  {
    name: 'a claim in memory does not raise the epoch',
    file: 'src/journal/memory-backend.ts',
    find: '    held.epoch++;\n',
    replace: '',
    tests: ['src/journal/journal.test.ts'],
  },
  {
    name: 'Redis does not fence the instance that lost a call',
    file: 'src/journal/redis-backend.ts',
    find: 'epoch >= mine then',
    replace: 'epoch > mine + 1 then',
    tests: ['src/journal/redis-backend.test.ts'],
    only: 'fulfils the contract of a journal backend',
  },
  {
    name: 'a claim in Redis does not raise the epoch',
    file: 'src/journal/redis-backend.ts',
    find: "'epoch', 1)",
    replace: "'epoch', 0)",
    tests: ['src/journal/redis-backend.test.ts'],
    only: 'fulfils the contract of a journal backend',
  },
  {
    name: 'an instance is not told that another one has its call',
    file: 'src/journal/journal.ts',
    find: '      onLost?.(callSid);\n',
    replace: '',
    tests: ['src/journal/journal.test.ts'],
  },
  {
    name: 'a snapshot that comes during a write is not written',
    file: 'src/journal/journal.ts',
    find: 'if (isNewer) this.toWrite(callSid, account);',
    replace: 'if (isNewer) return;',
    tests: ['src/journal/journal.test.ts'],
  },
  {
    name: 'a journal in trouble is asked four times a second',
    file: 'src/journal/journal.ts',
    find: 'Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), MAX_RETRY_MS)',
    replace: 'FIRST_RETRY_MS',
    tests: ['src/journal/journal.test.ts'],
  },
  {
    name: 'a claim waits for Redis as long as Redis takes',
    file: 'src/base/silence-budget.ts',
    find: 'journalClaimMs: 500,',
    replace: 'journalClaimMs: 5000,',
    tests: ['src/journal/journal.test.ts'],
  },
  {
    name: 'a sealed entry opens for another call',
    file: 'src/journal/seal.ts',
    find: 'Buffer.from(`${this.version}:${callSid}`)',
    replace: 'Buffer.from(`${this.version}:${callSid.slice(0, 0)}`)',
    tests: ['src/journal/seal.test.ts'],
  },
  {
    name: 'an entry sealed with the old key does not open',
    file: 'src/journal/seal.ts',
    find: 'this.keys.find((candidate) => candidate.id.equals(id))',
    replace: '[this.current].find((candidate) => candidate.id.equals(id))',
    tests: ['src/journal/seal.test.ts'],
  },
];
