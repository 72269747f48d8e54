import { readFileSync } from 'node:fs';
import { SimulatedCall, freePort, statusOf, until, waitForGateway } from './gateway-run.mjs';

// The gateway in its container, called by `npm run call` on this machine: the webhook, its TwiML, the stream, and what SIGTERM does.

/** An answer of the assistant, as `npm run call` tells it. */
const ANSWERED = /is answered after/;
/** With nobody on the line it closes what it has open, and ends. */
const IDLE_STOP_MS = 90_000;
const AUTH_TOKEN = 'not-a-real-auth-token-of-twilio-';

/** Settings of the production image: a hosted model, which is simulated, and signatures checked. */
export function productionSettings({ model, storeUrl }) {
  return {
    ENV_FILE: 'none',
    PUBLIC_HOST: 'voice.example.com',
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    VOICE_PROVIDER: 'openai',
    OPENAI_API_KEY: 'sk-simulated',
    OPENAI_BASE_URL: model.url,
    USE_LOCAL_DYNAMODB: 'true',
    DYNAMODB_ENDPOINT_URL: storeUrl,
  };
}

/** Starts the production image. */
export async function startProduction(engine, image, { env = {}, name, ...parts }) {
  const port = await freePort();
  const settings = { ...productionSettings(parts), PORT: String(port), ...env };
  const container = await engine.start(image, { name, env: settings });
  const url = `http://127.0.0.1:${port}`;
  await waitForGateway(container, url);
  const call = (...args) => new SimulatedCall(url, args, { env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } });
  return { call, container, url };
}

/** @returns {Promise<string | undefined>} what the process in the container may do that it must not */
export async function processProblem(container) {
  const pid = await container.inspect('{{.State.Pid}}');
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const value = (name) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
  const problems = [
    command[0] !== 'node' && `process 1 is ${command.join(' ')}`,
    !value('NSpid').endsWith('\t1') && `it is process ${value('NSpid')}`,
    value('Uid') !== '1000\t1000\t1000\t1000' && `it runs as ${value('Uid')}`,
    ...['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(
      (name) => !/^0+$/.test(value(name)) && `${name} is ${value(name)}`,
    ),
    value('NoNewPrivs') !== '1' && 'it may get new privileges',
  ].filter((problem) => problem !== false);
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** @returns {Promise<string | undefined>} */
export async function healthProblem(engine, image, container) {
  const asked = await container.exec('node', 'bin/health.mjs');
  if (asked.code !== 0) return `the health check fails although the gateway runs:\n${asked.output}`;
  const alone = await engine.runOnce(image, ['node', 'bin/health.mjs']);
  if (alone.code !== 1 || !alone.output.includes('did not answer'))
    return `without a gateway it says ${alone.code}: ${alone.output}`;
  return undefined;
}

/** @returns {Promise<string | undefined>} */
export async function refusalProblem(engine, image) {
  const { code, output } = await engine.runOnce(image, ['node', 'dist/src/main.js'], { ENV_FILE: 'none' });
  return code === 1 && /HOST is a public address/.test(output)
    ? undefined
    : `without settings it ended with ${code}:\n${output}`;
}

/** One call with a question and a transfer to an agent, who sees its context. @returns {Promise<string | undefined>} */
export async function callProblem({ call }) {
  const placed = call('--say', 'What are your opening hours?', '--say', 'I want to speak to a human agent.');
  const code = await placed.ended;
  if (code !== 0) return `npm run call ended with ${code}:\n${placed.text}`;
  for (const pattern of [ANSWERED, /<Connect|<Dial/, /token valid/, /caller and agent are joined/]) {
    if (placed.count(pattern) === 0) return `the call shows no ${pattern}:\n${placed.text}`;
  }
  return undefined;
}

/** SIGTERM during a call: the caller gets the next answer, too, and then the gateway ends. @returns {Promise<string | undefined>} */
export async function termProblem({ call, container, url }) {
  const placed = call('--say', 'What are your opening hours?', '--say', 'Where is my order?');
  await placed.saw(ANSWERED);
  await container.signal('TERM');
  await until('/ready to refuse', async () => (await statusOf(`${url}/ready`)) === 503);
  const code = await placed.ended;
  if (code !== 0 || placed.count(ANSWERED) !== 2) return `the caller was cut off (${code}):\n${placed.text}`;
  return exitProblem(container);
}

/** A call that outlasts the drain: its caller reaches a human, and is not cut off. @returns {Promise<string | undefined>} */
export async function longCallProblem({ call, container }) {
  const placed = call('--say', 'What are your opening hours?', '--stay', '--limit', '300');
  await placed.saw(ANSWERED);
  await container.signal('TERM');
  await placed.saw(/caller and agent are joined/);
  placed.child.kill('SIGINT');
  await placed.ended;
  return exitProblem(container);
}

/** @returns {Promise<string | undefined>} */
export async function exitProblem(container, limitMs = IDLE_STOP_MS) {
  const code = await container.ended(limitMs);
  if (code === undefined) return `it has not ended ${limitMs / 1000} s later:\n${await container.logs()}`;
  return code === 0 ? undefined : `it ended with ${code}:\n${await container.logs()}`;
}
