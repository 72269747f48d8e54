import { signedHeaders } from '../../src/base/aws-signature.js';
import { readBounded } from '../../src/base/bounded-body.js';
import type { Clock } from '../../src/base/clock.js';
import { type Environment, settingOf } from '../../src/base/environment.js';
import { TandemError } from '../../src/base/errors.js';

// One signed request to AWS Secrets Manager. The SDK's client would be half as large as the rest of the Lambda.

const ARN = /^arn:(aws[a-z-]*):secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+$/;
const TARGET = 'secretsmanager.GetSecretValue';
/** A secret has at most 64 KiB. */
const MAX_ANSWER_BYTES = 128 * 1024;

interface Request {
  arn: string;
  /** Holds the credentials that AWS sets for a Lambda, and may name another endpoint. */
  env: Environment;
  clock: Clock;
  limitMs: number;
}

/**
 * Resolves with the secret's string (Secrets Manager: GetSecretValue).
 * @throws TandemError PEPPER_UNREADABLE with the reason, without any part of the secret
 */
export async function readSecret({ arn, clock, env, limitMs }: Request): Promise<string> {
  const [, partition, region] = ARN.exec(arn) ?? [];
  if (partition === undefined || region === undefined) {
    throw unreadable('HANDOVER_TOKEN_PEPPER_SECRET_ARN is not the ARN of a secret');
  }
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint = settingOf(env, 'AWS_ENDPOINT_URL_SECRETS_MANAGER') ?? `https://secretsmanager.${region}.${suffix}`;
  const url = new URL('/', endpoint);
  const body = JSON.stringify({ SecretId: arn });
  const limit = new AbortController();
  const timer = clock.setTimer(limitMs, () => limit.abort());
  try {
    const headers = signed({ url, body, region, env, date: new Date(clock.epochMs()) });
    const response = await fetch(url, { method: 'POST', headers, body, signal: limit.signal });
    const answer = fieldsOf(await readBounded(response, MAX_ANSWER_BYTES));
    if (!response.ok) throw unreadable(`Secrets Manager refused with ${errorName(answer['__type'], response.status)}`);
    const { SecretString: secret } = answer;
    if (typeof secret !== 'string') throw unreadable('the secret has no text');
    return secret;
  } catch (error) {
    if (error instanceof TandemError) throw error;
    const code: unknown = limit.signal.aborted ? 'timeout' : ((error as Error).cause as NodeJS.ErrnoException)?.code;
    throw unreadable(`Secrets Manager gave no answer (${typeof code === 'string' ? code : 'unknown error'})`, error);
  } finally {
    timer.cancel();
  }
}

export function unreadable(why: string, cause?: unknown): TandemError {
  return new TandemError('PEPPER_UNREADABLE', `The pepper cannot be read: ${why}.`, { cause });
}

/** Signs with the credentials that AWS sets for a Lambda. */
function signed(request: { url: URL; body: string; region: string; env: Environment; date: Date }) {
  const { env, ...rest } = request;
  const [accessKeyId, secretAccessKey] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) =>
    settingOf(env, name),
  );
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw unreadable('the environment has no AWS credentials');
  }
  return signedHeaders({
    ...rest,
    method: 'POST',
    service: 'secretsmanager',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': TARGET },
    credentials: { accessKeyId, secretAccessKey, sessionToken: settingOf(env, 'AWS_SESSION_TOKEN') },
  });
}

function fieldsOf(body: Buffer | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body?.toString() ?? '');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Returns the name of AWS's error. Only what can be one is shown, because the answer chose it. */
function errorName(type: unknown, status: number): string {
  const name = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : '';
  return /^[A-Z][A-Za-z0-9]{0,60}$/.test(name) ? name : `HTTP ${status}`;
}
