/**
 * Returns the HTTP status of an answer that named no error, for an error of the AWS SDK. A balancer or a proxy in front of a
 * service answers so, and then the status is all that is known. `undefined` if the service named the error, or if no answer came.
 */
export function untypedStatus(error: unknown): number | undefined {
  const { $fault: fault, $metadata: metadata, name } = (error ?? {}) as SdkError;
  const status = metadata?.httpStatusCode;
  if (typeof status !== 'number' || status < 300) return undefined;
  // The SDK calls an answer without a type `Unknown`. One that it cannot read has no fault, but an error of the parser.
  const isNamed = fault !== undefined && name !== 'Unknown' && name !== 'UnknownError';
  return isNamed ? undefined : status;
}

interface SdkError {
  name?: unknown;
  $fault?: unknown;
  $metadata?: { httpStatusCode?: unknown } | undefined;
}
