// Builds dist/: each TypeScript file as a file of its own, so that workers and assets are found by their path, and the Connect
// Lambda as one file. The pages of the console are bundled, one script a page (build-console.mjs).
//   node scripts/build.mjs              builds the gateway, the simulators, the Lambda and the console's pages
//   node scripts/build.mjs --all        builds the tests, benchmarks, chaos and evals, too
//   node scripts/build.mjs --if-needed  builds only if a source is newer than dist/
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  const missing = missingPackages();
  if (missing.length > 0) throw new NotInstalled(missing);
  const every = sources(['src', 'sim', 'lambda', 'bench', 'chaos', 'console', 'evals', 'test']);
  const isDevOnly = (file) => /^(bench|chaos|console|evals|test)\//.test(file) || file.endsWith('.test.ts');
  const files = all ? every : every.filter((file) => !isDevOnly(file));
  const built = [...files, ...pageSources()];
  const inputs = [...built, 'package.json', 'scripts/build.mjs', 'scripts/build-console.mjs'];
  const state = { all, files: built, newest: Math.max(...inputs.map((file) => statSync(join(root, file)).mtimeMs)) };
  if (ifNeeded && isFresh(state)) return;
  const { build } = await bundler();

  await buildFiles(files);
  // Not at the top, because it loads packages, and the check above says so if they are missing.
  const { buildConsole } = await import('./build-console.mjs');
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
  const { build } = await bundler();
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

/** The packages that nothing works without are not all there. */
class NotInstalled extends Error {
  constructor(missing) {
    super(`The packages of this project are not installed (${missing[0]} is missing). Run "npm ci" first.`);
  }
}

/** Only what builds needs it: a gateway that was built elsewhere starts without it. */
async function bundler() {
  try {
    return await import('esbuild');
  } catch (error) {
    throw error.code === 'ERR_MODULE_NOT_FOUND' ? new NotInstalled(['esbuild']) : error;
  }
}

/** The names of the packages for run time that no node_modules folder on the way up holds. */
function missingPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.keys(dependencies).filter((name) => {
    for (let folder = root; ; folder = dirname(folder)) {
      if (existsSync(join(folder, 'node_modules', name))) return false;
      if (folder === dirname(folder)) return true;
    }
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
  const args = process.argv.slice(2);
  const known = ['--all', '--if-needed'];
  // Loaded only for what is not an ordinary build, because every command builds first.
  if (args.some((arg) => !known.includes(arg))) {
    const { readScriptInput } = await import('./command.mjs');
    await readScriptInput({
      name: 'build',
      does: 'Builds dist/: the gateway and the simulators, each source as a file of its own, and the Connect Lambda as the one file dist/lambda/connect/index.mjs.',
      options: {
        all: { type: 'boolean', about: 'builds the tests, benchmarks, chaos and evaluations, too' },
        'if-needed': { type: 'boolean', about: 'builds only if a source is newer than dist/' },
      },
      examples: ['', '--all'],
    });
  }
  try {
    await buildAll({ all: args.includes('--all'), ifNeeded: args.includes('--if-needed') });
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
