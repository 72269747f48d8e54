import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { novaError } from './failure.js';

function codeOf(name: string, message = '', extra: object = {}): string {
  return novaError(Object.assign(new Error(message), { name }, extra)).code;
}

describe('failures of Nova', () => {
  it('a Nova error is classified by its name', () => {
    assert.equal(codeOf('AccessDeniedException'), 'VOICE_REFUSED');
    assert.equal(codeOf('UnrecognizedClientException'), 'VOICE_REFUSED');
    assert.equal(codeOf('CredentialsProviderError'), 'VOICE_REFUSED');
    assert.equal(codeOf('ResourceNotFoundException'), 'VOICE_REFUSED');
    assert.equal(codeOf('ThrottlingException'), 'VOICE_THROTTLED');
    assert.equal(codeOf('ServiceQuotaExceededException'), 'VOICE_THROTTLED');
    assert.equal(codeOf('ModelTimeoutException', 'Model has timed out in processing the request'), 'VOICE_EXPIRED');
    assert.equal(codeOf('InternalServerException'), 'VOICE_FAILED');
    assert.equal(codeOf('ServiceUnavailableException'), 'VOICE_FAILED');
    assert.equal(codeOf('ModelStreamErrorException'), 'VOICE_FAILED');
    assert.equal(codeOf('ValidationException', 'Invalid input request', { $fault: 'client' }), 'VOICE_PROTOCOL');
    assert.equal(codeOf('SomethingNewException', '', { $fault: 'client' }), 'VOICE_PROTOCOL');
    assert.equal(codeOf('SomethingNewException', '', { $fault: 'server' }), 'VOICE_FAILED');
  });

  it('a Nova error is classified by its message if its name has many causes', () => {
    const validation = (message: string): string => codeOf('ValidationException', message, { $fault: 'client' });
    assert.equal(validation('System instability detected. Please retry your request.'), 'VOICE_FAILED');
    assert.equal(validation('RST_STREAM closed stream. HTTP/2 error code: NO_ERROR'), 'VOICE_FAILED');
    assert.equal(validation('The text has been blocked by our content filters.'), 'VOICE_BLOCKED');
    assert.equal(
      validation(
        'Timed out waiting for audio bytes or interactive content. Please ensure gaps are less than 55 seconds',
      ),
      'VOICE_STALLED',
    );
  });

  it('a Nova error whose answer named no type is named by the status of the answer', () => {
    const named = (status: number, name: string, extra: object = {}): string[] => {
      const metadata = { $metadata: { httpStatusCode: status } };
      const { code, message } = novaError(Object.assign(new Error('<html>'), { name, ...metadata, ...extra }));
      return [code, /\(.*\)/.exec(message)?.[0] ?? ''];
    };
    const client = { $fault: 'client' };
    assert.deepEqual(named(429, 'Unknown', client), ['VOICE_THROTTLED', '(HTTP status 429)']);
    assert.deepEqual(named(302, 'Unknown', client), ['VOICE_UNREACHABLE', '(HTTP status 302)']);
    assert.deepEqual(named(500, 'SyntaxError'), ['VOICE_FAILED', '(HTTP status 500)']);
    assert.deepEqual(named(404, 'UnknownError', client), ['VOICE_REFUSED', '(HTTP status 404)']);
    assert.deepEqual(named(400, 'SomethingNewException', client), ['VOICE_PROTOCOL', '(SomethingNewException)']);
    // A stream that breaks has the status of its head.
    assert.deepEqual(named(200, 'Error'), ['VOICE_UNREACHABLE', '(Error)']);
  });

  it('credentials that Nova refuses in a session have ended, so that a new session is worth a try', () => {
    const codes = (name: string, message = ''): string[] => {
      const error = Object.assign(new Error(message), { name, $fault: 'client' });
      return [novaError(error).code, novaError(error, { inSession: true }).code];
    };
    assert.deepEqual(codes('ExpiredTokenException'), ['VOICE_REFUSED', 'VOICE_EXPIRED']);
    assert.deepEqual(codes('ValidationException', 'The security token included in the request is expired'), [
      'VOICE_REFUSED',
      'VOICE_EXPIRED',
    ]);
    assert.deepEqual(codes('ValidationException'), ['VOICE_PROTOCOL', 'VOICE_PROTOCOL']);
  });

  it('a Nova error without a cause from the service counts as unreachable', () => {
    assert.equal(codeOf('Error', 'HTTP/2 stream is abnormally aborted in mid-communication'), 'VOICE_UNREACHABLE');
    assert.equal(codeOf('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' }), 'VOICE_UNREACHABLE');
    assert.equal(novaError('not an error').code, 'VOICE_UNREACHABLE');
  });

  it('a Nova error does not contain the message of the service', () => {
    const error = novaError(
      Object.assign(new Error('Invalid input: "my card is 4711"'), { name: 'ValidationException', $fault: 'client' }),
    );
    assert.match(error.message, /ValidationException/);
    assert.doesNotMatch(error.message, /4711|card/);
    assert.equal(error.cause, undefined);
    const named = novaError(Object.assign(new Error(''), { name: 'my card is 4711' }));
    assert.doesNotMatch(named.message, /4711/);
  });
});
