import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  amzDate,
  parseAmzDate,
  parseAuthorization,
  requestSignature,
  sha256,
  signingKey,
} from '../../sim/nova/sigv4.js';

/** What the simulated service answers: a secret, an AWS error by name, or nothing at all. */
export type SecretAnswer = { secret: string } | { error: string; status: number } | 'silence';

/** For tests of the Lambda: AWS Secrets Manager with one operation, which checks signatures as AWS does. */
export class SecretsManagerSim {
  readonly credentials = {
    accessKeyId: 'AKIDSIMULATED',
    secretAccessKey: 'simulated/secret+key',
    sessionToken: 'session+token/=',
  };
  readonly arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:tandem/pepper-AbCdEf';
  answer: SecretAnswer = { secret: '' };
  requests = 0;
  /** What was wrong with the requests. */
  readonly problems: string[] = [];
  private readonly server = createServer((request, response) => {
    void (async () => {
      this.requests++;
      const body = await bodyOf(request);
      const wrong = this.problemWith(request, body);
      if (wrong !== undefined) this.problems.push(wrong);
      const { answer } = this;
      if (answer === 'silence') return;
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (wrong !== undefined) response.writeHead(400).end('{"__type":"InvalidSignatureException"}');
      else if ('error' in answer) {
        const type = `com.amazonaws.secretsmanager#${answer.error}`;
        response.writeHead(answer.status).end(JSON.stringify({ __type: type, message: 'not shown' }));
      } else response.end(JSON.stringify({ ARN: this.arn, SecretString: answer.secret }));
    })();
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return this;
  }

  /** The environment of a Lambda that reads its pepper here. */
  get env(): Record<string, string> {
    return {
      HANDOVER_TOKEN_PEPPER_SECRET_ARN: this.arn,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: this.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
      AWS_SESSION_TOKEN: this.credentials.sessionToken,
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private problemWith({ headers, method = '', url = '' }: IncomingMessage, body: string): string | undefined {
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return 'another operation';
    if (headers['content-type'] !== 'application/x-amz-json-1.1') return 'another content type';
    if ((JSON.parse(body) as { SecretId: string }).SecretId !== this.arn) return 'another secret';
    const given = parseAuthorization(headers.authorization ?? '');
    if (given === undefined) return 'no signature';
    const { scope, signature, signedHeaders } = given;
    const time = String(headers['x-amz-date']);
    const date = parseAmzDate(time);
    if (date === undefined || scope.date !== amzDate(date).slice(0, 8)) return 'a wrong date';
    if (scope.region !== 'eu-central-1' || scope.service !== 'secretsmanager') return 'a wrong scope';
    if (headers['x-amz-security-token'] !== this.credentials.sessionToken) return 'no session token';
    const required = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
    if (!required.every((name) => signedHeaders.includes(name))) return 'a header that is not signed';
    const key = signingKey(this.credentials.secretAccessKey, scope);
    const request = { method, path: url, headers, signedHeaders, amzDate: time, scope, payload: sha256(body) };
    return requestSignature(key, request) === signature ? undefined : 'a wrong signature';
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
