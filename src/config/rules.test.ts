import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { isPrivateHost } from './addresses.js';
import { readConfig } from './config.js';
import { misspeltIn } from './misspelt.js';
import { VARIABLES } from './variables.js';

const TOKEN = '0123456789abcdef'.repeat(2);
const PEPPER = 'pepper-pepper-pepper';
const PUBLIC = { TWILIO_AUTH_TOKEN: TOKEN, PUBLIC_HOST: 'voice.example.com' };
const REAL = { HANDOVER_TOKEN_PEPPER: PEPPER, CONNECT_PHONE_NUMBER: '+12065550123' };

/** Returns the error message for a refused environment: one line that shows no secret. */
function refusal(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
    assert.ok(!error.message.includes('\n'), error.message);
    for (const [name, value] of Object.entries(env)) {
      if (/TOKEN|KEY|PEPPER|REDIS_URL/.test(name)) assert.ok(!error.message.includes(value), error.message);
    }
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(env)}`);
}

describe('where handover records are', () => {
  const isLocal = (env: Record<string, string>): boolean => readConfig(env).handover.embedded;

  test('AWS credentials in the environment do not switch local mode off', () => {
    for (const name of [
      'AWS_ACCESS_KEY_ID',
      'AWS_PROFILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
    ]) {
      assert.equal(isLocal({ [name]: 'x' }), true, name);
    }
  });

  test('to name a table switches local mode off, unless USE_LOCAL_DYNAMODB says otherwise', () => {
    const named = { DYNAMODB_TABLE_NAME: 'Tokens', HANDOVER_TOKEN_PEPPER: PEPPER };
    assert.equal(isLocal(named), false);
    assert.equal(isLocal({ ...named, USE_LOCAL_DYNAMODB: 'true' }), true);
    assert.equal(isLocal({ DYNAMODB_ENDPOINT_URL: 'http://127.0.0.1:8001' }), true);
    assert.match(refusal({ DYNAMODB_TABLE_NAME: 'Tokens' }), /^HANDOVER_TOKEN_PEPPER is required/);
    assert.match(refusal({ USE_LOCAL_DYNAMODB: 'false' }), /^HANDOVER_TOKEN_PEPPER is required/);
  });

  test('with an auth token, local mode has to be said, and a start that says nothing is refused', () => {
    const message = refusal(PUBLIC);
    assert.match(message, /^USE_LOCAL_DYNAMODB is not set, .*DYNAMODB_TABLE_NAME and HANDOVER_TOKEN_PEPPER/);
    const meant = readConfig({ ...PUBLIC, ...REAL });
    assert.deepEqual([meant.handover.embedded, meant.handover.tableName], [false, 'HandoverTokens']);
    assert.deepEqual(meant.warnings, []);
    assert.match(refusal({ ...PUBLIC, USE_LOCAL_DYNAMODB: 'false' }), /^HANDOVER_TOKEN_PEPPER is required/);
    assert.equal(isLocal({ ...PUBLIC, USE_LOCAL_DYNAMODB: 'true' }), true);
  });

  test('local mode with an auth token warns of what it makes up', () => {
    const local = { ...PUBLIC, USE_LOCAL_DYNAMODB: 'true' };
    const [warning = '', ...others] = readConfig(local).warnings;
    assert.deepEqual(others, []);
    assert.match(warning, /^USE_LOCAL_DYNAMODB=true .*lost.*CONNECT_PHONE_NUMBER.*HANDOVER_TOKEN_PEPPER/);
    const own = { ...local, ...REAL, DYNAMODB_ENDPOINT_URL: 'http://127.0.0.1:8001' };
    assert.deepEqual(readConfig(own).warnings, []);
  });

  test('without an auth token and outside local mode, no number is made up, and a warning says so', () => {
    const config = readConfig({ USE_LOCAL_DYNAMODB: 'false', HANDOVER_TOKEN_PEPPER: PEPPER });
    assert.equal(config.handover.connectPhoneNumber, undefined);
    assert.match(config.warnings.join(), /^CONNECT_PHONE_NUMBER is not set/);
  });

  test('outside local mode the published pepper is refused, and the ARN for the Lambda is no pepper', () => {
    const real = { ...PUBLIC, USE_LOCAL_DYNAMODB: 'false' };
    assert.match(
      refusal({ ...real, HANDOVER_TOKEN_PEPPER: 'tandem-local-mode-only' }),
      /^HANDOVER_TOKEN_PEPPER .*published/,
    );
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:pepper-AbCdEf';
    assert.match(refusal({ ...real, HANDOVER_TOKEN_PEPPER_SECRET_ARN: arn }), /read by the Lambda only/);
  });
});

describe('what is wrong with a value', () => {
  for (const name of ['TWILIO_AUTH_TOKEN', 'OPENAI_API_KEY', 'HANDOVER_TOKEN_PEPPER', 'HUBSPOT_ACCESS_TOKEN']) {
    test(`quotation marks and a comment inside ${name} are named, and the value is not shown`, () => {
      for (const mark of ['"', "'", '`']) {
        const message = refusal({ [name]: `${mark}${TOKEN}${mark}` });
        assert.match(message, new RegExp(`^${name} has a value that cannot be used: the quotation marks`));
      }
      assert.match(refusal({ [name]: `${TOKEN} # mine` }), new RegExp(`^${name} .*: the comment is part`));
    });
  }

  test('quotation marks and a comment are named in a value that is no secret, too', () => {
    assert.match(
      refusal({ PORT: '"8000"' }),
      /^PORT is .*: the quotation marks are part of the value here; remove them/,
    );
    assert.match(refusal({ PORT: '8000 # http' }), /^PORT is .*: the comment is part of the value here; remove it/);
    assert.equal(readConfig({ ASSISTANT_PROMPT: './my #1 prompt.json' }).assistantPrompt, './my #1 prompt.json');
  });

  test('a credential that no header can carry is refused, and so is another credential in its place', () => {
    for (const value of ['two words', 'clé', 'line\nbreak']) {
      for (const name of ['TWILIO_AUTH_TOKEN', 'OPENAI_API_KEY', 'HUBSPOT_ACCESS_TOKEN'])
        assert.match(refusal({ [name]: value }), new RegExp(`^${name} has a value that cannot be used: expected`));
    }
    for (const value of [`AC${TOKEN}`, `SK${TOKEN}`, `${TOKEN},AC${TOKEN}`])
      assert.match(refusal({ TWILIO_AUTH_TOKEN: value }), /^TWILIO_AUTH_TOKEN .*not an account SID or an API key/);
    assert.match(
      refusal({ HANDOVER_TOKEN_PEPPER: 'a-pepper-with\na line break' }),
      /^HANDOVER_TOKEN_PEPPER .*one line/,
    );
  });

  test('a credential of an unusual form is accepted with a warning that does not show it', () => {
    const { warnings } = readConfig({ ...PUBLIC, ...REAL, TWILIO_AUTH_TOKEN: 'short' });
    assert.match(warnings.join(), /^TWILIO_AUTH_TOKEN has a value that is not 32 hexadecimal digits/);
    assert.ok(!warnings.join().includes('short'));
    const openai = { VOICE_PROVIDER: 'openai', OPENAI_API_KEY: 'my-key' };
    assert.match(readConfig(openai).warnings.join(), /^OPENAI_API_KEY does not begin with sk-/);
    assert.deepEqual(readConfig({ ...openai, OPENAI_API_KEY: 'sk-proj-1' }).warnings, []);
    assert.deepEqual(readConfig({ ...openai, OPENAI_BASE_URL: 'http://127.0.0.1:8790/v1' }).warnings, []);
  });

  test('a pepper with spaces and a line end around it is the same pepper', () => {
    assert.equal(readConfig({ HANDOVER_TOKEN_PEPPER: ` ${PEPPER}\r\n` }).handover.pepper, PEPPER);
  });

  test('a number of our own cannot be the number of Amazon Connect', () => {
    const message = refusal({ CONNECT_PHONE_NUMBER: '+12065550100', TWILIO_PHONE_NUMBER: '+12065550100' });
    assert.match(message, /^CONNECT_PHONE_NUMBER is the same number as TWILIO_PHONE_NUMBER/);
  });

  test('true and false may be spelled in the usual ways', () => {
    for (const value of ['true', 'TRUE', 'True', '1', 'yes', 'YES', 'on', ' on '])
      assert.equal(readConfig({ USE_PIPECAT: value }).pipeline, true, value);
    for (const value of ['false', 'FALSE', 'False', '0', 'no', 'off', 'Off'])
      assert.equal(readConfig({ USE_PIPECAT: value }).pipeline, false, value);
  });
});

describe('what the public host means', () => {
  test('a gateway without signatures behind a public name warns, although it listens for this machine only', () => {
    for (const host of ['abc.ngrok.app', 'voice.example.com:8443', '203.0.113.7', '[2001:db8::1]:443']) {
      const { warnings } = readConfig({ PUBLIC_HOST: host });
      assert.equal(warnings.length, 1, host);
      assert.match(warnings[0] ?? '', /^PUBLIC_HOST is .*TWILIO_AUTH_TOKEN is not set, so anyone .* can place calls/);
    }
    for (const host of ['localhost:8000', '127.0.0.1:8000', '10.0.0.7', 'gateway'])
      assert.deepEqual(readConfig({ PUBLIC_HOST: host }).warnings, [], host);
  });

  test('with an auth token, a public host that is missing or private warns', () => {
    for (const [host, what] of [
      ['', /^PUBLIC_HOST is not set, so Twilio cannot reach/],
      ['192.168.1.20', /^PUBLIC_HOST is 192\.168\.1\.20, which is private/],
      ['gateway.internal:443', /^PUBLIC_HOST is gateway\.internal:443, which is private/],
    ] as const) {
      const { warnings } = readConfig({ ...PUBLIC, ...REAL, PUBLIC_HOST: host });
      assert.equal(warnings.length, 1, host);
      assert.match(warnings[0] ?? '', what);
    }
  });

  test('the private hosts are those of private networks and of this machine', () => {
    for (const host of [
      'localhost',
      'localhost:8000',
      '127.9.9.9',
      '10.1.2.3:80',
      '172.16.0.1',
      '172.31.255.1',
      '192.168.0.1',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '[::1]:8000',
      '[fd00::1]',
      '[fe80::1]',
      'gateway',
      'nas.local',
      'a.b.internal',
    ])
      assert.equal(isPrivateHost(host), true, host);
    for (const host of ['172.32.0.1', '100.128.0.1', '11.0.0.1', '[2001:db8::1]', 'local.example.com', 'example.com'])
      assert.equal(isPrivateHost(host), false, host);
  });
});

describe('a variable that nothing reads', () => {
  const known = Object.values(VARIABLES).flatMap((group) => Object.keys(group));
  const nearest = (name: string, others: Record<string, string> = {}): string | undefined =>
    misspeltIn({ [name]: 'x', ...others }, known)[0]?.nearest;

  test('a misspelt setting is recognised by its nearest name', () => {
    for (const [name, meant] of [
      ['TWILIO_AUTHTOKEN', 'TWILIO_AUTH_TOKEN'],
      ['TWILLIO_ACOUNT_SID', 'TWILIO_ACCOUNT_SID'],
      ['TWILIO_TOKEN', 'TWILIO_AUTH_TOKEN'],
      ['OPENAI_KEY', 'OPENAI_API_KEY'],
      ['OPENAI_APIKEY', 'OPENAI_API_KEY'],
      ['VOICE_PROVDIER', 'VOICE_PROVIDER'],
      ['voice_provider', 'VOICE_PROVIDER'],
      ['REDIS_URI', 'REDIS_URL'],
      ['HANDOVER_TOKEN_PEPER', 'HANDOVER_TOKEN_PEPPER'],
      ['CONNECT_NUMBER', 'CONNECT_PHONE_NUMBER'],
    ] as const)
      assert.equal(nearest(name), meant, name);
  });

  test('variables of a machine, of the AWS SDK and of other commands are not taken for misspelt settings', () => {
    for (const name of [
      'HOME',
      'PATH',
      'HOSTNAME',
      'SHELL',
      'NODE_ENV',
      'LANGUAGE',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_PROFILE',
      'AWS_SECRET_ACCESS_KEY',
      'REDIS_PORT',
      'npm_config_user_agent',
      'SSH_AUTH_SOCK',
    ])
      assert.equal(nearest(name), undefined, name);
    assert.equal(nearest('OPENAI_KEY', { OPENAI_API_KEY: 'sk-1' }), undefined);
    const arn = { HANDOVER_TOKEN_PEPPER_SECRET_ARN: 'x', EVALS_MODEL: 'x' };
    assert.deepEqual(readConfig(arn).warnings, []);
  });

  test('a misspelt setting is a warning without its value', () => {
    const { warnings } = readConfig({ TWILIO_AUTHTOKEN: TOKEN });
    assert.deepEqual(warnings, [
      'TWILIO_AUTHTOKEN is not a setting of the gateway and is not read. Is TWILIO_AUTH_TOKEN meant?',
    ]);
  });
});
