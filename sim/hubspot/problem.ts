import { randomUUID } from 'node:crypto';

/** An error response, with HubSpot's fields. */
export interface Problem {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
}

export function problem(
  status: number,
  category: string,
  message: string,
  more: Record<string, unknown> = {},
): Problem {
  return { status, body: { status: 'error', message, correlationId: randomUUID(), category, ...more } };
}

export function invalidInput(message: string, code?: string): Problem {
  return problem(400, 'VALIDATION_ERROR', message, code === undefined ? {} : { errors: [{ message, code }] });
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'status' in value && 'body' in value;
}

export type RatePolicy = 'SECONDLY' | 'TEN_SECONDLY_ROLLING' | 'DAILY';

const PERIODS: Readonly<Record<RatePolicy, string>> = {
  SECONDLY: 'secondly',
  TEN_SECONDLY_ROLLING: 'ten_secondly_rolling',
  DAILY: 'daily',
};

export function rateLimited(policyName: RatePolicy, retryAfterSeconds?: number): Problem {
  return {
    status: 429,
    body: {
      status: 'error',
      message: `You have reached your ${PERIODS[policyName]} limit.`,
      errorType: 'RATE_LIMIT',
      correlationId: randomUUID(),
      policyName,
      requestId: randomUUID(),
    },
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }),
  };
}
