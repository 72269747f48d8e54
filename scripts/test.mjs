// Builds everything and runs the test suite in one process (a process per file costs sixteen times the time).
//   node scripts/test.mjs [part of a file name]…   only the matching files
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { buildAll, sources } from './build.mjs';

const wanted = process.argv.slice(2);
await buildAll({ all: true, ifNeeded: true });
const files = sources(['src', 'sim', 'lambda', 'bench', 'test'])
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(', ')}.`);
  process.exit(1);
}
const entry = new URL(`../dist/all-${process.pid}.test.js`, import.meta.url);
writeFileSync(entry, files.map((file) => `await import('./${file.replace(/\.ts$/, '.js')}');`).join('\n') + '\n');
const env = { ...process.env, NODE_ENV: 'test', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const run = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', entry.pathname], { stdio: 'inherit', env });
run.on('exit', (code, signal) => {
  rmSync(entry, { force: true });
  process.exit(signal ? 1 : (code ?? 1));
});
