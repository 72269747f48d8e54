/** Error codes of Node and undici for a request that failed before its connection was established. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Whether a `fetch` that failed with `error` never had a connection. The request was not sent, so the server cannot have
 * acted on it and repeating it is safe.
 */
export function isConnectFailure(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return NO_CONNECTION.has((cause as { code?: unknown } | undefined)?.code);
}
