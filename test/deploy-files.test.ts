import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '../src/config/config.js';

// The files that deploy the gateway keep to rules of our own, and each rule finds its fault. `npm run check:container` runs what they describe.

const load = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(resolve('scripts', file)).href)) as Module;
const { dockerfileProblems } = await load<{ dockerfileProblems: (text: string) => string[] }>(
  'deploy-rules/dockerfile.mjs',
);
const { composeProblems } = await load<{ composeProblems: (file: unknown) => string[] }>('deploy-rules/compose.mjs');
const { kubernetesProblems } = await load<{
  kubernetesProblems: (objects: readonly unknown[], settings: ReadonlySet<string>) => string[];
}>('deploy-rules/kubernetes.mjs');
const { allowedCalls, caddyfileProblems, callSetsIn, unitProblems } = await load<{
  allowedCalls: (unit: string, sets: ReadonlyMap<string, string[]>) => string[];
  caddyfileProblems: (text: string) => string[];
  callSetsIn: (text: string) => Map<string, string[]>;
  unitProblems: (text: string) => string[];
}>('deploy-rules/machine.mjs');
const { withSettings } = await load<{ withSettings: (compose: string, example: string) => string }>(
  'compose-settings.mjs',
);

/** What is read of an object for Kubernetes. */
interface Manifest {
  kind: string;
  spec?: { template: { spec: { containers: { env?: { name: string; value: string }[] }[] } } };
}

/** Changes one place of a text. Fails if the place is not there, because the change would test nothing. */
function changed(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  assert.notEqual(result, text, `${from} is not in the file`);
  return result;
}

/** Asserts that `problems` has one that matches, and says what it has. */
function finds(problems: readonly string[], expected: RegExp): void {
  assert.ok(
    problems.some((problem) => expected.test(problem)),
    `${expected} is not among: ${problems.join('\n')}`,
  );
}

describe('the rules for the Dockerfile', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const final = dockerfile.slice(dockerfile.indexOf('AS final'));

  test('the Dockerfile keeps to every rule', () => {
    assert.deepEqual(dockerfileProblems(dockerfile), []);
  });

  const FAULTS: [fault: string, from: string | RegExp, to: string, expected: RegExp][] = [
    ['a base without a tag', /^ARG BASE=.*$/m, 'ARG BASE=node', /needs a tag/],
    ['a base that is the latest', /^ARG BASE=.*$/m, 'ARG BASE=node:latest', /not latest/],
    ['a base of its own in a stage', 'FROM ${BASE} AS deps', 'FROM node:20-slim AS deps', /neither \$\{BASE\} nor/],
    ['a last stage that is not the image', 'AS final', 'AS other', /last stage must be final/],
    ['a download by ADD', 'COPY . .', 'ADD https://example.com/x .', /ADD unpacks/],
    ['a secret as a build argument', 'ARG SPEECH=none', 'ARG NPM_TOKEN', /NPM_TOKEN would be readable/],
    ['a secret in the environment', 'ENV NODE_ENV=production', 'ENV JOURNAL_KEY=x NODE_ENV=production', /JOURNAL_KEY/],
    ['npm install', 'npm ci --no-progress --omit=dev ;;', 'npm install --omit=dev ;;', /npm ci installs/],
    [
      'npm ci without the secret',
      / *--mount=type=secret,id=npmrc,target=\/root\/\.npmrc/,
      '',
      /needs the secret npmrc/,
    ],
    ['packages of the distribution', 'RUN npm run build', 'RUN apt-get install curl', /the base has all/],
    ['a heredoc', 'RUN npm run build', 'RUN <<EOF', /heredoc/],
    ['a stage for a laptop that is missing', 'AS dev', 'AS laptop', /no stage dev/],
  ];
  for (const [fault, from, to, expected] of FAULTS) {
    test(`a Dockerfile with ${fault} is found`, () => {
      finds(dockerfileProblems(changed(dockerfile, from, to)), expected);
    });
  }

  const FAULTS_OF_FINAL: [fault: string, from: string | RegExp, to: string, expected: RegExp][] = [
    ['a user by name', 'USER 1000', 'USER node', /must be a number/],
    ['the user root', 'USER 1000', 'USER 0', /must be a number, and not 0/],
    ['no user', 'USER 1000', '', /needs one USER/],
    ['a shell before node', /^CMD .*$/m, 'CMD node dist/src/main.js', /must be in exec form/],
    ['npm as process 1', /^CMD .*$/m, 'CMD ["npm", "start"]', /must start node itself/],
    ['an entry point', 'EXPOSE 8000', 'ENTRYPOINT ["sh"]', /ENTRYPOINT is not used/],
    ['a health check by curl', /^HEALTHCHECK .*$/m, 'HEALTHCHECK CMD ["curl", "x"]', /must ask with node/],
    ['no health check', /^HEALTHCHECK .*$/m, '', /needs one HEALTHCHECK/],
    ['everything copied', 'COPY bin ./bin', 'COPY . .', /names what it copies/],
    ['files of the gateway itself', 'COPY bin', 'COPY --chown=1000 bin', /files belong to root/],
    ['a command of the build', 'COPY bin ./bin', 'RUN npm prune', /only copies/],
    ['files copied after USER', 'USER 1000', 'USER 1000\nCOPY bin ./more', /COPY after USER/],
    ['no licence', 'COPY LICENSE NOTICE ./', 'COPY NOTICE ./', /must copy LICENSE/],
    ['no label of the version', 'org.opencontainers.image.version', 'version', /image\.version is missing/],
    ['development settings', 'NODE_ENV=production', 'NODE_ENV=development', /NODE_ENV=production is missing/],
  ];
  for (const [fault, from, to, expected] of FAULTS_OF_FINAL) {
    test(`an image with ${fault} is found`, () => {
      finds(dockerfileProblems(dockerfile.replace(final, () => changed(final, from, to))), expected);
    });
  }
});

test('the dev container has the Debian of the image and the oldest Node that is supported, and opens the port of the gateway', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  const [, oldest] = /^>=(\d+)\./.exec(engines.node) ?? [];
  const [, debian] = /^ARG BASE=node:\d+-(\w+)-slim$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  assert.match(
    readFileSync('.devcontainer/Dockerfile', 'utf8'),
    new RegExp(`^ARG BASE=node:${oldest}-${debian}$`, 'm'),
  );
  const { forwardPorts, postCreateCommand, remoteUser } = JSON.parse(
    readFileSync('.devcontainer/devcontainer.json', 'utf8'),
  ) as Record<string, unknown>;
  assert.deepEqual([forwardPorts, postCreateCommand, remoteUser], [[8000], 'npm ci', 'node']);
});

describe('the rules for docker-compose.yml', () => {
  const compose = readFileSync('docker-compose.yml', 'utf8');
  const read = (text: string): unknown => parse(text, { merge: true });

  test('docker-compose.yml keeps to every rule', () => {
    assert.deepEqual(composeProblems(read(compose)), []);
  });

  test('the gateway takes the settings of docker-compose.yml alone, and is in local mode with a journal', () => {
    const { services } = read(compose) as { services: { gateway: { environment: Record<string, string | null> } } };
    const given = Object.entries(services.gateway.environment).flatMap(([name, value]) =>
      // What docker-compose makes of it where neither the shell nor a .env says anything.
      value === null ? [] : [[name, value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')]],
    );
    const config = readConfig(Object.fromEntries(given) as Record<string, string>);
    assert.equal(config.handover.embedded, true);
    assert.equal(config.handover.endpointUrl, 'http://dynamodb-local:8000');
    assert.deepEqual(config.voiceProviders, ['local']);
    assert.notEqual(config.journal, undefined);
  });

  const FAULTS: [fault: string, from: string | RegExp, to: string, expected: RegExp][] = [
    ['a key that old versions do not know', 'services:', 'name: tandem\nservices:', /^name: older/],
    ['a service of another name', '\n  redis:', '\n  valkey:', /no service redis/],
    ['a port open to the network', "'127.0.0.1:8001:8000'", "'8001:8000'", /8001:8000" is open/],
    ['a port on all addresses', "'127.0.0.1:9090:9090'", "'0.0.0.0:9090:9090'", /is open to the network/],
    ['an image without a tag', 'redis:7.2-alpine', 'redis', /redis: redis needs a tag/],
    ['the latest image', 'redis:7.2-alpine', 'redis:latest', /redis:latest needs a tag/],
    ['a file system that can be written', 'read_only: true', 'read_only: false', /gateway: read_only/],
    ['capabilities', 'cap_drop: [ALL]', 'cap_drop: [NET_RAW]', /gateway: cap_drop/],
    ['new privileges', "'no-new-privileges:true'", '', /no-new-privileges:true is missing/],
    ['a privileged service', 'image: tandem:dev', 'image: tandem:dev\n    privileged: true', /privileged is not used/],
    ['a service as root', "user: '999'", "user: '0'", /redis: runs as root/],
    [
      'files that a service may change',
      './monitoring:/etc/prometheus:ro',
      './monitoring:/etc/prometheus',
      /end in :ro/,
    ],
    ["Docker's socket", './monitoring:/etc/prometheus:ro', '/var/run/docker.sock:/s:ro', /Docker itself/],
    ['a file of settings that must be there', 'environment:', 'env_file: .env\n    environment:', /env_file/],
    ['a service that is not waited for', 'condition: service_healthy', 'condition: service_started', /needs condition/],
    ['a service without a health check', 'test: [CMD, redis-cli, ping]', 'other: 1', /redis: the healthcheck must be/],
    ['a health check by a shell', 'test: [CMD, redis-cli, ping]', 'test: redis-cli ping', /healthcheck must be \[CMD/],
    ['another profile', 'profiles: [observability]', 'profiles: [monitoring]', /only profile is observability/],
    ['a grace shorter than the drain', 'stop_grace_period: 120s', 'stop_grace_period: 1m', /longer than DRAIN_SECONDS/],
    ['no grace', 'stop_grace_period: 120s', 'tty: false', /longer than DRAIN_SECONDS/],
    ['node as process 1', 'init: true', 'init: false', /init: true is missing/],
    ['a gateway that listens inside only', 'HOST: 0.0.0.0', 'HOST: 127.0.0.1', /HOST must be 0\.0\.0\.0/],
    ['an image without a voice', 'target: dev', 'target: final', /embedded voice/],
    ['a secret', 'TWILIO_AUTH_TOKEN:', 'TWILIO_AUTH_TOKEN: abc', /TWILIO_AUTH_TOKEN must come from outside/],
  ];
  for (const [fault, from, to, expected] of FAULTS) {
    test(`a docker-compose.yml with ${fault} is found`, () => {
      finds(composeProblems(read(changed(compose, from, to))), expected);
    });
  }

  test('a setting that docker-compose.yml does not set itself is passed on to the gateway', () => {
    const made = withSettings(
      compose,
      '#HOST=127.0.0.1\nENV_FILE=.env\n# Words.\n#NEW_SETTING=1\nTWILIO_AUTH_TOKEN=\n',
    );
    const { services } = read(made) as { services: { gateway: { environment: Record<string, unknown> } } };
    const { environment } = services.gateway;
    const passedOn = Object.keys(environment).filter((name) => environment[name] === null);
    assert.deepEqual(passedOn.slice(-2), ['NEW_SETTING', 'TWILIO_AUTH_TOKEN']);
    assert.equal(environment['HOST'], '0.0.0.0');
    assert.ok(!('ENV_FILE' in environment) && !('LOG_LEVEL' in environment));
  });

  test('a docker-compose.yml without the list of settings is refused', () => {
    assert.throws(() => withSettings('services: {}', 'NEW_SETTING='), /has no line/);
  });
});

describe('the rules for Kubernetes', () => {
  const FOLDER = 'deploy/kubernetes';
  /** All manifests but the other ingress, as they are in their files. */
  const manifests = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml') && !file.includes('ingress-alb'))
    .toSorted()
    .map((file) => readFileSync(`${FOLDER}/${file}`, 'utf8'))
    .join('\n---\n');
  const settings = new Set([
    'TWILIO_AUTH_TOKEN',
    'OPENAI_API_KEY',
    'HANDOVER_TOKEN_PEPPER',
    'REDIS_URL',
    'JOURNAL_KEY',
  ]);
  const problemsOf = (text: string): string[] =>
    kubernetesProblems(
      parseAllDocuments(text).map((document) => document.toJS() as unknown),
      settings,
    );

  test('the objects for Kubernetes keep to every rule', () => {
    assert.deepEqual(problemsOf(manifests), []);
    const alb = readFileSync(`${FOLDER}/components/ingress-alb/ingress.yaml`, 'utf8');
    const waits = "name: KEEP_ALIVE_SECONDS\n              value: '135'\n            - name: PORT";
    assert.deepEqual(problemsOf(`${changed(manifests, 'name: PORT', waits)}\n---\n${alb}`), []);
  });

  test('a balancer that keeps connections for longer than the gateway is found', () => {
    const alb = readFileSync(`${FOLDER}/components/ingress-alb/ingress.yaml`, 'utf8');
    finds(problemsOf(`${manifests}\n---\n${alb}`), /KEEP_ALIVE_SECONDS 75 must be longer/);
    finds(problemsOf(`${manifests}\n---\n${changed(alb, '=120', '=60')}`), /idle timeout cuts streams/);
  });

  test('the gateway takes the settings of the example, with those of the Deployment and a Secret', () => {
    const objects = parseAllDocuments(manifests).map((document) => document.toJS() as Manifest);
    const { env = [] } = objects.find(({ kind }) => kind === 'Deployment')?.spec?.template.spec.containers[0] ?? {};
    const config = readConfig({
      ...parseEnv(readFileSync(`${FOLDER}/example/settings.env`, 'utf8')),
      ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
      // As in the image.
      HOST: '0.0.0.0',
      TWILIO_AUTH_TOKEN: 'a-token',
      OPENAI_API_KEY: 'sk-1',
      HANDOVER_TOKEN_PEPPER: 'a-long-pepper-of-the-operator-only',
      REDIS_URL: 'rediss://redis.internal:6379',
      JOURNAL_KEY: Buffer.alloc(32, 1).toString('base64'),
    });
    assert.equal(config.drainSeconds, 3540);
    assert.equal(config.handover.embedded, false);
  });

  const FAULTS: [fault: string, from: string | RegExp, to: string, expected: RegExp][] = [
    ['the grace of Kubernetes itself', /^ *terminationGracePeriodSeconds.*\n/m, '', /Seconds 30 cuts calls/],
    ['a drain longer than the grace', "value: '3540'", "value: '3600'", /does not fit into the grace/],
    ['a number of pods besides the autoscaler', 'minReadySeconds', 'replicas: 2\n  minReadySeconds', /set back/],
    ['a rollout that stops pods first', 'maxUnavailable: 0', 'maxUnavailable: 1', /maxUnavailable must be 0/],
    ['a preStop hook', 'startupProbe:', 'lifecycle: { preStop: {} }\n          startupProbe:', /preStop delays/],
    ['the user root', 'runAsUser: 1000', 'runAsUser: 0', /runAsUser/],
    ['a profile that allows every system call', 'type: RuntimeDefault', 'type: Unconfined', /seccompProfile/],
    ['a file system that can be written', 'readOnlyRootFilesystem: true', 'tty: false', /readOnlyRootFilesystem/],
    ['capabilities', 'drop: [ALL]', 'drop: [NET_RAW]', /capabilities/],
    ['a token of Kubernetes', /^ {6}automountServiceAccountToken.*$/m, '', /no token of Kubernetes/],
    ['the latest image', 'image: tandem', 'image: tandem:latest', /needs a tag/],
    ['a limit of CPU', 'memory: 1Gi', "memory: 1Gi\n              cpu: '1'", /limit of CPU/],
    ['a readiness that never refuses', 'path: /ready', 'path: /health', /readinessProbe must ask \/ready/],
    ['node as process 1', 'shareProcessNamespace: true', '', /shareProcessNamespace is missing/],
    ['a long wait for a dead gateway', 'terminationGracePeriodSeconds: 30', '', /the whole grace of the pod/],
    ['a hasty restart', 'failureThreshold: 6', 'failureThreshold: 1', /livenessProbe is too quick/],
    ['a secret in the open', 'name: PORT', 'name: JOURNAL_KEY', /JOURNAL_KEY belongs into a Secret/],
    ['sticky sessions', 'type: ClusterIP', 'sessionAffinity: ClientIP', /sessionAffinity is no use/],
    ['a service without pods', 'targetPort: http', 'targetPort: web', /no port web/],
    ['a single pod', 'minReplicas: 2', 'minReplicas: 1', /only if there is another/],
    ['a hasty scale-in', 'stabilizationWindowSeconds: 600', 'stabilizationWindowSeconds: 0', /scales down while/],
    ['a namespace without limits', 'enforce: restricted', 'enforce: baseline', /does not enforce/],
    ['the console for everybody', 'path: /twilio/', 'path: /', /not for the public/],
    ['a proxy that cuts streams', "proxy-read-timeout: '3600'", "proxy-read-timeout: '60'", /proxy-read-timeout cuts/],
    ['metrics of nothing', 'component: metrics\n  endpoints', 'component: other\n  endpoints', /selects no service/],
    ['another name of the job', 'jobLabel: app', 'jobLabel: none/app', /the job must be tandem/],
    ['a secret of an unknown name', 'secretKey: JOURNAL_KEY', 'secretKey: JOURNAL', /JOURNAL is no setting/],
  ];
  for (const [fault, from, to, expected] of FAULTS) {
    test(`a deployment on Kubernetes with ${fault} is found`, () => {
      finds(problemsOf(changed(manifests, from, to)), expected);
    });
  }
});

describe('the rules for a plain machine', () => {
  const unit = readFileSync('deploy/systemd/tandem.service', 'utf8');
  const caddyfile = readFileSync('deploy/systemd/Caddyfile', 'utf8');

  test('the unit and the Caddyfile keep to every rule', () => {
    assert.deepEqual([...unitProblems(unit), ...caddyfileProblems(caddyfile)], []);
  });

  const FAULTS: [fault: string, from: string | RegExp, to: string, expected: RegExp][] = [
    ['npm in place of node', /^ExecStart=.*$/m, 'ExecStart=/usr/bin/npm start', /ExecStart must be node/],
    ['a stop that cuts calls', 'TimeoutStopSec=120', 'TimeoutStopSec=90', /longer than DRAIN_SECONDS/],
    ['a signal to every process', 'KillMode=mixed', 'KillMode=control-group', /KillMode must be mixed/],
    ['a stop for good', 'Restart=always', 'Restart=no', /Restart must be always/],
    ['a limit of starts', 'StartLimitIntervalSec=0', 'StartLimitIntervalSec=10', /systemd gives up/],
    ['secrets in its environment', 'LoadCredential=', 'EnvironmentFile=/etc/x\nOther=', /EnvironmentFile would show/],
    ['pages that V8 cannot write', '[Install]', 'MemoryDenyWriteExecute=yes\n[Install]', /V8 compiles/],
    ['a named user', 'DynamicUser=yes', 'User=root', /DynamicUser must be yes/],
    ['capabilities', 'CapabilityBoundingSet=', 'CapabilityBoundingSet=CAP_SYS_ADMIN', /must be empty/],
    ['every system call', 'SystemCallFilter=@system-service', '', /must begin with @system-service/],
    ['an end for a refused call', 'SystemCallErrorNumber=EPERM', '', /SystemCallErrorNumber must be EPERM/],
  ];
  for (const [fault, from, to, expected] of FAULTS) {
    test(`a unit with ${fault} is found`, () => {
      finds(unitProblems(changed(unit, from, to)), expected);
    });
  }

  const FAULTS_OF_CADDY: [fault: string, from: string | RegExp, to: string, expected: RegExp][] = [
    ['the console for everybody', 'handle /twilio/* {', 'handle {', /only \/twilio/],
    ['another machine behind it', '127.0.0.1:8000', '10.0.0.1:8000', /on this machine/],
    ['a reload that ends streams', /^.*stream_close_delay.*$/m, '', /a reload ends every stream/],
    ['connections kept for too long', 'keepalive 60s', 'keepalive 2m', /shorter than KEEP_ALIVE_SECONDS/],
  ];
  for (const [fault, from, to, expected] of FAULTS_OF_CADDY) {
    test(`a Caddyfile with ${fault} is found`, () => {
      finds(caddyfileProblems(changed(caddyfile, from, to)), expected);
    });
  }

  test('the system calls of a unit are those of its sets, without those it takes back', () => {
    const sets = callSetsIn(
      '@default\n    # What all need\n    read\n\n@system-service\n    @io\n    chroot\n\n@io\n    write\n',
    );
    const filter = '[Service]\nSystemCallFilter=@system-service\nSystemCallFilter=~chroot\n';
    assert.deepEqual(allowedCalls(filter, sets), ['read', 'write']);
  });
});
