import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { kubernetesProblems } from '../deploy-rules/kubernetes.mjs';
import { allowedCalls, callSetsIn } from '../deploy-rules/machine.mjs';
import { SimulatedCall, ROOT, freePort, waitForGateway } from './gateway-run.mjs';
import { exitProblem } from './call-checks.mjs';
import { run } from './engine.mjs';

const KUBERNETES = join(ROOT, 'deploy/kubernetes');
const UNIT = join(ROOT, 'deploy/systemd/tandem.service');
/** What `systemd-analyze security` may say at most, in tenths: 0 is nothing exposed, 100 everything. */
const MAX_EXPOSURE = 15;

export const objectsIn = (text) => parseAllDocuments(text).map((document) => document.toJS());

/** The names of the gateway's settings. */
export function settingNames() {
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
  return new Set(Array.from(example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm), ([, name]) => name));
}

/**
 * Renders the example as it is, and with the other ingress, by `kubectl kustomize`, which asks no cluster.
 * @returns {Promise<string | undefined>}
 */
export async function kubernetesProblem() {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-kubernetes-'));
  try {
    cpSync(KUBERNETES, folder, { recursive: true });
    const file = join(folder, 'example/kustomization.yaml');
    const example = readFileSync(file, 'utf8');
    // The balancer's certificate is found by the host, so there is no tls.
    const alb = example
      .replace('ingress-nginx', 'ingress-alb')
      .replace(/ {6}- op: replace\n {8}path: \/spec\/tls.*\n.*\n/, '');
    for (const [name, text] of Object.entries({ 'ingress-nginx': example, 'ingress-alb': alb })) {
      writeFileSync(file, text);
      const { code, output, stdout } = await run('kubectl', ['kustomize', join(folder, 'example')]);
      if (code !== 0) return `${name}: ${output}`;
      const objects = objectsIn(stdout);
      const problems = kubernetesProblems(objects, settingNames());
      const missing = kindsIn(folder).filter((kind) => !objects.some((object) => object.kind === kind));
      if (missing.length > 0) problems.push(`not rendered: ${missing.join(', ')}`);
      if (problems.length > 0) return problems.map((problem) => `${name}: ${problem}`).join('\n');
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The kinds of the objects in a folder of manifests. */
function kindsIn(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const manifests = files.filter((file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'));
  return manifests.flatMap((file) => objectsIn(readFileSync(join(folder, file), 'utf8')).map(({ kind }) => kind));
}

/** What systemd itself says of the unit. @returns {Promise<string | undefined>} */
export async function systemdProblem() {
  const verified = await run('systemd-analyze', ['verify', '--man=no', UNIT]);
  if (verified.code !== 0 || verified.output !== '') return verified.output;
  const exposed = await run('systemd-analyze', [
    'security',
    '--offline=true',
    '--no-pager',
    `--threshold=${MAX_EXPOSURE}`,
    UNIT,
  ]);
  return exposed.code === 0 ? undefined : exposed.output.slice(-400);
}

/**
 * Runs what the unit starts, under the system calls that the unit lets through, and places a call. There is no systemd here, so podman
 * applies them.
 * @returns {Promise<string | undefined>}
 */
export async function systemCallsProblem(engine, image, env) {
  const sets = callSetsIn((await run('systemd-analyze', ['syscall-filter', '--no-pager'])).stdout);
  const names = allowedCalls(readFileSync(UNIT, 'utf8'), sets);
  const profile = join(engine.folder, 'seccomp.json');
  writeFileSync(
    profile,
    JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] }),
  );
  const port = await freePort();
  const container = await engine.start(image, {
    name: 'tandem-systemd',
    args: ['--security-opt', `seccomp=${profile}`],
    env: { ...env, PORT: String(port) },
    command: ['node', '--enable-source-maps', 'dist/src/cluster.js', '2'],
  });
  const url = `http://127.0.0.1:${port}`;
  await waitForGateway(container, url);
  const call = new SimulatedCall(url, ['--say', 'What are your opening hours?'], {
    env: { TWILIO_AUTH_TOKEN: env.TWILIO_AUTH_TOKEN },
  });
  if ((await call.ended) !== 0) return `${call.text}\n${await container.logs()}`;
  await container.signal('TERM');
  return exitProblem(container);
}
