import type { IncomingMessage } from 'node:http';

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** One operation of a service, ready to run. */
export interface Operation {
  /** As in a policy, like `lambda:GetPolicy`. */
  name: string;
  run: () => Promise<Reply> | Reply;
}

/** The name of the operation in a request of AWS's JSON protocol, which asks `target`. */
export function jsonOperation(request: IncomingMessage, target: string): string | undefined {
  const asked = request.headers['x-amz-target'];
  if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-amz-json-1.1') return undefined;
  return typeof asked === 'string' && asked.startsWith(`${target}.`) ? asked.slice(target.length + 1) : undefined;
}

export function fieldsOf(body: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
