// Mutations: tapes in the console. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const CONSOLE_TAPES = [
  {
    name: 'a tape is given out although no words may be shown',
    file: 'src/console/tape-downloads.ts',
    find: 'if (!this.showsTranscripts) refuse(response, WITHHELD);',
    replace: 'if (false) refuse(response, WITHHELD);',
    tests: ['test/console-tapes.test.ts'],
  },
  {
    name: 'any file in the folder of tapes is given out',
    file: 'src/tape/kept-tapes.ts',
    find: 'if (!head.startsWith(HEAD) || !head.includes(`"callSid":"${callSid}"`)) return undefined;',
    replace: '',
    tests: ['src/tape/kept-tapes.test.ts', 'test/console-tapes.test.ts'],
  },
  {
    name: 'a tape is given out under the name of another call',
    file: 'src/tape/kept-tapes.ts',
    find: ' || !head.includes(`"callSid":"${callSid}"`)',
    replace: '',
    tests: ['src/tape/kept-tapes.test.ts'],
  },
  {
    name: 'a path leads out of the folder of tapes',
    file: 'src/tape/kept-tapes.ts',
    find: '    if (!/^[A-Za-z0-9]{1,64}$/.test(callSid)) return undefined;\n',
    replace: '',
    tests: ['src/tape/kept-tapes.test.ts'],
  },
  {
    name: 'a link leads out of the folder of tapes',
    file: 'src/tape/kept-tapes.ts',
    find: ' | (constants.O_NOFOLLOW ?? 0)',
    replace: '',
    tests: ['src/tape/kept-tapes.test.ts'],
  },
  {
    name: 'readers of tapes take all the files that a process may open',
    file: 'src/console/tape-downloads.ts',
    find: 'else if (this.open >= MAX_DOWNLOADS) refuse(response, BUSY);',
    replace: 'else if (false) refuse(response, BUSY);',
    tests: ['test/console-tapes.test.ts'],
  },
  {
    name: 'nobody can tell who has had a tape',
    file: 'src/console/tape-downloads.ts',
    find: "      this.log.info({ call_sid: callSid }, 'console tape');\n",
    replace: '',
    tests: ['test/console-tapes.test.ts'],
  },
  {
    name: 'a tape of another machine is said to be here',
    file: 'src/console/tapes.ts',
    find: 'return row.tape ? { ...row, tape: (await this.tapes?.isKept(row.callSid)) === true } : row;',
    replace: 'return row;',
    tests: ['src/console/tapes.test.ts'],
  },
  {
    name: 'several tapes are scrubbed beside calls at a time',
    file: 'src/console/scrubbed-tapes.ts',
    find: "if (this.isBusy) return 'busy';",
    replace: '',
    tests: ['src/console/scrubbed-tapes.test.ts'],
  },
  {
    name: 'what the caller went through makes a difference between two runs',
    file: 'src/tape/compare.ts',
    find: 'if (isNote(m)) return undefined;',
    replace: '',
    tests: ['src/tape/compare.test.ts'],
  },
  {
    name: 'a tape is sent as fast as its reader takes it',
    file: 'src/console/tape-downloads.ts',
    find: '      if (!isFirst) await sleep(this.clock, PAUSE_MS);\n',
    replace: '',
    tests: ['src/console/tape-downloads.test.ts'],
  },
];
