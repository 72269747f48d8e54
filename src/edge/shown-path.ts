/** Longest path that is logged. */
const MAX_CHARACTERS = 80;

/**
 * Returns a request's path for a log line. Strangers choose paths, so it is cut, has plain characters only, and no number
 * that could be a caller's.
 */
export function shownPath(path: string): string {
  const plain = path
    .slice(0, MAX_CHARACTERS)
    .replace(/[^\w/.~-]/g, '?')
    .replace(/\d{4,}/g, '#');
  return path.length > MAX_CHARACTERS ? `${plain}…` : plain;
}
