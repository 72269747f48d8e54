import { open, realpath, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../../src/process/command-line.js';

/** Whether both names lead to the same file. */
export async function isSameFile(input: string, output: string): Promise<boolean> {
  const real = async (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  return (await real(input)) === (await real(output));
}

/** Writes the file whole or not at all, for its owner alone. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  try {
    const file = await open(part, 'w', 0o600);
    await file.writeFile(text);
    await file.close();
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw new UsageError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
}
