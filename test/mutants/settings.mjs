// Mutations: the settings. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const SETTINGS = [
  {
    name: 'a gateway with an auth token chooses local mode by itself',
    file: 'src/config/config.ts',
    find: '(!signed && values.DYNAMODB_TABLE_NAME === undefined)',
    replace: 'values.DYNAMODB_TABLE_NAME === undefined',
    tests: ['src/config/rules.test.ts'],
  },
  {
    name: 'the Lambda does not trim a pepper from Secrets Manager',
    file: 'src/handover/shared-settings.ts',
    find: 'const value = text.trim();',
    replace: 'const value = text;',
    tests: ['lambda/connect/pepper.test.ts'],
  },
  {
    name: 'a settings file wins over the environment',
    file: 'src/process/dot-env.ts',
    find: 'const added = given.filter(([name]) => env[name] === undefined);',
    replace: 'const added = given;',
    tests: ['src/process/dot-env.test.ts'],
  },
  {
    name: 'a line of a settings file that is no setting is left out',
    file: 'src/process/parse-dot-env.ts',
    find: "if (name === undefined) throw refused('a line that is not NAME=value');",
    replace: 'if (name === undefined) continue;',
    tests: ['src/process/dot-env.test.ts'],
  },
  {
    name: 'a stopping gateway keeps its connections',
    file: 'src/edge/in-flight-requests.ts',
    find: "if (!response.headersSent) response.setHeader('connection', 'close');",
    replace: '',
    tests: ['src/edge/in-flight-requests.test.ts'],
  },
  {
    name: 'a gateway does not notice that npm has died',
    file: 'src/process/signals.ts',
    find: 'if (process.ppid === parent) return;',
    replace: 'return;',
    tests: ['src/process/signals.test.ts'],
  },
];
