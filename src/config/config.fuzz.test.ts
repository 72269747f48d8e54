import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzz } from '../../test/support/fuzz.js';
import { isTandemError } from '../base/errors.js';
import { readConfig } from './config.js';
import { VARIABLES } from './variables.js';
import type { Variable } from './variables/variable.js';

const SETTINGS: readonly [string, Variable][] = Object.values(VARIABLES).flatMap((group) => Object.entries(group));
const NAMES = SETTINGS.map(([name]) => name);
const SECRETS = SETTINGS.filter(([, { secret }]) => secret).map(([name]) => name);

const VALUE = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '0',
    '-1',
    '1e3',
    '0x10',
    '٤',
    'NaN',
    'Infinity',
    '9'.repeat(400),
    'true',
    'TRUE',
    'yes',
    ',',
    ',,',
    '=',
    'a=b',
    '{}',
    'openai',
    'openai,nova',
    'nova=5',
    'local',
    'http://localhost:1',
    'https://user:password@host/?a=b',
    'redis://h',
    'redis://:pw@',
    '+12065550100',
    'anonymous',
    '::',
    '0.0.0.0',
    'gateway.example.com',
    'gateway.example.com:443',
    'us-east-1',
    '\ufeff8000',
    '(a+)+$',
    'a'.repeat(50_000),
    '/'.repeat(50_000),
    '\u0000',
    '\ud800',
    'billing=arn:aws:connect:us-east-1:1:instance/i/queue/q',
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
);
const SECRET = fc.stringMatching(/^secret[!-~]{0,30}$/);
const ENVIRONMENT = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...NAMES), VALUE, { maxKeys: 6 }),
    fc.dictionary(fc.constantFrom(...SECRETS), SECRET, { maxKeys: 2 }),
  )
  .map(([settings, secrets]) => ({ ...settings, ...secrets }));

test('any settings are read, or refused with CONFIG_INVALID that names a variable and shows no secret', () =>
  fuzz(
    ENVIRONMENT,
    (env: Readonly<Record<string, string>>) => {
      try {
        const { drainSeconds, maxStallMs, port, voiceProviders } = readConfig(env);
        assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535);
        assert.ok(voiceProviders.length > 0 && voiceProviders.every((name) => name !== ''));
        for (const value of [drainSeconds, maxStallMs]) assert.ok(Number.isFinite(value) && value >= 0);
      } catch (error) {
        assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
        assert.ok(
          NAMES.some((name) => error.message.includes(name)),
          error.message,
        );
        for (const name of SECRETS) {
          const value = env[name] ?? '';
          // Other values may be part of a sentence, such as the form of a URL.
          if (value.startsWith('secret') && value.length > 8)
            assert.ok(!error.message.includes(value), `${name} is shown`);
        }
        assert.ok(error.message.length < 2000, `${error.message.length} characters`);
      }
    },
    { runs: 500, found: [{ AFTER_FAILED_DIAL: '/'.repeat(50_000) }] },
  ));
