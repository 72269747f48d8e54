import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { listenError } from './listen-error.js';

const failed = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`listen ${code}`), { code });

test('a server that cannot listen names the variable that is to be changed', () => {
  for (const [code, portName, ours, message] of [
    ['EADDRINUSE', 'PORT', 'PORT_IN_USE', /^Port 80 on ::1 is in use\./],
    ['EADDRINUSE', 'METRICS_PORT', 'PORT_IN_USE', /^Port 80 on ::1, which METRICS_PORT names, is in use\./],
    ['EACCES', 'PORT', 'CONFIG_INVALID', /^PORT is 80: this user may not listen on it/],
    ['EACCES', 'METRICS_PORT', 'CONFIG_INVALID', /^METRICS_PORT is 80: this user may not listen on it/],
    ['EADDRNOTAVAIL', 'PORT', 'CONFIG_INVALID', /^HOST is "::1": this machine has no such address/],
    ['EINVAL', 'PORT', 'CONFIG_INVALID', /^HOST is "::1": this machine has no such address/],
    ['ENOTFOUND', 'PORT', 'CONFIG_INVALID', /^HOST is "::1": the name leads to no address/],
    ['EAI_AGAIN', 'PORT', 'CONFIG_INVALID', /^HOST is "::1": the name leads to no address/],
    ['EAFNOSUPPORT', 'PORT', 'CONFIG_INVALID', /^HOST is "::1": the name leads to no address/],
  ] as const) {
    const error = listenError(failed(code), { port: 80, host: '::1', portName });
    assert.ok(isTandemError(error) && error.code === ours, code);
    assert.match(error.message, message);
  }
});

test('an error that says nothing about settings stays as it is', () => {
  const error = failed('EMFILE');
  assert.equal(listenError(error, { port: 80, host: '::1', portName: 'PORT' }), error);
});
