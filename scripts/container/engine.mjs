import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a machine needs for this check. All of them are packages of Debian, and none needs a daemon. */
export const PROGRAMS = ['buildah', 'podman', 'runc', 'mmdebstrap'];
/** Where a build finds the certificates of this machine's network. */
const CERTIFICATES = '/run/host-ca.crt';
/**
 * A process in a plain container may not raise its limits, and there is no systemd for cgroups and health timers. So limits are stated, runc
 * is used in place of crun, and the network is the machine's.
 */
const PODMAN = ['--runtime', 'runc', '--cgroup-manager', 'cgroupfs'];
const RUN = [
  '--ulimit',
  'nofile=1024:1024',
  '--ulimit',
  'nproc=4096:4096',
  '--no-healthcheck',
  '--network=host',
  '--pull=never',
];
/** What the gateway is run with: the same that Kubernetes calls restricted. */
const RESTRICTED = ['--read-only', '--read-only-tmpfs=false', '--cap-drop=all', '--security-opt', 'no-new-privileges'];

/** Runs a program to its end. @returns {Promise<{ code: number, output: string, stdout: string }>} */
export function run(program, args, { input, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...options,
    });
    let output = '';
    let stdout = '';
    child.stdout.on('data', (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.on('data', (text) => (output += text));
    child.stdin?.end(input);
    child.on('error', (error) => resolve({ code: 127, output: `${program}: ${error.message}`, stdout }));
    child.on('close', (code) => resolve({ code: code ?? 1, output, stdout }));
  });
}

/** Builds images and runs containers in a folder of its own, and touches nothing of this machine's own images. */
export class Engine {
  /** Opens a store. With overlay layers are cheap, so that two targets share what they have in common. */
  static async open() {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-container-'));
    for (const driver of ['overlay', 'vfs']) {
      const engine = new Engine(folder, driver);
      const { code, output } = await engine.buildah('info');
      if (code === 0) return engine;
      if (driver === 'vfs') throw new Error(`buildah has no store that works here:\n${output}`);
    }
  }

  constructor(folder, driver) {
    this.folder = folder;
    this.driver = driver;
    const at = join(folder, driver);
    mkdirSync(at, { recursive: true });
    const lines = [`driver = "${driver}"`, `runroot = "${join(at, 'run')}"`, `graphroot = "${join(at, 'graph')}"`];
    writeFileSync(join(at, 'storage.conf'), `[storage]\n${lines.join('\n')}\n`);
    this.env = { ...process.env, CONTAINERS_STORAGE_CONF: join(at, 'storage.conf') };
    /** Names of containers that have been started. */
    this.started = new Set();
  }

  buildah(...args) {
    return run('buildah', args, { env: this.env });
  }

  podman(...args) {
    return run('podman', [...PODMAN, ...args], { env: this.env });
  }

  /** Builds a target of the Dockerfile in `context`. `secret` is added to the .npmrc, so that a test can look for it. @throws if it fails */
  async build({ args = {}, context, secret, tag, target }) {
    const npmrc = join(this.folder, 'npmrc');
    const { lines, volumes } = await networkSettings();
    writeFileSync(npmrc, [...lines, `; ${secret}`, ''].join('\n'), { mode: 0o600 });
    // On vfs each layer is a whole copy.
    const how = [
      '--isolation',
      'chroot',
      '--pull-never',
      '--format',
      'docker',
      `--layers=${this.driver === 'overlay'}`,
    ];
    const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    const secrets = ['--secret', `id=npmrc,src=${npmrc}`, ...volumes];
    const made = ['--target', target, '--tag', tag, context];
    const { code, output } = await this.buildah('bud', ...how, ...secrets, ...given, ...made);
    if (code !== 0) throw new Error(`the target ${target} does not build:\n${output.slice(-4000)}`);
  }

  /** Starts a container as the gateway is run. */
  async start(image, { args = [], command = [], env = {}, name }) {
    const settings = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    this.started.add(name);
    const { code, output } = await this.podman(
      'run',
      '--detach',
      '--name',
      name,
      ...RUN,
      ...RESTRICTED,
      ...args,
      ...settings,
      image,
      ...command,
    );
    if (code !== 0) throw new Error(`${image} does not start:\n${output}`);
    return new Container(this, name);
  }

  /** Runs a command in a new container to its end. */
  runOnce(image, command, env = {}) {
    const settings = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    return this.podman('run', '--rm', ...RUN, ...RESTRICTED, ...settings, image, ...command);
  }

  /** Removes all containers and images of this check, and its folder. */
  async close() {
    for (const name of this.started) await this.podman('rm', '--force', '--time', '0', name);
    await this.buildah('rm', '--all');
    await this.buildah('rmi', '--all', '--force');
    await run('rm', ['-rf', this.folder]);
  }
}

/** A container that has been started. */
export class Container {
  constructor(engine, name) {
    this.engine = engine;
    this.name = name;
  }

  /** A value of `podman inspect`. */
  async inspect(template) {
    return (await this.engine.podman('inspect', '--format', template, this.name)).stdout.trim();
  }

  exec(...command) {
    return this.engine.podman('exec', this.name, ...command);
  }

  signal(name) {
    return this.engine.podman('kill', '--signal', name, this.name);
  }

  async logs() {
    return (await this.engine.podman('logs', this.name)).output;
  }

  async isRunning() {
    return (await this.inspect('{{.State.Running}}')) === 'true';
  }

  /** Waits for its end. @returns {Promise<number | undefined>} the exit code, `undefined` if it runs for longer */
  async ended(limitMs) {
    const endMs = performance.now() + limitMs;
    while (await this.isRunning()) {
      if (performance.now() >= endMs) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return Number(await this.inspect('{{.State.ExitCode}}'));
  }

  async remove() {
    await this.engine.podman('rm', '--force', '--time', '0', this.name);
    this.engine.started.delete(this.name);
  }
}

/** What npm needs in a build to reach the registry as it does on this machine. */
async function networkSettings() {
  const setting = async (name) => {
    const { stdout } = await run('npm', ['config', 'get', name]);
    const value = stdout.trim();
    return ['', 'null', 'undefined'].includes(value) ? undefined : value;
  };
  const [registry, cafile] = await Promise.all(['registry', 'cafile'].map(setting));
  const authority = cafile ?? process.env['NODE_EXTRA_CA_CERTS'];
  return {
    lines: [`registry=${registry ?? 'https://registry.npmjs.org/'}`, ...(authority ? [`cafile=${CERTIFICATES}`] : [])],
    volumes: authority ? ['--volume', `${authority}:${CERTIFICATES}:ro`] : [],
  };
}
