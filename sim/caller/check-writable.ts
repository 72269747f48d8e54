import { open } from 'node:fs/promises';
import { UsageError } from '../../src/process/command-line.js';

/** Checks, before anything else happens, that the file of an option can be written. @throws UsageError */
export async function checkWritable(option: string, path: string): Promise<void> {
  try {
    await (await open(path, 'a')).close();
  } catch (error) {
    throw new UsageError(`--${option} ${path} cannot be written: ${(error as Error).message}`);
  }
}
