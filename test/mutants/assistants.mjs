// Mutations: another assistant in the same call. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const ASSISTANTS = [
  {
    name: 'the next assistant speaks while the one before is still heard',
    file: 'src/voice/continuity/passing.ts',
    find: 'if (isPlaying) this.quietSinceMs = nowMs;',
    replace: '',
    tests: ['src/voice/continuity/passing.test.ts'],
    only: 'speaks once the caller has heard',
  },
  {
    name: 'a line that never ends keeps the caller from the next assistant',
    file: 'src/voice/continuity/passing.ts',
    find: 'if (isCallerSpeaking || nowMs - this.startedMs >= SILENCE_BUDGET.passHeardMs) return true;',
    replace: 'if (isCallerSpeaking) return true;',
    tests: ['src/voice/continuity/passing.test.ts'],
    only: 'eight seconds at most',
  },
  {
    name: 'what the caller says while the next assistant is being reached goes to the one before',
    file: 'src/voice/continuity/succession.ts',
    find: "state.next.session.sendAudio(chunk);\n        return;\n      case 'live':",
    replace: "state.supervised.session.sendAudio(chunk);\n        return;\n      case 'live':",
    tests: ['src/voice/continuity/passing.test.ts'],
    only: 'heard by that one alone',
  },
  {
    name: 'the assistant that keeps the caller has not heard what was said meanwhile',
    file: 'src/voice/continuity/other-assistant.ts',
    find: '      owner.onHandedOver(state.supervised);\n',
    replace: '',
    tests: ['src/voice/continuity/passing.test.ts'],
    only: 'given up after four seconds',
  },
  {
    name: 'an assistant that does not answer is waited for without an end',
    file: 'src/voice/continuity/other-assistant.ts',
    find: "wanted.limit(() => this.keepThisOne('unreachable'));",
    replace: '',
    tests: ['src/voice/continuity/passing.test.ts'],
    only: 'given up after four seconds',
  },
  {
    name: 'a caller can be sent in circles without an end',
    file: 'src/call/stream/assistant-switch.ts',
    find: 'if (call.chosen.changes >= MAX_CHANGES)',
    replace: 'if (false)',
    tests: ['test/passing-on.test.ts'],
    only: 'sent in circles',
  },
  {
    name: 'another instance does not know which assistant the caller was passed to',
    file: 'src/call/snapshot/checkpointer.ts',
    find: '...(call.chosen.changes === 0 ? {} : { chosen: call.chosen }),',
    replace: '',
    tests: ['test/passing-on-takeover.test.ts'],
    only: 'goes on with the other assistant',
  },
  {
    name: 'the phrases that ask for a human stay those of the assistant before',
    file: 'src/call/stream/assistant-switch.ts',
    find: 'escalationWatch.listenFor(language);',
    replace: '',
    tests: ['test/passing-on.test.ts'],
    only: 'phrases, lines, tools, queue and language',
  },
];
