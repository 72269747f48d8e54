import assert from 'node:assert/strict';
import { test } from 'node:test';

interface Facts {
  scripts: Set<string>;
  targets: Set<string>;
  exists: (path: string) => boolean;
}
interface CheckWorkflows {
  commandProblems: (command: string, facts: Facts) => string[];
  formProblems: (file: string, text: string) => string[];
  otherProblems: (read: (file: string) => string, facts: Facts) => string[];
  versionProblems: (texts: readonly string[]) => string[];
  workflowProblems: (file: string, text: string, facts: Facts) => string[];
}
const script = new URL('../../scripts/check-workflows.mjs', import.meta.url).href;
const { commandProblems, formProblems, otherProblems, versionProblems, workflowProblems } = (await import(
  script
)) as CheckWorkflows;

const COMMIT = 'de0fac2e4500dabe0009e67214ff5f5447ce83dd';
const facts: Facts = {
  scripts: new Set(['test', 'start', 'check', 'test:unit']),
  targets: new Set(['demo']),
  exists: (path) => ['.ci/run', 'scripts/build.mjs', '.github/workflows/ci.yml', './', './src/'].includes(path),
};
const GOOD = `name: CI
on: push
permissions: {}
concurrency: ci
jobs:
  again:
    permissions:
      contents: read
    uses: ./.github/workflows/ci.yml
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@${COMMIT} # v6.0.2
        with:
          persist-credentials: false
      - env:
          NAME: \${{ github.ref_name }}
        run: npm ci && npm run check && npm test && node scripts/build.mjs && .ci/run && make demo
`;

test('a workflow that keeps the rules has no problem', () => {
  assert.deepEqual(workflowProblems('ci.yml', GOOD, facts), []);
});

for (const [what, from, to, problem] of [
  ['an action by its tag', `@${COMMIT} # v6.0.2`, '@v6', /^ci\.yml:16: "actions\/checkout@v6" is not a commit/],
  ['a commit without its version', ' # v6.0.2', '', /^ci\.yml:16: .* is not a commit with its version/],
  ['permissions of the whole workflow', 'permissions: {}', 'permissions: read-all', /^ci\.yml:3: .*permissions: \{\}/],
  [
    'a job without permissions',
    '    permissions:\n      contents: read\n    steps',
    '    steps',
    /^ci\.yml:11: job test names no/,
  ],
  [
    'a job with every permission',
    '    permissions:\n      contents: read\n    steps',
    '    permissions: write-all\n    steps',
    /has every permission/,
  ],
  ['a job that may run for ever', '    timeout-minutes: 5\n', '', /^ci\.yml:11: job test has no timeout-minutes/],
  ['a machine that changes', 'ubuntu-24.04', 'ubuntu-latest', /^ci\.yml:11: ubuntu-latest is not among/],
  ['runs that overtake each other', 'concurrency: ci\n', '', /the workflow has no concurrency/],
  [
    'a token on the disk',
    '          persist-credentials: false',
    '          fetch-depth: 0',
    /^ci\.yml:16: the checkout leaves its token/,
  ],
  [
    'a value inside a script',
    'npm ci &&',
    'echo ${{ github.ref_name }} &&',
    /^ci\.yml:21: a value is put into the script/,
  ],
  ['an event of strangers', 'on: push', 'on:\n  pull_request_target:', /pull_request_target is not used here/],
  [
    'a workflow that is not there',
    './.github/workflows/ci.yml',
    './.github/workflows/gone.yml',
    /gone\.yml does not exist/,
  ],
  ['a script that is not there', 'npm run check', 'npm run gone', /^ci\.yml:21: package\.json has no script gone/],
] as const) {
  test(`the check of workflows refuses ${what}`, () => {
    assert.ok(GOOD.includes(from));
    const problems = workflowProblems('ci.yml', GOOD.replace(from, to), facts);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', problem);
  });
}

test('a command that names a script, a file or a target that is not there is a problem, and npm itself is none', () => {
  assert.deepEqual(commandProblems('npm ci\nnpm test\nnpm start\nnpm run --silent test:unit -- src', facts), []);
  assert.deepEqual(commandProblems('npm run test:gone; node scripts/gone.mjs; .ci/gone x; make gone', facts), [
    'package.json has no script test:gone',
    'scripts/gone.mjs does not exist',
    '.ci/gone does not exist',
    'the Makefile has no target gone',
  ]);
});

test('one action at two commits is a problem, and its parts at one commit are none', () => {
  const use = (action: string, commit: string): string => `uses: ${action}@${commit} # v1.0.0\n`;
  assert.deepEqual(versionProblems([use('a/b/init', '1') + use('a/b/analyze', '1'), use('c/d', '1')]), []);
  assert.equal(versionProblems([use('a/b', '1'), use('a/b', '2')]).length, 1);
});

const FORM = `name: N
description: D
body:
  - type: markdown
    attributes: { value: Hello }
  - type: input
    id: version
    attributes: { label: Version }
`;
for (const [what, from, to, problem] of [
  ['a field of no known type', 'type: input', 'type: text', /text is no type/],
  ['a field without a label', 'label: Version', 'description: V', /the field version has no label/],
  ['a field without an id', '    id: version\n', '', /no id of its own/],
  ['a form without a description', 'description: D\n', '', /name, description and body/],
] as const) {
  test(`the check of issue forms refuses ${what}`, () => {
    assert.deepEqual(formProblems('a.yml', FORM), []);
    const problems = formProblems('a.yml', FORM.replace(from, to));
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', problem);
  });
}

test('hooks, updates and owners name only what is there, and no hook is code from elsewhere', () => {
  const files: Record<string, string> = {
    '.pre-commit-config.yaml': 'repos:\n  - repo: local\n    hooks:\n      - id: a\n        entry: npm run check\n',
    '.github/dependabot.yml': 'updates:\n  - directory: /\n',
    '.github/CODEOWNERS': '* @a\n/src/ @a\n',
  };
  const problems = (file: string, from: string, to: string): string[] =>
    otherProblems((name) => (name === file ? (files[name] ?? '').replace(from, to) : (files[name] ?? '')), facts);
  assert.deepEqual(problems('', '', ''), []);
  assert.match(
    problems('.pre-commit-config.yaml', 'run check', 'run gone').join(),
    /a: package\.json has no script gone/,
  );
  assert.match(problems('.pre-commit-config.yaml', 'local', 'https://example.com').join(), /code from elsewhere/);
  assert.match(problems('.github/dependabot.yml', '/\n', '/gone\n').join(), /there is no \/gone/);
  assert.match(problems('.github/CODEOWNERS', '/src/', '/gone/').join(), /there is no \/gone\//);
});
