import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { amzDate, parseAmzDate, parseAuthorization, requestSignature, sha256, signingKey } from '../nova/sigv4.js';
import { Ecs } from './ecs.js';
import { Functions } from './functions.js';
import type { Operation, Reply } from './operation.js';
import { Secrets } from './secrets.js';

/**
 * The parts of AWS that a deployment is made of and that no other simulator has, on one port: ECS, Lambda and Secrets Manager,
 * limited to what the doctor reads. Signatures are checked as AWS checks them (Signature Version 4).
 */
export class AwsApi {
  readonly credentials = { accessKeyId: 'AKIDSIMULATED', secretAccessKey: 'simulated/secret+key' };
  readonly region = 'us-east-1';
  readonly ecs = new Ecs();
  readonly functions = new Functions();
  readonly secrets = new Secrets();
  /** Operations that the credentials may not use, as `lambda:GetPolicy`. */
  readonly denied = new Set<string>();
  /** What the requests were, as `lambda:GetPolicy`. */
  readonly asked: string[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      void (async () => {
        const reply = await this.answer(request);
        const type = reply.service === 'lambda' ? 'application/json' : 'application/x-amz-json-1.1';
        response.writeHead(reply.status, { 'content-type': type, ...reply.headers });
        response.end(JSON.stringify(reply.body));
      })();
    });
  }

  /** Listens on a free port of this machine. Resolves with the environment that leads the SDK here. */
  async start(): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return {
      AWS_ENDPOINT_URL_ECS: url,
      AWS_ENDPOINT_URL_LAMBDA: url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async answer(request: IncomingMessage): Promise<Reply & { service: string }> {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    const signed = this.serviceOf(request, body);
    if (typeof signed !== 'string') return { ...signed, service: 'unknown' };
    const operation = this.operationOf(signed, request, body);
    if (operation === undefined) return { ...refusal(400, 'UnknownOperationException'), service: signed };
    this.asked.push(operation.name);
    if (this.denied.has(operation.name)) return { ...refusal(400, 'AccessDeniedException'), service: signed };
    return { ...(await operation.run()), service: signed };
  }

  /** The service that the request was signed for, or a refusal. */
  private serviceOf({ headers, method = '', url = '' }: IncomingMessage, body: string): string | Reply {
    const given = parseAuthorization(headers.authorization ?? '');
    if (given === undefined) return refusal(403, 'MissingAuthenticationTokenException');
    const { scope, signature, signedHeaders } = given;
    const time = String(headers['x-amz-date']);
    const date = parseAmzDate(time);
    const isInScope = date !== undefined && scope.date === amzDate(date).slice(0, 8) && scope.region === this.region;
    const required = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
    const key = signingKey(this.credentials.secretAccessKey, scope);
    const toSign = { method, path: url, headers, signedHeaders, amzDate: time, scope, payload: sha256(body) };
    const isRight =
      isInScope &&
      given.accessKeyId === this.credentials.accessKeyId &&
      required.every((name) => signedHeaders.includes(name)) &&
      requestSignature(key, toSign) === signature;
    return isRight ? scope.service : refusal(403, 'InvalidSignatureException');
  }

  private operationOf(service: string, request: IncomingMessage, body: string): Operation | undefined {
    switch (service) {
      case 'ecs':
        return this.ecs.operation(request, body);
      case 'secretsmanager':
        return this.secrets.operation(request, body);
      case 'lambda':
        return this.functions.operation(request, body);
      default:
        return undefined;
    }
  }
}

function refusal(status: number, name: string): Reply {
  return { status, body: { __type: name, message: name } };
}
