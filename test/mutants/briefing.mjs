// Mutations: what a person is told before they get a call. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const BRIEFING = [
  {
    name: 'a voicemail gets the caller',
    file: 'src/call/transfer/briefing.ts',
    find: "if (digits === '') return 'no_key';",
    replace: "if (digits === '') return 'taken';",
    tests: ['test/briefing.test.ts'],
    only: 'a voicemail that answers',
  },
  {
    name: 'a call that is declined is joined all the same',
    file: 'src/call/transfer/briefing.ts',
    find: "return key === 'taken' ? [] :",
    replace: "return key !== 'no_key' ? [] :",
    tests: ['test/briefing.test.ts'],
    only: 'a call that is declined takes',
  },
  {
    name: 'a dial that was declined counts as dropped',
    file: 'src/call/transfer/dial.ts',
    find: "if (key === 'declined' || key === 'no_key') return key;",
    replace: '',
    tests: ['test/briefing.test.ts'],
    only: 'after a call declined with 2',
  },
  {
    name: 'a person who has talked to the caller is dialled again',
    file: 'src/call/transfer/human-transfer.ts',
    find: "const bridged = key === 'taken' ||",
    replace: "const bridged = key === 'no_key' ||",
    tests: ['test/briefing.test.ts'],
    only: 'a dial result that is lost after the call was taken',
  },
  {
    name: 'a person waits for a summary that never comes',
    file: 'src/call/transfer/human-transfer.ts',
    find: 'setTimer(LATE_SUMMARY_MS, resolve)',
    replace: 'setTimer(LATE_SUMMARY_MS * 1000, resolve)',
    tests: ['test/briefing.test.ts'],
    only: 'a summary that is late costs',
  },
  {
    name: 'a card number is read out',
    file: 'src/handover/briefing.ts',
    find: 'const MAX_DIGITS = 4;',
    replace: 'const MAX_DIGITS = 40;',
    tests: ['src/handover/briefing.test.ts'],
  },
  {
    name: 'another gateway does not know what the person is told',
    file: 'src/call/snapshot/snapshot.ts',
    find: "...optional('briefing', briefingFor(state.briefing)),",
    replace: '',
    tests: ['test/briefing-instances.test.ts'],
    only: 'the gateway that did not dial',
  },
  {
    name: 'a faked number is told who the caller is',
    file: 'lambda/connect/redeem.ts',
    find: "summary: UNVERIFIED,\n      briefing: '',",
    replace: 'summary: UNVERIFIED,',
    tests: ['lambda/connect/redeem.test.ts'],
    only: 'a caller whose digits were lost',
  },
];
