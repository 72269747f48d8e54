import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

/**
 * Parses the command line of a script as the commands in dist/ do theirs, with `--help`. Ends the process if it is wrong.
 * Nothing in dist/ is read or written, because other processes may use it.
 */
export async function readScriptInput(command, args = process.argv.slice(2)) {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: ['src/process/command-line.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  const module = Buffer.from(outputFiles[0].contents).toString('base64');
  const { UsageError, readInput, usageOf } = await import(`data:text/javascript;base64,${module}`);
  try {
    const input = readInput(command, args);
    if (input !== undefined) return input;
    console.log(usageOf(command));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}
