import '../../process/aws-node-version.js';
import { ConnectClient } from '@aws-sdk/client-connect';
import { type AwsCredentials, signedHeaders } from '../../base/aws-signature.js';
import type { Clock } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { ask, isUnreached, member } from '../ask.js';

export interface AwsOptions {
  region: string;
  /** May name another endpoint of a service, as the AWS SDK reads it: `AWS_ENDPOINT_URL_LAMBDA` and so on. */
  env: Environment;
  clock: Clock;
  signal: AbortSignal;
}

export interface AwsRequest {
  service: 'ecs' | 'lambda' | 'secretsmanager';
  /** The operation, for a service that is asked by JSON in one place. */
  target?: string;
  /** The path and query, for a service with a path for each operation. */
  path?: string;
  /** Without one the request is a GET. */
  body?: unknown;
}

/** What AWS answered. `refused` is the name of its error, or why it could not be asked. */
export type AwsAnswer =
  { body: unknown; failed: boolean } | { refused: string; kind: 'access' | 'missing' | 'unreachable' | 'other' };

const ENDPOINTS = {
  ecs: 'AWS_ENDPOINT_URL_ECS',
  lambda: 'AWS_ENDPOINT_URL_LAMBDA',
  secretsmanager: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
} as const;

/** Puts signed questions to services of AWS whose client of the SDK is not a dependency. */
export class Aws {
  private readonly options: AwsOptions;
  private credentials: Promise<AwsCredentials> | undefined;

  constructor(options: AwsOptions) {
    this.options = options;
  }

  get region(): string {
    return this.options.region;
  }

  /** Never rejects. */
  async ask({ body, path = '/', service, target }: AwsRequest): Promise<AwsAnswer> {
    const { clock, env, region, signal } = this.options;
    let credentials: AwsCredentials;
    try {
      credentials = await (this.credentials ??= findCredentials(region));
    } catch {
      return { refused: 'no AWS credentials', kind: 'access' };
    }
    const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
    const url = new URL(path, env[ENDPOINTS[service]] ?? `https://${service}.${region}.${suffix}`);
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = signedHeaders({
      method: body === undefined ? 'GET' : 'POST',
      url,
      headers: {
        'content-type': target === undefined ? 'application/json' : 'application/x-amz-json-1.1',
        ...(target === undefined ? {} : { 'x-amz-target': target }),
      },
      body: text,
      region,
      service,
      credentials,
      date: new Date(clock.epochMs()),
    });
    const answer = await ask(url.href, { headers, signal, ...(body === undefined ? {} : { text }) });
    if (isUnreached(answer)) return { refused: answer.why, kind: 'unreachable' };
    const { status } = answer;
    if (status === 200) return { body: answer.body, failed: answer.headers.has('x-amz-function-error') };
    const type = answer.headers.get('x-amzn-errortype') ?? member(answer.body, '__type');
    const refused = errorName(type) ?? `HTTP ${status}`;
    return { refused, kind: kindOf(refused, status) };
  }
}

/** Finds them as every client of the SDK does. */
async function findCredentials(region: string): Promise<AwsCredentials> {
  const client = new ConnectClient({ region });
  try {
    return await client.config.credentials();
  } finally {
    client.destroy();
  }
}

/** Only what can be a name is shown, because the answer chose it. */
function errorName(type: unknown): string | undefined {
  const name = typeof type === 'string' ? type.split(':', 1)[0]?.split('#').at(-1) : undefined;
  return name !== undefined && /^[A-Z]\w{0,80}$/.test(name) ? name : undefined;
}

const NO_ACCESS =
  /^(AccessDenied|AccessDeniedException|ExpiredToken|ExpiredTokenException|IncompleteSignature|InvalidClientTokenId|InvalidSignatureException|MissingAuthenticationTokenException|UnrecognizedClientException)$/;

function kindOf(name: string, status: number): 'access' | 'missing' | 'unreachable' | 'other' {
  if (NO_ACCESS.test(name) || status === 401 || status === 403) return 'access';
  if (/NotFound/.test(name) || status === 404) return 'missing';
  return status >= 500 || /Throttl|TooManyRequests/.test(name) ? 'unreachable' : 'other';
}
