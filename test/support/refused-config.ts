import assert from 'node:assert/strict';
import { isTandemError } from '../../src/base/errors.js';
import { readConfig } from '../../src/config/config.js';

/** Returns the error message for a refused environment. Fails if the environment is accepted. */
export function refusal(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(env)}`);
}
