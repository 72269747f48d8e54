/** Returned by {@link within} for work that is not done. */
export const LATE = Symbol('late');

/**
 * Waits for `work` at the start, at most `limitMs`. Its timer keeps the process alive: a promise that nothing will resolve
 * would otherwise end it with exit code 0 and without a word.
 */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Returns the first line of what was thrown, which may be anything. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : typeof error;
  return text.split('\n', 1)[0]?.slice(0, 300).replace(/\.$/, '') ?? '';
}
