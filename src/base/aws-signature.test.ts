import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signedHeaders } from './aws-signature.js';

/** The key, time and scope of the examples that AWS publishes for Signature Version 4 (aws-sig-v4-test-suite). */
const EXAMPLE = {
  method: 'GET',
  body: '',
  region: 'us-east-1',
  service: 'service',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  date: new Date('2015-08-30T12:36:00Z'),
};

test('the signature of a request is that of the examples that AWS publishes', () => {
  for (const [url, signature] of [
    ['https://example.amazonaws.com/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'https://example.amazonaws.com/?Param2=value2&Param1=value1',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
  ] as const) {
    assert.deepEqual(signedHeaders({ ...EXAMPLE, url: new URL(url) }), {
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    });
  }
});

test('a session token is a signed header of its own', () => {
  const credentials = { ...EXAMPLE.credentials, sessionToken: 'token' };
  const headers = signedHeaders({ ...EXAMPLE, url: new URL('https://example.amazonaws.com/'), credentials });
  assert.equal(headers['x-amz-security-token'], 'token');
  assert.match(headers['authorization'] ?? '', /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
});
