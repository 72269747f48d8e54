import { parse } from 'yaml';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, SimulatedCall, freePort, startRedis, statusOf, waitForGateway } from './gateway-run.mjs';
import { exitProblem } from './call-checks.mjs';
import { run } from './engine.mjs';

// docker-compose.yml without Docker: what `docker-compose config` says of it, and its service `gateway` run by podman as the file says.

const FILE = join(ROOT, 'docker-compose.yml');

export const readCompose = () => parse(readFileSync(FILE, 'utf8'), { merge: true });

/** @returns {Promise<string | undefined>} what docker-compose says against the file, with and without its profile */
export async function configProblem() {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-compose-'));
  const empty = join(folder, 'empty.env');
  writeFileSync(empty, '');
  for (const profile of [[], ['--profile', 'observability']]) {
    // Not the settings of this machine, and no .env.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const { code, output } = await run(
      'docker-compose',
      ['--file', FILE, '--env-file', empty, ...profile, 'config', '--quiet'],
      { cwd: '/', env },
    );
    if (code !== 0) return output;
  }
  rmSync(folder, { recursive: true });
  return undefined;
}

/** The environment of a service as docker-compose sets it where neither the shell nor a .env says anything. */
export function environmentOf(service) {
  const given = Object.entries(service.environment).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1')]));
}

/**
 * Runs the service `gateway` with the file's own settings, and places a call with a transfer. Only ports differ, because the network is
 * the machine's: the other services are there under their names, dynalite in the place of DynamoDB Local.
 * @returns {Promise<string | undefined>}
 */
export async function composeGatewayProblem(engine, image, store) {
  const { gateway } = readCompose().services;
  const redis = await startRedis();
  const port = await freePort();
  const env = environmentOf(gateway);
  const storeUrl = new URL(store.endpointUrl);
  const moved = {
    ...env,
    PORT: String(port),
    DYNAMODB_ENDPOINT_URL: env.DYNAMODB_ENDPOINT_URL.replace(':8000', `:${storeUrl.port}`),
    ...(redis === undefined ? { REDIS_URL: '' } : { REDIS_URL: env.REDIS_URL.replace(':6379', `:${redis.port}`) }),
  };
  const hosts = ['dynamodb-local', 'redis'].flatMap((name) => ['--add-host', `${name}:127.0.0.1`]);
  const container = await engine.start(image, { name: 'tandem-compose', args: hosts, env: moved });
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitForGateway(container, url);
    if (redis !== undefined && !/journal_up 1/.test(await (await fetch(`${url}/metrics`)).text()))
      return 'the journal is not written';
    const outside = new SimulatedCall(url, ['--say', 'What are your opening hours?']);
    // Inside, where the names of the other services are known.
    const words = ['--say', 'I want to speak to a human agent.'];
    const inside = await container.exec('npm', 'run', '--silent', 'call', '--', '--gateway', url, ...words);
    if (inside.code !== 0 || !/token valid/.test(inside.output))
      return `npm run call in the container ended with ${inside.code}:\n${inside.output}`;
    if ((await outside.ended) !== 0) return `npm run call beside it failed:\n${outside.text}`;
    if ((await statusOf(`${url}/console`)) !== 200) return 'the console does not answer on this machine';
    await container.signal('TERM');
    return await exitProblem(container);
  } finally {
    await container.remove();
    await redis?.stop();
  }
}
