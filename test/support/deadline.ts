/** How long a test waits for what must come. On a busy machine everything takes ten times as long; a whole test has five minutes. */
export const PATIENCE_MS = 180_000;

/** For every test that waits: resolves as `wanted` does, or fails after `limitMs` with `what`, so that no test hangs. */
export async function within<T>(wanted: Promise<T>, what: string, limitMs = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Did not happen within ${limitMs} ms: ${what}`)), limitMs);
  });
  try {
    return await Promise.race([wanted, late]);
  } finally {
    clearTimeout(timer);
  }
}
