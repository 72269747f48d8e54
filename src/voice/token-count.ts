/**
 * Returns a service's token count, 0 for anything that is none. A count only feeds metrics, so an odd one may cost no session and no
 * summary.
 */
export function tokenCount(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
