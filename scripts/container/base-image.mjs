import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './engine.mjs';

// The base of the Dockerfile, `node:24-bookworm-slim`, made of what it is made of: Debian, and Node 24 as nodejs.org builds it, which npm
// has as a package. So the Dockerfile is built unchanged where no registry of images can be reached.

/** The name under which the Dockerfile asks for it. */
export const BASE = 'docker.io/library/node:24-bookworm-slim';
const NODE = `node-linux-${process.arch}`;
const PACKAGES = 'base-files,bash,coreutils,dash,debianutils,findutils,grep,libc-bin,libstdc++6,sed';
/** Debian's and Node's fixes come in with a new one. */
const MAX_AGE_MS = 14 * 24 * 3_600_000;
const CACHE = join(tmpdir(), `tandem-base-node24-bookworm-${process.arch}.tar`);

/** Imports the base into the store, and makes it if the temporary folder has none. @returns {Promise<{ isNew: boolean }>} */
export async function importBase(engine) {
  const isNew = !existsSync(CACHE) || Date.now() - statSync(CACHE).mtimeMs > MAX_AGE_MS;
  if (isNew) await makeBase();
  const { code, output } = await engine.podman('import', '--quiet', CACHE, BASE);
  if (code !== 0) throw new Error(`the base image cannot be imported:\n${output}`);
  return { isNew };
}

async function makeBase() {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-base-'));
  try {
    const needed = [`${NODE}@24`, 'npm@11'];
    await must('npm', ['install', '--prefix', folder, '--no-progress', '--ignore-scripts', ...needed]);
    const modules = join(folder, 'node_modules');
    const made = join(folder, 'base.tar');
    const hook = (command) => `--extract-hook=${command}`;
    await must('mmdebstrap', [
      // Unpacked, and not set up: nothing of Debian but its programs and libraries is needed.
      '--quiet',
      '--variant=extract',
      `--include=${PACKAGES}`,
      '--format=tar',
      hook('mkdir -p "$1/usr/local/bin" "$1/usr/local/lib/node_modules" "$1/root" "$1/etc"'),
      hook(`cp ${join(modules, NODE, 'bin/node')} "$1/usr/local/bin/node"`),
      hook(`cp -r ${join(modules, 'npm')} "$1/usr/local/lib/node_modules/npm"`),
      hook('chmod 755 "$1/usr/local/bin/node"'),
      hook('ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"'),
      // The users of Node's own image.
      hook('printf "root:x:0:\\nnode:x:1000:\\n" > "$1/etc/group"'),
      hook('printf "root:x:0:0::/root:/bin/sh\\nnode:x:1000:1000::/home/node:/bin/sh\\n" > "$1/etc/passwd"'),
      'bookworm',
      made,
      'http://deb.debian.org/debian',
    ]);
    renameSync(made, CACHE);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function must(program, args) {
  const { code, output } = await run(program, args);
  if (code !== 0) throw new Error(`${program} failed:\n${output.slice(-2000)}`);
}
