import { type ErrorCode, TandemError } from '../base/errors.js';
import { untypedStatus } from '../base/untyped-answer.js';

const THROTTLES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);

const REJECTIONS: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
  'ValidationException',
]);

export function isThrottle(error: unknown): boolean {
  return THROTTLES.has(nameOf(error)) || untypedStatus(error) === 429;
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** The table as the settings name it. */
export interface TablePlace {
  tableName: string;
  region: string;
  /** `undefined` means DynamoDB in `region`. */
  endpointUrl?: string | undefined;
}

/**
 * Describes a failed DynamoDB operation without the SDK's own message, because that can quote the request and the request
 * holds a conversation.
 */
export function storeError(operation: string, error: unknown, at: TablePlace): TandemError {
  const name = nameOf(error);
  if (name === 'ResourceNotFoundException') {
    return new TandemError(
      'STORE_TABLE_MISSING',
      `DynamoDB ${operation}: the table ${at.tableName} does not exist ${at.endpointUrl === undefined ? `in ${at.region}` : `at ${new URL(at.endpointUrl).host}`}.`,
    );
  }
  const status = untypedStatus(error);
  if (status !== undefined) {
    const what = `DynamoDB ${operation} was answered without a reason (HTTP status ${status}). A proxy may have answered in its place.`;
    return new TandemError(codeOfStatus(status), what);
  }
  if (isThrottle(error)) return new TandemError('STORE_THROTTLED', `DynamoDB ${operation} was throttled.`);
  if ((error as { $fault?: unknown } | null | undefined)?.$fault === 'server')
    return new TandemError('STORE_UNREACHABLE', `DynamoDB ${operation} failed in the service (${shownName(error)}).`);
  if (REJECTIONS.has(name)) return new TandemError('STORE_REJECTED', `DynamoDB ${operation} was refused (${name}).`);
  return new TandemError('STORE_UNREACHABLE', `DynamoDB ${operation} got no answer (${shownName(error)}).`);
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'STORE_THROTTLED';
  return status >= 500 || status < 400 || status === 408 ? 'STORE_UNREACHABLE' : 'STORE_REJECTED';
}

/** Returns the system's code of a failed connection, or the error's name. The answer chose that, so it must look like one. */
export function shownName(error: unknown): string {
  const name = nameOf(error);
  return systemCode(error) ?? (/^[A-Z][A-Za-z0-9_]{0,60}$/.test(name) ? name : 'unknown error');
}

/** Returns what the system calls a failed connection, for example `ECONNREFUSED`. */
function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z_]{3,30}$/.test(code) ? code : undefined;
}
