import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const SCRUB = fileURLToPath(new URL('scrub.js', import.meta.url));
/** Maximum memory of the process. It holds the tape several times. */
const MAX_HEAP_MB = 1024;
/** Maximum time for one tape. */
const LIMIT_MS = 600_000;

/**
 * Scrubs a tape as `npm run scrub` does, in a process of its own: the calls of this one come first. It has none of the settings
 * of this process.
 */
export function scrubInProcess(input: string, output: string, signal: AbortSignal): Promise<'done' | 'cannot'> {
  return new Promise((resolve) => {
    const { PATH, SystemRoot } = process.env;
    const child = spawn(process.execPath, [`--max-old-space-size=${MAX_HEAP_MB}`, SCRUB, input, output], {
      stdio: 'ignore',
      env: { PATH, SystemRoot },
      signal,
      killSignal: 'SIGKILL',
      timeout: LIMIT_MS,
    });
    child.once('error', () => resolve('cannot'));
    child.once('close', (code) => resolve(code === 0 ? 'done' : 'cannot'));
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    } catch {
      // It has ended already, or the system does not allow it.
    }
  });
}
