// Mutations: GPT-Live, a model without events of speech and turns. Part of the list in test/mutants.mjs.

const HERE = 'src/voice/openai-live';

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const LIVE = [
  {
    name: 'a caller who speaks right after GPT-Live has interrupted it',
    file: `${HERE}/floor.ts`,
    find: ' || this.overlapMs < OVERLAP_MS) return;',
    replace: ') return;',
    tests: [`${HERE}/floor.test.ts`],
  },
  {
    name: 'a line that carries nothing starves GPT-Live',
    file: `${HERE}/caller-line.ts`,
    find: 'this.queue.push(SILENCE, SILENCE_BYTES.length);',
    replace: '',
    tests: [`${HERE}/caller-line.test.ts`],
  },
  {
    name: 'audio that was held puts GPT-Live behind for good',
    file: `${HERE}/caller-line.ts`,
    find: 'if (!ear.isSpeaking && this.aheadMs(state) > MAX_AHEAD_MS) return;',
    replace: '',
    tests: [`${HERE}/caller-line.test.ts`],
  },
  {
    name: 'GPT-Live continues before its backend has all results',
    file: `${HERE}/backend.ts`,
    find: '    if (this.isRunning) return;\n    const { outputs',
    replace: '    const { outputs',
    tests: [`${HERE}/backend.test.ts`],
  },
  {
    name: 'a stream of GPT-Live that stops in a sentence is a whole answer',
    file: `${HERE}/model-speech.ts`,
    find: "this.end(isCut ? 'incomplete' : undefined);",
    replace: 'this.end();',
    tests: [`${HERE}/model-speech.test.ts`],
  },
  {
    name: 'a GPT-Live that owes an answer is not reminded',
    file: `${HERE}/dialogue.ts`,
    find: 'if (!this.speech.isSounding) this.reminder.expect();',
    replace: '',
    tests: [`${HERE}/session.test.ts`],
  },
  {
    name: 'a tool of GPT-Live runs before the words that led to it are known',
    file: `${HERE}/dialogue.ts`,
    find: '        this.words.finish();\n',
    replace: '',
    tests: [`${HERE}/session.test.ts`],
  },
  {
    name: 'GPT-Live is told something before it has agreed to the settings',
    file: `${HERE}/session.ts`,
    find: 'else if (!this.isOver()) this.early.push(action);',
    replace: '',
    tests: [`${HERE}/session.test.ts`],
  },
];
