import type { IncomingMessage } from 'node:http';
import type { Refusal } from './answer.js';

/** Maximum size of a body. The largest has a token and a few words. */
const MAX_BODY_BYTES = 4096;

/**
 * Reads the body of a request as a JSON object. Reads no more than a few kilobytes, and the server's own limit bounds the
 * time. No body counts as an empty object.
 */
export async function readJson(
  request: IncomingMessage,
): Promise<{ ok: true; fields: Record<string, unknown> } | { ok: false; refusal: Refusal }> {
  const refused = (status: number, error: string) => ({ ok: false as const, refusal: { status, error } });
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return refused(413, 'The body is too large.');
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    // Without `destroyOnReturn: false` the connection would be lost, and with it the refusal.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      if (sizeBytes > MAX_BODY_BYTES) return refused(413, 'The body is too large.');
      parts.push(part);
    }
  } catch {
    return refused(400, 'The request ended before its body was complete.');
  }
  const value = parsed(Buffer.concat(parts).toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused(400, 'The body is not a JSON object.');
  return { ok: true, fields: value as Record<string, unknown> };
}

function parsed(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
