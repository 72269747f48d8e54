import type { IncomingMessage } from 'node:http';
import { z } from 'zod';

export interface Refusal {
  status: number;
  /** The name of the exception for the service's header. */
  type: string;
  message: string;
}

export type AgentMetric = 'AGENTS_STAFFED' | 'AGENTS_AVAILABLE' | 'AGENTS_ONLINE';

/** A request for current metrics (Connect: GetCurrentMetricData), limited to the agents of queues. */
const REQUEST = z.strictObject({
  Filters: z.strictObject({
    Queues: z.array(z.string().min(1)).min(1).max(100),
    Channels: z.array(z.enum(['VOICE', 'CHAT', 'TASK', 'EMAIL'])).max(4),
  }),
  Groupings: z.array(z.enum(['QUEUE', 'CHANNEL'])).max(2),
  CurrentMetrics: z
    .array(
      z.strictObject({
        Name: z.enum(['AGENTS_STAFFED', 'AGENTS_AVAILABLE', 'AGENTS_ONLINE']),
        Unit: z.literal('COUNT'),
      }),
    )
    .min(1),
  MaxResults: z.int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
});

/** Checks the path, signature header and body. Returns the requested metrics, or the service's refusal. */
export function checkCurrentMetrics(
  request: IncomingMessage,
  body: string,
  instanceId: string,
): { queues: readonly string[]; metrics: readonly AgentMetric[] } | { refused: Refusal } {
  if (!isSigned(request)) return refused(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, asked] = /^\/metrics\/current\/([^/?]+)$/.exec(request.url ?? '') ?? [];
  if (request.method !== 'POST' || asked === undefined)
    return refused(404, 'UnknownOperationException', 'There is no such operation');
  if (decodeURIComponent(asked) !== instanceId)
    return refused(404, 'ResourceNotFoundException', 'The instance was not found');
  const parsed = REQUEST.safeParse(jsonOf(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused(400, 'InvalidRequestException', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const { CurrentMetrics, Filters } = parsed.data;
  return { queues: Filters.Queues, metrics: CurrentMetrics.map((metric) => metric.Name) };
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[a-z0-9-]+\/connect\/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$/;

/** Whether a request has a signature. Whether it is right is the SDK's concern. */
export function isSigned({ headers: { authorization = '' } }: IncomingMessage): boolean {
  return AUTHORIZATION.test(authorization);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(status: number, type: string, message: string): { refused: Refusal } {
  return { refused: { status, type, message } };
}
