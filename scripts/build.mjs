// Builds dist/: each TypeScript file as a file of its own, so that workers and assets are found by their path, and the Connect
// Lambda as one file. The pages of the console are bundled, one script a page (build-console.mjs).
//   node scripts/build.mjs              builds the gateway, the simulators, the Lambda and the console's pages
//   node scripts/build.mjs --all        builds the tests, benchmarks, chaos and evals, too
//   node scripts/build.mjs --if-needed  builds only if a source is newer than dist/
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildConsole } from './build-console.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = join(root, 'dist/.stamp.json');

/** Returns the TypeScript sources under `folders`, sorted, as paths relative to the project. */
export function sources(folders) {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
        .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name))),
    )
    .sort();
}

function pageSources() {
  return readdirSync(join(root, 'console'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)));
}

export async function buildAll({ all = false, ifNeeded = false } = {}) {
  const every = sources(['src', 'sim', 'lambda', 'bench', 'chaos', 'console', 'evals', 'test']);
  const isDevOnly = (file) => /^(bench|chaos|console|evals|test)\//.test(file) || file.endsWith('.test.ts');
  const files = all ? every : every.filter((file) => !isDevOnly(file));
  const built = [...files, ...pageSources()];
  const inputs = [...built, 'package.json', 'scripts/build.mjs', 'scripts/build-console.mjs'];
  const state = { all, files: built, newest: Math.max(...inputs.map((file) => statSync(join(root, file)).mtimeMs)) };
  if (ifNeeded && isFresh(state)) return;

  await buildFiles(files);
  await buildConsole(root);
  await build({
    absWorkingDir: root,
    entryPoints: ['lambda/connect/handler.ts'],
    outfile: 'dist/lambda/connect/index.mjs',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);" },
    sourcemap: false,
    logLevel: 'warning',
  });
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(state));
}

/** Builds `files`, paths relative to the project, each as a file of its own. */
export async function buildFiles(files) {
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir: 'dist',
    outbase: '.',
    bundle: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
}

function isFresh(state) {
  let last;
  try {
    last = JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return false;
  }
  return last.newest >= state.newest && state.files.every((file) => last.files.includes(file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildAll({ all: process.argv.includes('--all'), ifNeeded: process.argv.includes('--if-needed') });
}
