import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { type DotEnv, loadDotEnv } from './dot-env.js';

const folder = mkdtempSync(join(tmpdir(), 'tandem-dot-env-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

/** Loads a file with `text` into `env`. */
function load(text: string, env: Record<string, string | undefined> = {}): DotEnv | undefined {
  const file = `${files++}.env`;
  writeFileSync(join(folder, file), text);
  env['ENV_FILE'] = file;
  return loadDotEnv(env, folder);
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
    return error.message;
  }
  return assert.fail('accepted');
}

test('quotation marks, comments, blank lines, CRLF and a byte order mark of a settings file are no part of values', () => {
  const env: Record<string, string | undefined> = {};
  const text = [
    '\ufeffA=1',
    'B="two words"',
    "C='x # y'",
    'D=value # a comment',
    '# a line of comment',
    '',
    'export E=5',
    'F=',
    'G=last',
  ].join('\r\n');
  assert.deepEqual(load(text, env)?.names, ['A', 'B', 'C', 'D', 'E', 'F', 'G']);
  const { ENV_FILE: _file, ...values } = env;
  assert.deepEqual(values, { A: '1', B: 'two words', C: 'x # y', D: 'value', E: '5', F: '', G: 'last' });
});

test('what the environment says wins over a settings file, even if it is empty', () => {
  const env: Record<string, string | undefined> = { PORT: '9000', HOST: '' };
  const read = load('PORT=8000\nHOST=::1\nLOG_LEVEL=debug\n', env);
  assert.deepEqual([env['PORT'], env['HOST'], env['LOG_LEVEL']], ['9000', '', 'debug']);
  assert.deepEqual([read?.names, read?.kept], [['LOG_LEVEL'], ['HOST', 'PORT']]);
});

test('the sentence about a settings file has every name and no value', () => {
  const read = load('OPENAI_API_KEY=sk-hunter2\nPORT=8000\nNODE_EXTRA_CA_CERTS=ca.pem\n', { PORT: '9000' });
  const { file = '', sentence = '' } = read ?? {};
  assert.equal(
    sentence,
    `${file} was read: NODE_EXTRA_CA_CERTS, OPENAI_API_KEY. The environment has its own PORT, which counts. NODE_EXTRA_CA_CERTS has no effect in a file; set it in the environment.`,
  );
});

test('.env is read by default, a missing one is no error, and ENV_FILE=none reads nothing', () => {
  const home = join(folder, 'home');
  mkdirSync(home);
  assert.equal(loadDotEnv({}, home), undefined);
  writeFileSync(join(home, '.env'), 'A=1\n');
  assert.deepEqual(loadDotEnv({}, home)?.names, ['A']);
  const env = { ENV_FILE: 'none' };
  assert.equal(loadDotEnv(env, home), undefined);
  assert.deepEqual(env, { ENV_FILE: 'none' });
});

test('a settings file that cannot be read is named, and so is one that ENV_FILE names and that is missing', () => {
  const home = join(folder, 'blocked');
  mkdirSync(join(home, '.env'), { recursive: true });
  assert.match(
    refusal(() => loadDotEnv({}, home)),
    /^\.env cannot be read \(EISDIR\)\./,
  );
  assert.match(
    refusal(() => loadDotEnv({ ENV_FILE: 'other.env' }, home)),
    /^ENV_FILE is other\.env, which cannot be read \(ENOENT\)\./,
  );
});

test('a value in quotation marks has its own spaces, comment signs, other quotation marks and lines', () => {
  const env: Record<string, string | undefined> = {};
  load(
    [
      'A="say \'hi\'" # a comment',
      'B=\'say "hi"\'',
      'C=`it\'s "that"`',
      'D=" # "',
      'E="one',
      '# two',
      'three"',
      "F='a\\nb'",
      'G="a\\nb"',
      'H=""',
      'I=a"b"#c',
      'J = == ',
      'A=',
      'K=last',
    ].join('\r\n'),
    env,
  );
  const { ENV_FILE: _file, ...values } = env;
  assert.deepEqual(values, {
    A: '',
    B: 'say "hi"',
    C: 'it\'s "that"',
    D: ' # ',
    E: 'one\n# two\nthree',
    F: 'a\\nb',
    G: 'a\nb',
    H: '',
    I: 'a"b"',
    J: '==',
    K: 'last',
  });
});

test('a line of a settings file that is no setting is named by its number and not shown', () => {
  for (const [text, what] of [
    ['A=1\nsk-hunter2\nB=2\n', 'a line that is not NAME=value (line 2)'],
    ['A=1\n\n# note\nTWILIO_AUTH_TOKEN hunter2\nB=2\n', 'a line that is not NAME=value (line 4)'],
    ['two words=hunter2\n', 'a line that is not NAME=value (line 1)'],
    ['A=1\nhunter2', 'a line that is not NAME=value (line 2)'],
    ['A="one\ntwo"\n=hunter2\nB=2\n', 'a line that is not NAME=value (line 3)'],
    ['A=1\rsk-hunter2\r', 'a line that is not NAME=value (line 2)'],
    ['A=1\nB="hunter2\nC=3\n', 'a quotation mark that is never closed (line 2)'],
    ['A=1\nB="hunter2\nC="3"\n', 'text after a closing quotation mark (line 2)'],
    ["A='1' hunter2\n", 'text after a closing quotation mark (line 1)'],
  ] as const) {
    const message = refusal(() => load(text));
    assert.ok(message.includes(` has ${what}.`), message);
    assert.ok(!message.includes('hunter2'), message);
  }
});
