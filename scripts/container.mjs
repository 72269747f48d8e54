// `npm run check:container`: builds the image of the Dockerfile, runs it as it is run in production, and calls it. It also checks what
// else deploys the gateway: docker-compose.yml, deploy/. It needs buildah, podman, runc and mmdebstrap of Debian and root, no daemon, no
// registry of images and no account; what is missing is skipped, and said. Its last line is `N passed, 0 failed`.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readScriptInput } from './command.mjs';
import { buildAll } from './build.mjs';
import { importBase } from './container/base-image.mjs';
import {
  callProblem,
  exitProblem,
  healthProblem,
  longCallProblem,
  processProblem,
  productionSettings,
  refusalProblem,
  startProduction,
  termProblem,
} from './container/call-checks.mjs';
import { composeGatewayProblem, configProblem, readCompose } from './container/compose-checks.mjs';
import { Engine, PROGRAMS, run } from './container/engine.mjs';
import { ROOT, startModel } from './container/gateway-run.mjs';
import { Image, filesProblem, secretsProblem, sizeOf, startProblem } from './container/image-checks.mjs';
import { kubernetesProblem, systemCallsProblem, systemdProblem } from './container/deploy-checks.mjs';
import { caddyfileProblems, unitProblems } from './deploy-rules/machine.mjs';
import { composeProblems } from './deploy-rules/compose.mjs';
import { dockerfileProblems } from './deploy-rules/dockerfile.mjs';

const PRODUCTION = 'localhost/tandem:check';
const DEV = 'localhost/tandem:dev';
/** Stands in files and settings that must not reach an image. */
const SECRET = 'canary-of-check-container';

await readScriptInput({
  name: 'check:container',
  does: 'Builds the image, runs it read-only and without rights, calls it, stops it under a call, and checks what else deploys the gateway.',
  options: {},
  examples: [''],
  notes: `Needs root and ${PROGRAMS.join(', ')} (Debian's packages of these names). What is missing is skipped.`,
});

let passed = 0;
const failed = [];
const skipped = [];

/** Runs a check, which returns what is wrong, or nothing. */
async function check(title, look) {
  const startMs = performance.now();
  let problem;
  try {
    problem = await look();
  } catch (error) {
    problem = error.message;
  }
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`  ${title}... ${problem === undefined ? `pass (${seconds} s)` : `fail (${seconds} s)\n${problem}`}`);
  if (problem === undefined) passed += 1;
  else failed.push(title);
  return problem === undefined;
}

function skip(title, reason) {
  console.log(`  ${title}... skipped: ${reason}`);
  skipped.push(title);
}

async function checkWith(program, title, look) {
  if (await has(program)) await check(title, look);
  else skip(title, `${program} is not on this machine`);
}

const has = async (program) => (await run('which', [program])).code === 0;
const read = (name) => readFileSync(join(ROOT, name), 'utf8');
const joined = (problems) => (problems.length === 0 ? undefined : problems.join('\n'));

console.log('── files');
await check('Dockerfile keeps to the rules', () => joined(dockerfileProblems(read('Dockerfile'))));
await check('docker-compose.yml keeps to the rules', () => joined(composeProblems(readCompose())));
await check('the unit for systemd keeps to the rules', () =>
  joined(unitProblems(read('deploy/systemd/tandem.service'))),
);
await check('the Caddyfile keeps to the rules', () => joined(caddyfileProblems(read('deploy/systemd/Caddyfile'))));
await checkWith('docker-compose', 'docker-compose takes docker-compose.yml', configProblem);
await checkWith('kubectl', 'the objects for Kubernetes are rendered, and keep to the rules', kubernetesProblem);
await checkWith('systemd-analyze', 'systemd takes the unit, and finds little exposed', systemdProblem);

const missing = [];
for (const program of PROGRAMS) if (!(await has(program))) missing.push(program);
if (process.platform !== 'linux' || process.getuid() !== 0)
  skip('the image', 'only root on Linux can build it without a daemon');
else if (missing.length > 0) skip('the image', `${missing.join(', ')} not on this machine`);
else await checkImage();

for (const name of failed) console.log(`failed: ${name}`);
console.log(`${passed} passed, ${failed.length} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`);
// CI has everything that the checks need.
process.exitCode = failed.length === 0 && (skipped.length === 0 || !process.env.CI) ? 0 : 1;

async function checkImage() {
  await buildAll({ ifNeeded: true });
  const engine = await Engine.open();
  console.log(`── image (buildah and podman, store: ${engine.driver})`);
  try {
    const context = contextWithSecrets(engine.folder);
    const isBuilt =
      (await check('the base is made of Debian and Node 24', async () => void (await importBase(engine)))) &&
      (await check('the target dev builds', () =>
        engine.build({ context, secret: SECRET, tag: DEV, target: 'dev' }),
      )) &&
      (await check('the image builds', () =>
        engine.build({ context, secret: SECRET, tag: PRODUCTION, target: 'final', args: { VERSION: '9.9.9' } }),
      ));
    if (!isBuilt) return;
    await checkContent(await Image.open(engine, PRODUCTION));
    await checkRuns(engine);
  } finally {
    await engine.close();
  }
}

/** A copy of the project with what a developer's folder may have beside it. */
function contextWithSecrets(folder) {
  const context = join(folder, 'context');
  mkdirSync(context);
  const left = new Set(['.git', 'dist', 'node_modules', 'docs', 'test']);
  cpSync(ROOT, context, { recursive: true, filter: (path) => !left.has(path.slice(ROOT.length).split('/')[0]) });
  for (const place of ['.env', '.env.local', 'src/.env', 'recordings/call.tape', 'terraform/terraform.tfvars']) {
    const path = join(context, place);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `TWILIO_AUTH_TOKEN=${SECRET}\n`);
  }
  return context;
}

async function checkContent(image) {
  await check('it starts node as user 1000, with a health check, labels and no entry point', () => startProblem(image));
  await check('it holds the gateway, its packages and licences, and nothing of a developer', () => filesProblem(image));
  await check('neither its files nor its history hold a secret of the build', () => secretsProblem(image, [SECRET]));
  let over;
  await check('it is at most 60 MB larger than its base', async () => {
    const size = await sizeOf(image);
    ({ over } = size);
    return size.problem;
  });
  console.log(`  size: ${image.megabytes.toFixed(1)} MB, ${over?.toFixed(1)} MB over the base`);
}

async function checkRuns(engine) {
  const { startEmbeddedDynamoDb } = await import(join(ROOT, 'dist/src/handover/embedded-dynamodb.js'));
  const store = await startEmbeddedDynamoDb();
  const model = await startModel();
  const parts = { model, storeUrl: store.endpointUrl };
  try {
    await check('without settings it refuses to listen to everybody, in one sentence', () =>
      refusalProblem(engine, PRODUCTION),
    );
    let first;
    const starts = await check('it starts read-only, without capabilities, and answers', async () => {
      first = await startProduction(engine, PRODUCTION, { ...parts, name: 'tandem-first' });
    });
    if (!starts) return;
    await check('process 1 is node, as user 1000 without rights', () => processProblem(first.container));
    await check('the health check sees a gateway, and that there is none', () =>
      healthProblem(engine, PRODUCTION, first.container),
    );
    const started = async (name, env = {}) => startProduction(engine, PRODUCTION, { ...parts, name, env });
    // Calls take the time of what is said in them, so these checks run beside each other.
    await Promise.all([
      check('a call is answered, and handed to an agent with its context', () => callProblem(first)),
      check('SIGTERM under a call: the caller is answered to the end, then the gateway ends', async () =>
        termProblem(await started('tandem-term')),
      ),
      check('a call that outlasts the drain reaches a human', async () =>
        longCallProblem(await started('tandem-drain', { DRAIN_SECONDS: '5' })),
      ),
      check('without a call it stops at once', async () => {
        const { container } = await started('tandem-idle');
        await container.signal('TERM');
        return exitProblem(container);
      }),
      check('the gateway of docker-compose.yml starts with no .env, calls and stops', () =>
        composeGatewayProblem(engine, DEV, store),
      ),
      checkWith('systemd-analyze', "the unit's two gateways run under the system calls it lets through", () =>
        systemCallsProblem(engine, PRODUCTION, productionSettings(parts)),
      ),
    ]);
  } finally {
    await model.stop();
    await store.close();
  }
}
